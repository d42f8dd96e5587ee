// A lost phone or laptop: what was issued to its owner is taken back, at once.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSigner } from '../../src/web/session.ts'
import { startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'

let bot: Bot

beforeAll(async () => {
  bot = await startBot()
})
afterAll(async () => {
  await bot.stop()
})

async function statusWith(token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` }
  const response = await fetch(`${bot.app().url}/api/incidents`, { headers })
  await response.text()
  return response.status
}

describe('logout', () => {
  it('takes back every token of the person who says it, and new ones work', async () => {
    const signer = createSigner(bot.config.CONSOLE_SECRET)
    const [old, other] = [signer.token('ann', bot.clock.now()), signer.token('bob', bot.clock.now())]
    const before = await statusWith(old)

    const answer = await bot.say('ann', 'logout')
    bot.clock.skip(10)

    expect(before).toBe(200)
    expect(answer.status).toBe('done')
    expect(await statusWith(old)).toBe(401)
    expect(await statusWith(other)).toBe(200)
    expect(await statusWith(signer.token('ann', bot.clock.now()))).toBe(200)
  })

  it('of somebody else is for administrators', async () => {
    const signer = createSigner(bot.config.CONSOLE_SECRET)
    const token = signer.token('mia', bot.clock.now())

    const refused = await bot.say('bob', 'logout mia')
    const stillGood = await statusWith(token)
    const done = await bot.say('cem', 'logout Mia')

    expect(refused.status).toBe('refused')
    expect(stillGood).toBe(200)
    expect(done.status).toBe('done')
    expect(await statusWith(token)).toBe(401)
  })

  it('at the console is not for pages of other sites, from which the browser sends no cookie', async () => {
    const logout = (headers: Record<string, string>) =>
      fetch(`${bot.app().url}/logout`, { method: 'POST', body: new URLSearchParams(), headers })
    const origin = 'https://evil.example.com'

    for (const headers of [{ 'sec-fetch-site': 'cross-site', origin }, { origin }, {}]) {
      const answer = await logout(headers)
      expect(answer.status).toBe(403)
      expect(answer.headers.get('set-cookie')).toBeNull()
    }
    expect((await logout({ 'sec-fetch-site': 'same-origin' })).status).toBe(200)
  })
})
