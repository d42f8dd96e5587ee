// What people type is carried out, or refused with the next step to take: every command, on a real store.
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { BugError, RetryableError } from '../../src/errors.ts'
import { minute } from '../../src/ids.ts'
import { oneRedis } from '../servers/one-redis.ts'
import { said, startDesk } from './command-desk.ts'
import type { TimelineEvent } from '../../src/timeline/event.ts'
import type { TestDesk } from './command-desk.ts'

const redis = oneRedis()
let desk: TestDesk

beforeEach(async () => {
  desk = await startDesk(redis())
})

describe('who may', () => {
  test('somebody whom the plan does not know is told whom to ask, whatever was typed', async () => {
    for (const text of ['status', 'nonsense', '']) {
      const answer = await desk.say('mallory', text)

      expect(answer).toMatchObject({ status: 'refused', data: { code: 'unknown-person' } })
      expect(said(answer)).toContain('Ask an administrator to add you')
    }
  })

  test('a person whose id is a word of the language is nobody', async () => {
    expect(await desk.say('constructor', 'status')).toMatchObject({ status: 'refused' })
  })

  test('a viewer may look and not act', async () => {
    expect(await desk.say('vic', 'status')).toMatchObject({ status: 'done' })
    expect(await desk.say('vic', 'open lb')).toMatchObject({
      status: 'refused',
      data: { code: 'not-permitted' },
    })
    expect(await desk.store.incidents({ open: true, limit: 9 })).toEqual([])
  })

  test('a manager may not start a recovery, and an administrator not acknowledge', async () => {
    expect(await desk.say('mia', 'failover lb')).toMatchObject({ data: { code: 'not-permitted' } })
    expect(await desk.say('ada', 'ack INC-1')).toMatchObject({ data: { code: 'not-permitted' } })
    expect(await desk.say('ada', 'freeze')).toMatchObject({ status: 'done' })
  })

  test('help lists what this person may type, and nothing else', async () => {
    const viewer = said(await desk.say('vic', 'help'))
    const engineer = said(await desk.say('ann', 'help'))

    expect(viewer).toContain('status [INC-n | system]')
    expect(viewer).not.toContain('failover')
    expect(engineer).toContain('failover system')
    expect(said(await desk.say('ann', 'help failover'))).toContain('failover lb to backup')
    expect(await desk.say('vic', 'help failover')).toMatchObject({ status: 'usage' })
    expect(said(await desk.say('ann', 'help failvoer'))).toContain('Did you mean: help failover')
  })

  test('help with one word lists the commands of that word that this person may type, at a terminal too', async () => {
    const db = said(await desk.say('ann', 'help db'))
    expect(db).toContain('db restore TIME [database]')
    expect(db).toContain('failover db [to NAME]')
    expect(said(await desk.say('ann', 'help DNS'))).toContain('dns protect')
    expect(said(await desk.say('ann', 'help storage'))).toContain('failback storage')
    const viewer = said(await desk.say('vic', 'help workers'))
    expect(viewer).toContain('workers show')
    expect(viewer).toContain('status workers')
    expect(viewer).not.toMatch(/scale|failover/)
    for (const word of ['plan', 'slack', 'teams'])
      expect(said(await desk.say('vic', `help ${word}`))).toContain(`npx dr ${word} check`)
    expect(said(await desk.say('ann', 'help oncall'))).toContain('oncall override person')
  })

  test('what was mistyped is asked about once', async () => {
    const text = said(await desk.say('ann', 'statsu lb'))

    expect(text).toContain('“statsu” is no command here.')
    expect(text).toContain('Did you mean: status lb')
    expect(text).not.toContain('In full')
  })
})

