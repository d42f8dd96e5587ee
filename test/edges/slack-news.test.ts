// What Slack hears of an outage beside its card: its picture at the end, the announcement, the cards of runs.
import { beforeEach, describe, expect, test } from 'vitest'
import { allScopes } from '../../sim/slack.ts'
import { noon, run } from '../contracts/store-samples.ts'
import { inTime, outage, over } from './slack-house.ts'
import { roomOfOutage, slackStage } from './slack-stage.ts'

const on = slackStage()

describe('at the end of an outage the room', () => {
  test('shows the phases as a picture, once, with its words', async () => {
    await on.show()
    await on.show(over(outage()))
    await on.show(over(outage()))

    const files = on.house.slack.files()
    expect(files).toHaveLength(1)
    expect(files[0]).toMatchObject({ name: 'inc-12-phases.png', channel: on.room().id })
    expect(files[0]?.alt).toMatch(/^INC-12, lb: lb1 is down. Objective met: down for 5m/)
    expect(files[0]?.content?.subarray(1, 4).toString()).toBe('PNG')
  })

  test('shows it once though the answer was lost', async () => {
    await on.show()
    on.house.slack.fault({ kind: 'lose-answer', methods: ['files.completeUploadExternal'], times: 1 })
    expect(await on.show(over(outage()))).toMatchObject({ again: true })

    expect(await on.show(over(outage()))).toMatchObject({ left: [], again: false })

    expect(on.house.slack.files()).toHaveLength(1)
    expect(on.house.slack.messages(on.room().id).filter(({ files }) => files)).toHaveLength(1)
  })

  test('shows it later where the upload was cut off', async () => {
    await on.show()
    on.house.slack.fault({ kind: 'reset', methods: ['upload'], times: 1 })
    const { left } = await on.show(over(outage()))
    expect(left[0]).toMatch(/^chart: /)

    expect(await on.show(over(outage()))).toMatchObject({ left: [], again: false })

    expect(on.house.slack.files()).toHaveLength(1)
  })

  test('shows another one when the outage came back and ended again', async () => {
    await on.show()
    await on.show(over(outage()))
    await on.show(outage({ relapses: 1 }))
    await on.show(over(outage({ relapses: 1 })))

    expect(on.house.slack.files().map((file) => file.name)).toEqual([
      'inc-12-phases.png',
      'inc-12-phases-2.png',
    ])
  })

  test('direct messages are brought up to date; one that is lost is not taken for a lost room', async () => {
    await on.show(over(outage()))

    expect(on.house.refreshed).toContain('INC-12')

    on.house.refuse('channel_not_found')
    const shown = await on.show(over(outage()))
    expect(shown.left).toEqual([expect.stringMatching(/^direct messages: /)])
    expect(on.room().archived).toBe(false)
    expect(on.rooms()).toHaveLength(1)
  })
})

describe('an outage is announced', () => {
  beforeEach(() => on.announcing())

  test('again when it is back, in a message of its own, with what is broken then', async () => {
    const back = outage({ relapses: 1, title: 'api1 HTTP is CRITICAL' })
    await on.show()
    await on.show(over(outage()))
    await on.show(back)
    await on.show(back)
    await on.show(over(back))

    const texts = on.house.slack.messages('C0OUTAGES').map(({ text }) => text)
    expect(texts).toHaveLength(2)
    expect(texts[0]).toContain('INC-12 lb resolved: ')
    expect(texts[1]).toMatch(/INC-12 lb is broken again: api1 HTTP is CRITICAL\. It is worked on in /)
  })

  test('once, with the way to it, and at the end with the result in its place', async () => {
    await on.show()
    await on.show(outage({ engineer: 'ann' }))
    expect(on.texts('C0OUTAGES')).toEqual([`🔴 INC-12 lb: lb1 is down. It is worked on in #${roomOfOutage}`])
    expect(JSON.stringify(on.house.slack.messages('C0OUTAGES')[0]?.blocks)).toContain(on.room().id)

    await on.show(over(outage()))

    expect(on.texts('C0OUTAGES')).toEqual([
      `🟢 INC-12 lb resolved: down for 5m, objective of 10m met. Nagios still reports 1 problem of lb. What broke: lb1 is down. It was worked on in #${roomOfOutage}`,
    ])
  })

  test('with what was missed', async () => {
    const late = over(outage(), { marks: { outage: noon, detected: noon, verified: noon + 1_500_000 } })

    await on.show(late)

    expect(on.texts('C0OUTAGES')[0]).toContain('down for 25m, objective of 10m missed')
  })

  test('after joining where Slack wants that', async () => {
    on.house.slack.setScopes(allScopes.filter((scope) => scope !== 'chat:write.public'))

    expect((await on.show()).left).toEqual([])

    expect(on.texts('C0OUTAGES')).toHaveLength(1)
  })

  test('not where the channel is lost: that is said, and the room stays', async () => {
    on.house.slack.archive('U0ANN', 'C0OUTAGES')

    const { left, again } = await on.show()

    expect(again).toBe(false)
    expect(left).toEqual([
      expect.stringMatching(/^announcement: .*C0OUTAGES \(slack.announce in the DR plan\)/),
    ])
    expect(on.rooms()).toHaveLength(1)
  })
})

describe('the place where a run is shown', () => {
  const inside = { ...run('R-7'), incident: 'INC-12' } as const

  test('has one card of it, brought up to date', async () => {
    await on.show()
    await on.showRun(inside)
    await on.showRun({ ...inside, state: 'expired', endedAt: noon })

    expect(on.texts(roomOfOutage)).toHaveLength(2)
    expect(on.texts(roomOfOutage)[1]).toContain('R-7')
    expect(on.house.slack.messages(roomOfOutage)[1]?.edited).toBeDefined()
  })

  test('has it in the room that replaced the lost one', async () => {
    await on.show()
    await on.showRun(inside)
    on.house.slack.archive('U0BOB', on.room().id)

    await on.showRun({ ...inside, state: 'expired', endedAt: noon })

    expect(on.texts(`${roomOfOutage}-2`).join()).toContain('R-7')
  })

  test('is the common channel for a run without an incident; its end is heard', async () => {
    on.announcing()
    await on.showRun(run('R-8'))
    await on.showRun({ ...run('R-8'), state: 'done', startedAt: noon, endedAt: noon + 5_000 })
    await on.showRun({ ...run('R-8'), state: 'done', startedAt: noon, endedAt: noon + 5_000 })

    expect(on.texts('C0OUTAGES')).toHaveLength(2)
    expect(on.texts('C0OUTAGES')[1]).toContain('R-8 (failover lb to backup) is carried out in 5s.')
  })

  test('is the common channel for a run whose incident has no room any more', async () => {
    on.announcing()
    await on.show()
    await on.chat.closeRoom(on.know(over(outage())), inTime())

    await on.showRun(inside)

    expect(on.texts('C0OUTAGES').join()).toContain('R-7')
  })

  test('is nowhere when there is no common channel', async () => {
    await on.showRun(run('R-8'))

    expect(on.house.calls()).toEqual([])
  })
})
