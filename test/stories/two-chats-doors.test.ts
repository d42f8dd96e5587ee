// A chat that shows what the bot says while nothing that is pressed or typed there arrives: people are told once, and once when it is over.
import { beforeEach, expect, test } from 'vitest'
import { doorLines } from '../../src/command/doors.ts'
import { plain } from '../../src/message.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { startHouse } from './two-chats-house.ts'
import type { House } from './two-chats-house.ts'

const why = 'Socket Mode is off: switch it on'
const shutWords = `⚠️ Buttons and commands in Slack do not arrive since 03:00 Europe/Berlin: nothing that is pressed or typed there is done. Use Teams, the console (https://dr.example.com) or a terminal. Why: ${why}`
const openWords =
  '✅ Buttons and commands in Slack arrive again. What was pressed or typed there meanwhile was not done: look at what is shown now, then do it again.'

const redis = oneRedis()
let house: House

beforeEach(async () => {
  await redis().flush()
  house = await startHouse(redis())
})

function doors(reason: string | undefined): void {
  for (const process of [house.one, house.two]) process.shut(reason)
}

/** Everything that people were told of doors, in whichever chat, in rooms and in the common places. */
function told(): readonly string[] {
  const { slack, teams } = house
  const all = [slack, teams].flatMap(({ said, announced }) => [...said, ...announced])
  return all.filter((text) => text.includes('Buttons and commands'))
}

async function status(): Promise<readonly string[]> {
  return (await doorLines(house.one.store)).map(plain)
}

test('is told of in both chats and in the rooms of the outage, and taken back when something arrives again', async () => {
  await house.broken()
  const { slack, teams } = house
  doors(why)

  await house.pass(120)
  const during = await status()
  const before = told()
  doors(undefined)
  await house.pass(120)

  expect(before).toEqual([shutWords, shutWords, shutWords, shutWords])
  for (const chat of [slack, teams]) {
    expect(chat.announced).toEqual([shutWords, openWords])
    expect(chat.said.filter((text) => text.includes('Buttons and commands'))).toEqual([shutWords, openWords])
  }
  expect((await house.texts()).filter((text) => text.includes('Buttons'))).toEqual([shutWords, openWords])
  expect(during).toEqual([`Buttons and commands in Slack do not arrive, since 2026-11-23 02:00 UTC: ${why}`])
  expect(await status()).toEqual([])
})

test('is no news while another process of the bot hears the chat, nor when it is over within seconds', async () => {
  await house.broken()
  house.one.shut(why)
  await house.pass(120)
  expect(told()).toEqual([])

  doors(why)
  await house.pass(30)
  doors(undefined)
  await house.pass(60)

  expect(told()).toEqual([])
  expect(await status()).toEqual([])
})

test('is told in the room of an incident that opens meanwhile', async () => {
  doors(why)
  await house.pass(60)
  expect(told()).toEqual([shutWords, shutWords])

  await house.broken()
  await house.pass(20)

  expect(house.teams.said).toContain(shutWords)
  expect(house.teams.announced).toEqual([shutWords])
})

test('is not told beside the news that the chat is away altogether', async () => {
  await house.broken()
  house.slack.mood('silent')
  await house.one.input({ kind: 'ack', by: { person: 'cem', door: 'teams' } })
  await house.pass(30)
  doors(why)

  await house.pass(120)

  expect(house.teams.said.filter((text) => text.includes('Slack has not answered'))).toHaveLength(1)
  expect(told()).toEqual([])
})