describe('an incident, from opening to report', () => {
  test('is opened, acknowledged, noted, extended, escalated, resolved and reported', async () => {
    const opened = await desk.say('ann', 'open lb customers see errors')
    expect(opened).toMatchObject({ status: 'done', incident: 'INC-1', data: { existing: false } })
    expect(said(await desk.say('bob', 'open lb'))).toContain('INC-1 is open for lb already')

    desk.clock.move(minute)
    expect(said(await desk.say('ann', 'ack'))).toContain('You have it. Diagnosis clock: 29m left.')
    expect(await desk.say('ann', 'note "disk of lb1 is full"')).toMatchObject({ status: 'done' })
    desk.clock.move(minute)
    expect(await desk.say('ann', 'extend 10m too long')).toMatchObject({ status: 'refused' })
    expect(said(await desk.say('ann', 'escalate no idea'))).toContain('INC-1 is escalated')
    desk.clock.move(3 * minute)
    expect(said(await desk.say('mia', 'resolve disk was full'))).toContain('report INC-1')

    const timeline = await desk.say('vic', 'timeline --verify')
    expect(said(timeline)).toMatch(/OK: each of \d+ events/)
    expect(said(timeline)).toContain('disk of lb1 is full — Ann Onken (cli)')
    const report = await desk.say('vic', 'report')
    expect(report.data).toMatchObject({
      report: { id: 'INC-1', what: 'disk was full', outages: [{ measured: { met: true } }] },
    })
    expect(said(report)).toContain('5m')
    expect(report.card.sections?.map(({ heading }) => heading)).toEqual([
      'What happened',
      'Objective against measured',
      'Phases',
      'Who was called',
      'Notes',
      'Record',
    ])
    expect(report.card.links?.[0]?.link).toMatch(/\/incidents\/INC-1\/report$/)
    expect(said(await desk.say('vic', 'status lb'))).toContain('Last outage: INC-1')
  })

  test('a change is in the log with who made it, through which door', async () => {
    await desk.say('ann', 'open lb', { door: 'web' })

    const fields = { verb: 'open', person: 'ann', door: 'web', status: 'done' }
    expect(desk.logged).toContainEqual({ level: 'info', message: 'command', fields })
  })

  test.each<[string, (events: readonly TimelineEvent[]) => readonly TimelineEvent[], string]>([
    ['changed', (events) => events.map((event) => ({ ...event, text: 'nothing' })), 'event 1 was altered'],
    ['cut off', (events) => events.slice(0, -1), 'missing at the end'],
    ['added to', (events) => [...events, ...events.slice(-1)], 'stands in its place'],
  ])('a record that was %s is found, and the terminal ends with a failure', async (_how, alter, found) => {
    const altered = await startDesk(redis(), (real) => ({
      ...real,
      store: { ...real.store, timeline: async (id) => alter(await real.store.timeline(id)) },
    }))
    await altered.say('ann', 'open lb')

    const answer = await altered.say('ann', 'timeline --verify')

    expect(answer).toMatchObject({ status: 'refused', card: { tone: 'bad' } })
    expect(said(answer)).toContain(found)
  })
})

describe('INC-n left out', () => {
  test('means the incident of the room in which it was said', async () => {
    await desk.say('ann', 'open lb')
    await desk.say('ann', 'open api')

    const answer = await desk.say('ann', 'ack', { incident: 'INC-2' })

    expect(answer).toMatchObject({ status: 'done', incident: 'INC-2' })
  })

  test('is refused while several are open, with the commands to type', async () => {
    await desk.say('ann', 'open lb')
    await desk.say('ann', 'open api')

    const answer = await desk.say('ann', 'note "it\'s the \\"disk\\""')

    expect(answer).toMatchObject({ status: 'refused', data: { code: 'which-incident' } })
    const commands = (answer.card.buttons ?? []).map((button) => button.command)
    expect(commands).toEqual(['note INC-2 "it\'s the \\"disk\\""', 'note INC-1 "it\'s the \\"disk\\""'])
    expect(await desk.say('ann', commands[0] ?? '')).toMatchObject({ status: 'done', incident: 'INC-2' })
  })

  test('is refused while none is open, with how to open one', async () => {
    expect(said(await desk.say('ann', 'ack'))).toContain('open lb')
  })

  test.each(['ack', 'note x', 'extend 5m x', 'escalate', 'resolve', 'timeline', 'report', 'status'])(
    '%s for a number that was never given is refused with how to see what there is',
    async (text) => {
      const [verb = '', ...rest] = text.split(' ')
      const answer = await desk.say('ann', [verb, 'INC-99', ...rest].join(' '))

      expect(answer).toMatchObject({ status: 'refused', data: { code: 'unknown-incident' } })
      expect(said(answer)).toContain('status')
    },
  )
})

