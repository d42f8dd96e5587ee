// Who is on call, asked and changed by command: overrides are kept, warned of, and taken back.
import { beforeEach, describe, expect, test } from 'vitest'
import { oneRedis } from '../servers/one-redis.ts'
import { said, startDesk } from './command-desk.ts'
import type { TestDesk } from './command-desk.ts'

const redis = oneRedis()
let desk: TestDesk

beforeEach(async () => {
  desk = await startDesk(redis())
})

describe('on call', () => {
  test('says who is now, who is next, and why, for each rotation', async () => {
    const text = said(await desk.say('vic', 'oncall'))

    expect(text).toMatch(/primary\nNow: .*, on call \(primary, weekly\) until/)
    expect(text).toMatch(/Next: .* from <date-time>/)
    expect(said(await desk.say('vic', 'oncall PRIMARY'))).not.toContain('managers')
    expect(said(await desk.say('vic', 'oncall nights'))).toContain('The rotations are: primary')
  })

  test('an override puts somebody in place, and is listed with who arranged it', async () => {
    const answer = await desk.say('mia', 'oncall override CEM 2026-11-23T00:00 2026-11-24T09:00')

    expect(said(answer)).toContain('Cem Celik takes the rotation primary.')
    const text = said(await desk.say('vic', 'oncall'))
    expect(text).toContain('Now: Cem Celik')
    expect(text).toContain('arranged by Mia Manger')
  })

  test('an override of somebody who may order no recovery is kept with a warning, in the list of overrides too', async () => {
    const kept = await desk.say('bob', 'oncall override mia 2026-11-23T00:00 2026-11-24T09:00 primary')
    const other = await desk.say('bob', 'oncall override mia 2026-11-23T00:00 2026-11-24T09:00 managers')

    expect(kept).toMatchObject({ status: 'done', card: { tone: 'warn' } })
    expect(said(kept)).toContain('Mia Manger with manager, approver only may order no recovery')
    expect(other).toMatchObject({ status: 'done', card: { tone: 'quiet' } })
    expect(said(await desk.say('vic', 'oncall'))).toMatch(/Mia Manger \(primary\) .*may order no recovery/)
  })

  test('an override is taken back by the command that its answer names', async () => {
    const before = said(await desk.say('vic', 'oncall'))
    const kept = await desk.say('mia', 'oncall override cem 2026-11-23T00:00 2026-11-24T09:00')
    const command = /To take it back: (.+)/.exec(said(kept))?.[1] ?? ''

    const back = await desk.say('bob', command)

    expect(command).toBe('oncall cancel cem 2026-11-23T00:00')
    expect(back.status).toBe('done')
    expect(said(back)).toContain('Taken back: Cem Celik takes the rotation primary from 2026-11-23 00:00')
    expect(said(await desk.say('vic', 'oncall'))).toBe(before)
  })

  test('taking back without saying which of several names each of them', async () => {
    await desk.say('mia', 'oncall override ann 2026-11-23T00:00 2026-11-24T09:00')
    await desk.say('mia', 'oncall override ann 2026-11-26T00:00 2026-11-27T09:00')

    const several = await desk.say('bob', 'oncall cancel ann')
    const none = await desk.say('bob', 'oncall cancel bob')
    const one = await desk.say('bob', 'oncall cancel ANN 2026-11-26T00:00')

    expect(several.status).toBe('refused')
    expect(said(several)).toContain(
      'oncall cancel ann 2026-11-23T00:00, or oncall cancel ann 2026-11-26T00:00',
    )
    expect(none.status).toBe('refused')
    expect(said(none)).toContain('Bob Brandt has no such override.')
    expect(one.status).toBe('done')
    expect(said(await desk.say('vic', 'oncall'))).not.toContain('2026-11-26')
  })

  test('an override of the plan is taken out of the plan', async () => {
    const answer = await desk.say('bob', 'oncall cancel cem 2026-12-24T09:00')

    expect(answer.status).toBe('refused')
    expect(said(answer)).toContain('stands in the DR plan')
  })

  test.each([
    ['oncall override anm 2026-12-24T09:00 2026-12-26T09:00', 'ann'],
    ['oncall override ann 2026-12-24T25:00 2026-12-26T09:00', 'local'],
    ['oncall override ann 2026-12-26T09:00 2026-12-24T09:00', '2026'],
    ['oncall override ann 2020-12-24T09:00 2020-12-26T09:00', 'over already'],
    ['oncall override ann 2026-12-24T09:00 2026-12-26T09:00 nights', 'The rotations are'],
  ])('%s is refused with what to write', async (text, hint) => {
    const before = desk.plan().oncall.overrides

    const answer = await desk.say('mia', text)

    expect(answer.status).toBe('refused')
    expect(said(answer)).toContain(hint)
    expect(desk.plan().oncall.overrides).toEqual(before)
  })
})
