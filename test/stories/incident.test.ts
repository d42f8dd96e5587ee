// An outage as people live it: who is paged when, what stops the pages, what escalates, what is one outage and what is two.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Incident } from '../../src/incident/incident.ts'
import { onCall } from '../../src/oncall/shift.ts'
import { service, startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'

const minute = 60_000
let bot: Bot

beforeEach(async () => {
  bot = await startBot()
})
afterEach(async () => {
  await bot.stop()
})

/** The engineer on call now, and the two after. */
function engineer(): string {
  return onCall(bot.app().plan.plan(), 'primary', bot.clock.now())?.person ?? ''
}

function paged(incident: Incident): readonly string[] {
  return incident.pages.filter((page) => !page.stopped).map((page) => page.person)
}

async function down(): Promise<Incident> {
  expect(await bot.notify(service('PROBLEM', 'CRITICAL'))).toBe(202)
  await bot.settle()
  return bot.incident()
}

describe('a HARD problem', () => {
  it('opens one incident and pages the engineer on call by chat and e-mail, with the reason why', async () => {
    const incident = await down()

    expect(incident).toMatchObject({ id: 'INC-1', system: 'lb', state: 'paging' })
    expect(incident.pages).toHaveLength(1)
    expect(incident.pages[0]).toMatchObject({ person: engineer(), target: 'rotation:primary' })
    expect(incident.pages[0]?.why).toContain('primary')
    expect(bot.mailbox.received.map((mail) => mail.to)).toEqual([[`${engineer()}@example.com`]])
    expect(incident.marks.paged).toBeDefined()
  })

  it('takes what forty people note in the same moment, all of it', async () => {
    await down()
    const texts = Array.from({ length: 40 }, (_, n) => `line ${n}`)

    const answers = await Promise.all(texts.map((text) => bot.say('ann', `note INC-1 ${text}`)))

    expect(answers.filter(({ status }) => status !== 'done')).toEqual([])
    const record = await bot.app().store.timeline('INC-1')
    const notes = record.filter(({ type }) => type === 'note').map(({ text }) => text)
    expect(notes.toSorted()).toEqual(texts.toSorted())
  })

  it('that is sent again, or once more, is the same incident and no further page', async () => {
    const first = { ...service('PROBLEM', 'CRITICAL'), TIMET: Math.floor(bot.clock.now() / 1_000) }
    await bot.notify(first)
    await bot.settle()
    await bot.notify(first)
    await bot.pass(minute / 2)
    await bot.notify(service('PROBLEM', 'CRITICAL', { SERVICENOTIFICATIONNUMBER: 2 }))
    await bot.settle()

    const incidents = await bot.app().store.incidents({ open: false, limit: 10 })
    expect(incidents).toHaveLength(1)
    // The second delivery of the first counts for nothing; Nagios' reminder is an alert, but no further problem.
    expect(incidents[0]?.problems).toMatchObject({ open: 1, alerts: 2 })
    expect(bot.mailbox.received).toHaveLength(1)
  })

  it('of a system whose cause is down already is explained by it', async () => {
    await down()
    for (let number = 1; number <= 38; number += 1) {
      await bot.notify({
        NOTIFICATIONTYPE: 'PROBLEM',
        HOSTNAME: `api${number}`,
        HOSTSTATE: 'DOWN',
        HOSTSTATETYPE: 'HARD',
        HOSTPROBLEMID: 100 + number,
        HOSTOUTPUT: 'timeout',
      })
    }
    await bot.settle()

    const incidents = await bot.app().store.incidents({ open: true, limit: 10 })
    expect(incidents.map((each) => each.id)).toEqual(['INC-1'])
    expect(incidents[0]?.problems).toMatchObject({ open: 1, explains: { api: 38 } })
  })

  it('that was explained and is still there when the cause is over gets an incident of its own', async () => {
    await down()
    await bot.notify({
      NOTIFICATIONTYPE: 'PROBLEM',
      HOSTNAME: 'api1',
      HOSTSTATE: 'DOWN',
      HOSTSTATETYPE: 'HARD',
      HOSTPROBLEMID: 9,
      HOSTOUTPUT: 'timeout',
    })
    await bot.settle()
    await bot.pass(minute)
    await bot.notify(service('RECOVERY', 'OK'))
    await bot.settle()
    await bot.pass(2 * minute + 1_000)
    await bot.settle()

    expect(await bot.incident('INC-1')).toMatchObject({ state: 'resolved' })
    expect(await bot.incident('INC-2')).toMatchObject({
      system: 'api',
      state: 'paging',
      problems: { open: 1 },
    })
  })

  it('that no system of the plan knows opens nothing', async () => {
    expect(
      await bot.notify(
        service('PROBLEM', 'CRITICAL', {
          HOSTNAME: 'printer',
          SERVICEDESC: 'Paper',
          HOSTGROUPNAMES: 'office',
        }),
      ),
    ).toBe(202)
    await bot.settle()

    expect(await bot.app().store.incidents({ open: false, limit: 10 })).toEqual([])
    expect(await bot.app().store.untriaged(10)).toEqual([])
  })
})

describe('an acknowledgement', () => {
  it('from the terminal stops every page and starts nobody else', async () => {
    await down()
    const answer = await bot.say(engineer(), 'ack')
    await bot.pass(4 * minute)

    expect(answer.status).toBe('done')
    const incident = await bot.incident()
    expect(incident).toMatchObject({ state: 'diagnosing', engineer: engineer() })
    expect(paged(incident)).toEqual([])
    expect(bot.mailbox.received).toHaveLength(1)
  })

  it('from two doors at once has one winner and changes nothing twice', async () => {
    await down()
    const answers = await Promise.all([
      bot.say('ann', 'ack'),
      bot.say('bob', 'ack INC-1'),
      bot.say('cem', 'ack'),
    ])
    await bot.settle()

    expect(answers.map((answer) => answer.status)).toEqual(['done', 'done', 'done'])
    expect(paged(await bot.incident())).toEqual([])
  })

  it('at Nagios counts as one here, by the person whose contact it is', async () => {
    await down()
    await bot.pass(5_000)
    await bot.notify(
      service('ACKNOWLEDGEMENT', 'CRITICAL', { NOTIFICATIONAUTHOR: 'bob', NOTIFICATIONCOMMENT: 'on it' }),
    )
    await bot.settle()

    expect(await bot.incident()).toMatchObject({ state: 'diagnosing', engineer: 'bob' })
  })
})

describe('silence', () => {
  it('pages the next engineer after three minutes, and managers and developers when nobody is left', async () => {
    const first = await down()
    await bot.pass(3 * minute + 1_000)
    const second = await bot.incident()
    await bot.pass(3 * minute + 1_000)
    await bot.pass(3 * minute + 1_000)
    const last = await bot.incident()

    expect(new Set(paged(second)).size).toBe(2)
    expect(paged(second)).toContain(paged(first)[0])
    expect(last.level).toBe(1)
    expect(paged(last)).toEqual(expect.arrayContaining(['dan', 'eve']))
    expect(paged(last).some((person) => person === 'mia' || person === 'max')).toBe(true)
  })

  it('after the acknowledgement ends with the diagnosis clock: a manager and the dev team are paged', async () => {
    await down()
    await bot.say(engineer(), 'ack')
    await bot.pass(29 * minute)
    const before = await bot.incident()
    await bot.pass(minute + 1_000)
    const after = await bot.incident()

    expect(before.level).toBe(0)
    expect(after).toMatchObject({ level: 1, state: 'diagnosing' })
    expect(paged(after)).toEqual(expect.arrayContaining(['dan', 'eve']))
  })

  it('of one manager goes on to the next, while the developer who answered is left in peace', async () => {
    await down()
    await bot.say(engineer(), 'ack')
    await bot.say(engineer(), 'escalate "cannot fix it"')
    await bot.settle()
    await bot.say('dan', 'ack')
    const joined = paged(await bot.incident())
    await bot.pass(3 * minute + 1_000)
    const later = paged(await bot.incident())

    expect(joined).toHaveLength(1)
    expect([...later].toSorted()).toEqual(['max', 'mia'])
  })
})

describe('nobody of the rotation at work', () => {
  it('calls managers and developers at once, and says that it does', async () => {
    await bot.stop()
    const off = ['ann', 'bob', 'cem'].map(
      (person) => `    - { person: ${person}, from: 2026-11-20, to: 2026-12-01 }`,
    )
    bot = await startBot((plan) => plan.replace('  time_off:\n', `  time_off:\n${off.join('\n')}\n`))

    const incident = await down()

    const timeline = await bot.app().store.timeline('INC-1')
    expect(incident.level).toBe(1)
    expect(paged(incident)).toEqual(expect.arrayContaining(['dan', 'eve']))
    expect(timeline.map((event) => event.type)).toContain('call.nobody')
  })
})

describe('a channel that is not set up', () => {
  it('is left out of the ladder, and said so when the bot starts', async () => {
    await down()
    await bot.pass(2 * minute + 1_000)

    const incident = await bot.incident()
    expect(incident.pages[0]?.steps.map((step) => step.channel)).toEqual(['chat', 'email'])
    expect(bot.log.lines.filter((line) => line.message.includes('not set up'))).toHaveLength(1)
  })
})

describe('more time', () => {
  it('is given with a reason, and never beyond thirty minutes in all', async () => {
    await bot.stop()
    bot = await startBot((plan) =>
      plan.replace('diagnosis: { remind: 5m, deadline: 30m }', 'diagnosis: { remind: 5m, deadline: 10m }'),
    )
    await down()
    await bot.say(engineer(), 'ack')

    const given = await bot.say(engineer(), 'extend 15m comparing configurations')
    const refused = await bot.say(engineer(), 'extend 10m still comparing')
    const without = await bot.say(engineer(), 'extend 5m')
    const late = await bot.incident()

    expect(given.status).toBe('done')
    expect(refused.status).toBe('refused')
    expect(refused.text).toContain('extend INC-1 5m')
    expect(without.status).toBe('usage')
    expect('clock' in late && late.clock.endsAt - late.clock.startedAt).toBe(25 * minute)
  })
})

describe('a recovery', () => {
  it('is watched for two minutes before the incident is resolved', async () => {
    await down()
    await bot.pass(minute)
    await bot.notify(service('RECOVERY', 'OK'))
    await bot.settle()
    const watched = await bot.incident()
    await bot.pass(2 * minute + 1_000)

    expect(watched).toMatchObject({ state: 'watching' })
    expect(paged(watched)).toEqual([])
    expect(await bot.incident()).toMatchObject({ state: 'resolved', by: 'nagios' })
  })

  it('that does not last re-opens the same incident and pages who had it', async () => {
    await down()
    await bot.say('bob', 'ack')
    await bot.pass(minute)
    await bot.notify(service('RECOVERY', 'OK'))
    await bot.settle()
    await bot.pass(2 * minute + 1_000)
    await bot.pass(10 * minute)
    await bot.notify(service('PROBLEM', 'CRITICAL', { SERVICEPROBLEMID: 2, LASTSERVICEPROBLEMID: 1 }))
    await bot.settle()

    const again = await bot.incident()
    expect(again).toMatchObject({ state: 'paging', relapses: 1 })
    expect(paged(again)).toContain('bob')
  })

  it('that does not last after an escalation escalates again: nobody is called twice at once, and managers are', async () => {
    await down()
    await bot.say('bob', 'ack')
    await bot.say('bob', 'escalate')
    await bot.settle()
    await bot.pass(minute)
    await bot.notify(service('RECOVERY', 'OK'))
    await bot.settle()
    await bot.pass(2 * minute + 1_000)
    await bot.pass(10 * minute)
    await bot.notify(service('PROBLEM', 'CRITICAL', { SERVICEPROBLEMID: 2, LASTSERVICEPROBLEMID: 1 }))
    await bot.settle()
    const again = await bot.incident()
    for (let turn = 0; turn < 4; turn += 1) await bot.pass(3 * minute + 1_000)
    const silent = await bot.incident()

    expect(paged(again)).toEqual(['bob'])
    expect(again.engineer).toBeUndefined()
    expect(paged(silent)).toEqual(expect.arrayContaining(['dan', 'eve']))
  })

  it('half an hour and more before the next problem leaves a new incident', async () => {
    await down()
    await bot.pass(minute)
    await bot.notify(service('RECOVERY', 'OK'))
    await bot.settle()
    await bot.pass(2 * minute + 1_000)
    await bot.pass(31 * minute)
    await bot.notify(service('PROBLEM', 'CRITICAL', { SERVICEPROBLEMID: 2, LASTSERVICEPROBLEMID: 1 }))
    await bot.settle()

    expect(await bot.incident('INC-2')).toMatchObject({ state: 'paging' })
  })

  it('by flapping is not believed until the flapping stops', async () => {
    await down()
    await bot.pass(minute)
    await bot.notify(service('FLAPPINGSTART', 'OK'))
    await bot.settle()
    await bot.pass(5 * minute)
    const flapping = await bot.incident()
    await bot.notify(service('FLAPPINGSTOP', 'OK'))
    await bot.settle()

    expect(flapping.state).toBe('paging')
    expect(await bot.incident()).toMatchObject({ state: 'watching' })
  })
})

describe('an incident that somebody closed', () => {
  it('is opened again when Nagios still reports the problem after the time of a relapse', async () => {
    await down()
    await bot.say('bob', 'resolve it is the switch')
    await bot.pass(10 * minute)
    await bot.notify(service('PROBLEM', 'CRITICAL', { SERVICENOTIFICATIONNUMBER: 2 }))
    await bot.settle()
    const early = await bot.app().store.incidents({ open: true, limit: 10 })
    await bot.pass(60 * minute)
    await bot.notify(service('PROBLEM', 'CRITICAL', { SERVICENOTIFICATIONNUMBER: 3 }))
    await bot.settle()

    expect(early).toEqual([])
    expect(await bot.incident('INC-2')).toMatchObject({ state: 'paging', problems: { open: 1 } })
  })
})

describe('a clock at Nagios', () => {
  it('that is an hour ahead and then corrected keeps no later problem from being seen', async () => {
    const ahead = Math.floor(bot.clock.now() / 1_000) + 3_600
    await bot.notify(service('RECOVERY', 'OK', { TIMET: ahead }))
    await bot.settle()
    await bot.pass(minute)
    await bot.notify(service('PROBLEM', 'CRITICAL', { SERVICEPROBLEMID: 2 }))
    await bot.settle()

    expect(await bot.incident()).toMatchObject({ state: 'paging' })
  })

  it('that is not sent at all leaves a second outage a second outage', async () => {
    const bare = (type: string, state: string) => service(type, state, { TIMET: '', SERVICEPROBLEMID: '' })
    await bot.notify(bare('PROBLEM', 'CRITICAL'))
    await bot.settle()
    await bot.pass(minute)
    await bot.notify(bare('RECOVERY', 'OK'))
    await bot.settle()
    await bot.pass(3 * minute)
    await bot.pass(24 * 60 * minute)
    await bot.notify(bare('PROBLEM', 'CRITICAL'))
    await bot.settle()

    expect(await bot.incident('INC-2')).toMatchObject({ state: 'paging' })
  })
})

describe('an alert that nobody is called for', () => {
  it('is in the log, with what it was about', async () => {
    await bot.notify(
      service('PROBLEM', 'CRITICAL', { HOSTNAME: 'printer', SERVICEDESC: 'Paper', HOSTGROUPNAMES: 'office' }),
    )
    await bot.settle()

    const lines = bot.log.lines.filter((line) => line.message.includes('nobody is called for'))
    expect(lines).toMatchObject([{ level: 'warn', fields: { objects: ['printer;Paper'], count: 1 } }])
  })
})

describe('a storm', () => {
  it('of a thousand alerts is one incident whose card changes a few times, and loses nothing', async () => {
    const sent = Array.from({ length: 1_000 }, (_, index) =>
      bot.notify(service('PROBLEM', 'CRITICAL', { HOSTNAME: `lb${index}`, SERVICEPROBLEMID: index + 1 })),
    )
    const statuses = await Promise.all(sent)
    await bot.settle()

    const incidents = await bot.app().store.incidents({ open: false, limit: 10 })
    expect(new Set(statuses)).toEqual(new Set([202]))
    expect(incidents).toHaveLength(1)
    expect(incidents[0]?.problems).toMatchObject({ open: 1_000, alerts: 1_000 })
    expect(await bot.app().store.objectsOf('INC-1', 2_000)).toHaveLength(1_000)
    expect(bot.mailbox.received).toHaveLength(1)
  })
})

describe('a restart', () => {
  it('keeps the clocks: what fell due meanwhile is done when the bot is back', async () => {
    await down()
    await bot.app().close()
    bot.clock.skip(3 * minute + 1_000)
    await bot.restart()
    await bot.settle()

    expect(new Set(paged(await bot.incident())).size).toBe(2)
  })
})