describe('status', () => {
  test('says that all is quiet', async () => {
    expect(await desk.say('vic', 'status')).toMatchObject({ status: 'done', card: { tone: 'good' } })
  })

  test('says what is broken, who has it, which clocks run, which recoveries, and that they are frozen', async () => {
    await desk.say('ann', 'open lb nothing goes through')
    await desk.say('ann', 'failover lb')
    await desk.say('mia', 'freeze network works')
    desk.clock.move(11 * minute)

    const answer = await desk.say('vic', 'status')

    const text = said(answer)
    expect(answer.card.tone).toBe('bad')
    expect(text).toContain('INC-1 · lb')
    expect(text).toContain('nothing goes through')
    expect(text).toContain('nobody has it yet')
    expect(text).toContain('RTO 10m: missed <ago>; diagnosis: <countdown>')
    expect(text).toContain('R-1 failover lb to backup: proposed, asked for by Ann Onken')
    expect(text).toContain('Frozen by Mia Manger')
    expect(text).toContain('network works')
  })

  test('of a run leads to the command that shows it', async () => {
    expect(said(await desk.say('ann', 'status R-7'))).toContain('To see it, type: runs R-7')
  })

  test('of an incident shows the recovery that waits for it, and how to approve it', async () => {
    await desk.say('ann', 'open lb nothing goes through')
    await desk.say('ann', 'failover lb')

    for (const command of ['status INC-1', 'status lb', 'ack INC-1', 'escalate INC-1']) {
      const answer = await desk.say('bob', command)
      expect(said(answer)).toContain('R-1 failover lb to backup: proposed, asked for by Ann Onken')
      expect(answer.card.buttons?.[0]).toMatchObject({ label: 'Approve R-1', command: 'approve R-1' })
    }
  })
})

describe('a recovery', () => {
  test('is proposed for the open incident of its system, once, and approved', async () => {
    await desk.say('ann', 'open lb')
    const first = await desk.say('ann', 'failover lb to api')
    expect(first).toMatchObject({ status: 'done', run: 'R-1', incident: 'INC-1', data: { existing: false } })

    const second = await desk.say('bob', 'failover lb')
    expect(second).toMatchObject({ run: 'R-1', data: { existing: true } })
    expect(said(second)).toContain('This exists already as R-1')

    expect(said(await desk.say('ann', 'approve 1'))).toContain(
      'R-1 is approved. To see how it goes: runs R-1',
    )
    expect(await desk.say('ann', 'approve R-1')).toMatchObject({ status: 'refused' })
    expect(said(await desk.say('vic', 'runs'))).toContain('R-1 | failover lb to api | running | Ann Onken')
    expect(await desk.say('vic', 'runs R-1')).toMatchObject({ status: 'done', run: 'R-1' })
    expect(said(await desk.say('vic', 'timeline R-1'))).toContain('Timeline of INC-1')
  })

  test('--yes approves what is reversible, and only that', async () => {
    expect(await desk.say('ann', 'failover lb —yes')).toMatchObject({ data: { run: { state: 'running' } } })

    desk.runs.risk = 'disruptive'
    const answer = await desk.say('ann', 'failover api --yes')
    expect(answer).toMatchObject({ status: 'done', data: { run: { state: 'proposed' } } })
    expect(said(answer)).toContain('--yes confirms only what is reversible')
    expect(said(await desk.say('ann', 'approve R-2'))).toContain('approve R-2 api.example.com')
    expect(await desk.say('ann', 'approve R-2 api.example.com')).toMatchObject({ status: 'done' })
  })

  test('is denied, is cancelled, and is not retried while it is not stuck', async () => {
    await desk.say('ann', 'failover lb')
    await desk.say('ann', 'failback lb')

    expect(said(await desk.say('mia', 'deny R-1 not now'))).toContain('R-1 is denied.')
    expect(said(await desk.say('ann', 'cancel R-2'))).toContain('R-2 is cancelled.')
    expect(said(await desk.say('ann', 'runs'))).toContain('R-2 | failback lb | cancelled')
    expect(await desk.say('ann', 'retry R-2')).toMatchObject({ status: 'refused' })
    expect(await desk.say('ann', 'approve R-9')).toMatchObject({ data: { code: 'unknown-run' } })
    expect(await desk.say('ann', 'runs R-9')).toMatchObject({ data: { code: 'unknown-run' } })
    expect(await desk.say('ann', 'timeline R-9')).toMatchObject({ data: { code: 'unknown-run' } })
  })

  test('does not start while frozen, and does again afterwards', async () => {
    await desk.say('mia', 'freeze network works')
    expect(said(await desk.say('ann', 'failover lb'))).toContain('unfreeze')
    expect(said(await desk.say('ann', 'freeze'))).toMatch(
      /^Frozen already: the first freeze stands[^]*Frozen by Mia Manger since [^]*: network works/,
    )
    expect(said(await desk.say('mia', 'unfreeze'))).toContain('may start again')
    expect(said(await desk.say('mia', 'unfreeze'))).toContain('Nothing was frozen.')
    expect(await desk.say('ann', 'failover lb')).toMatchObject({ status: 'done' })
  })

  test('of a system without an engine is refused with what to do by hand', async () => {
    expect(said(await desk.say('ann', 'failover dns'))).toContain('By hand')
  })

  test('whose providers are slow is answered in time, and approved when it is there', async () => {
    const gate = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    desk.runs.before = () => {
      begun.resolve()
      return gate.promise
    }
    const asked = desk.say('ann', 'failover lb --yes')
    await begun.promise
    desk.clock.move(2_500)

    expect(await asked).toMatchObject({ status: 'done', data: { pending: true } })
    gate.resolve()
    await vi.waitFor(async () => expect((await desk.store.run('R-1'))?.state.state).toBe('running'))
  })

  test.each(['cli', 'slack', 'web'] as const)(
    'whose providers are slow is refused to who asked at a door that waits: %s',
    async (door) => {
      const gate = Promise.withResolvers<void>()
      const begun = Promise.withResolvers<void>()
      desk.runs.before = () => {
        begun.resolve()
        return gate.promise
      }
      const asked = desk.say('ann', 'failover dns', { door, waits: 30_000 })
      await begun.promise
      desk.clock.move(29_000)
      gate.resolve()

      expect(await asked).toMatchObject({ status: 'refused' })
      expect(said(await asked)).toContain('There is no recovery engine')
    },
  )

  test('that is approved while providers are slow is answered in time too', async () => {
    const gate = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    await desk.say('ann', 'failover lb')
    desk.runs.before = () => {
      begun.resolve()
      return gate.promise
    }
    const asked = desk.say('ann', 'approve R-1')
    await begun.promise
    desk.clock.move(2_500)

    expect(await asked).toMatchObject({ status: 'done', data: { pending: true, what: 'approve R-1' } })
    gate.resolve()
    await vi.waitFor(async () => expect((await desk.store.run('R-1'))?.state.state).toBe('running'))
  })

  test('that is refused after its answer is noted in the timeline of its incident', async () => {
    await desk.say('ann', 'open dns')
    const gate = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    desk.runs.before = () => {
      begun.resolve()
      return gate.promise
    }
    const asked = desk.say('ann', 'failover dns')
    await begun.promise
    desk.clock.move(2_500)
    await asked
    gate.resolve()

    await vi.waitFor(async () =>
      expect((await desk.store.timeline('INC-1')).map((event) => event.text)).toContainEqual(
        expect.stringContaining('failover dns was refused: There is no recovery engine'),
      ),
    )
  })
})

