// What is said when a bot starts with Teams: what is better known before the first outage.
import { afterEach, expect, test } from 'vitest'
import { startTeamsBot } from '../servers/teams-bot.ts'
import type { TeamsBot } from '../servers/teams-bot.ts'
import { readyOf } from './chat-witness.ts'

let house: TeamsBot

afterEach(() => house.stop())

function warned(): readonly string[] {
  return house.bot.log.lines.filter(({ message }) => /Teams/.test(message)).map(({ message }) => message)
}

test('with Teams as the only way to page, and an address that nobody reaches, a start says both', async () => {
  house = await startTeamsBot(undefined, { env: { SMTP_URL: undefined } })

  expect(warned()).toEqual([
    'Teams is the only way to page people: while it is away nobody is reached; set SMTP_URL, too',
    'the links in Teams lead to this machine, and from a phone nowhere; set PUBLIC_URL',
    'Teams calls the bot at PUBLIC_URL: on this machine no command and no button comes in; set PUBLIC_URL',
  ])
})

test('with e-mail beside it, and an address that Teams reaches, a start has nothing to say of Teams, and readiness shows it', async () => {
  house = await startTeamsBot(undefined, { env: { PUBLIC_URL: 'https://dr.example.com' } })

  expect(warned()).toEqual([])
  expect(await readyOf(house.bot)).toMatchObject({
    status: 200,
    checks: { teams: { ok: true }, 'teams-door': { ok: true } },
  })
})