describe('what goes wrong', () => {
  test('a part that is down is named, with the advice to try again', async () => {
    await redis().kill9()
    const answer = await desk.say('ann', 'status')
    await redis().restart()

    expect(answer).toMatchObject({ status: 'refused', data: { code: 'try-again' } })
    expect(said(answer)).toContain('Redis does not answer')
    await vi.waitFor(async () => expect(await desk.say('ann', 'status')).toMatchObject({ status: 'done' }))
  })

  test('a bug is logged under an id, and the person gets the id and no detail', async () => {
    const broken = await startDesk(redis(), (real) => ({
      ...real,
      runs: { ...real.runs, frozen: () => Promise.reject(new BugError('secret detail')) },
    }))

    const answer = await broken.say('ann', 'status')

    const id = /E-[0-9a-z]+-1/.exec(said(answer))?.[0]
    expect(id).toBeDefined()
    expect(JSON.stringify(answer)).not.toContain('secret detail')
    const fields = expect.objectContaining({ id, reason: 'secret detail' })
    expect(broken.logged).toContainEqual({ level: 'error', message: 'command failed', fields })
  })

  test('what time mends is said as it is', async () => {
    const busy = await startDesk(redis(), (real) => ({
      ...real,
      runs: { ...real.runs, propose: () => Promise.reject(new RetryableError('Cloudflare answers 503')) },
    }))

    expect(said(await busy.say('ann', 'failover lb'))).toContain('Cloudflare answers 503. ')
  })

  test('what cannot be read is answered with an example that can be typed', async () => {
    const answer = await desk.say('ann', 'extend')

    expect(answer).toMatchObject({ status: 'usage', data: { example: 'extend 10m waiting for the hoster' } })
    expect(said(answer)).toContain('extend [INC-n] 10m reason')
  })

  test('text of people goes into the record as it is, and into answers as data', async () => {
    const hostile = '<!channel> `x` *b* [l](https://evil.example.com) \u001b[2J @here & "q" \u202e'
    await desk.say('ann', 'open lb')
    await desk.say('ann', `note ${JSON.stringify(hostile).replaceAll('\\u001b', '\u001b')}`)

    const answer = await desk.say('ann', 'timeline')

    const spans = (answer.card.sections ?? []).flatMap((section) => (section.lines ?? []).flat())
    expect(spans).toContain(hostile)
    expect((await desk.store.timeline('INC-1')).map((event) => event.text)).toContain(hostile)
  })
})
