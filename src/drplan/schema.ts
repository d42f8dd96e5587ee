// The DR plan: the one schema of dr-plan.yml. Keys stay as written; durations become milliseconds.
import { z } from 'zod'
import { channels } from '../incident/incident.ts'
import { hostStates, serviceStates } from '../intake/alert.ts'
import { Recovery } from './recoveries.ts'
import { SlackOptions } from './slack.ts'
import { TeamsOptions } from './teams.ts'
import { Group, Person, Rotation, TimeOff } from './team.ts'
import { duration, httpsUrl, line, localMoment, name, timeZone } from './values.ts'
import type { Channel, Target } from '../incident/incident.ts'

const minutes = 60_000

/** Somebody takes a rotation's turn for a while. The last one listed wins; it also wins over time off. */
export const Override = z.strictObject(
  {
    /** Absent: the first rotation. */
    rotation: name.exactOptional(),
    person: name,
    from: localMoment,
    to: localMoment,
    /** Who arranged it. */
    by: name.exactOptional(),
  },
  { error: 'an override such as {person: ann, from: 2026-12-24T09:00, to: 2026-12-26T09:00}' },
)

const steps = `one channel and its delay, such as {email: 0s}; channels: ${channels.join(', ')}`
const channelDelay = duration().exactOptional()

/** One rung: `{sms: 60s}` is read as channel and delay after the page began. */
const LadderStep = z
  .strictObject(
    {
      chat: channelDelay,
      email: channelDelay,
      sms: channelDelay,
      voice: channelDelay,
      ntfy: channelDelay,
      webhook: channelDelay,
    } satisfies Record<Channel, typeof channelDelay>,
    { error: steps },
  )
  .transform((step, context) => {
    const [first, ...more] = Object.entries(step)
    if (first && more.length === 0) return { channel: first[0] as Channel, after: first[1] }
    context.addIssue({ code: 'custom', message: steps })
    return z.NEVER
  })

const Paging = z.strictObject(
  {
    ladder: z
      .array(LadderStep, { error: 'a list such as [{chat: 0s}, {email: 0s}]' })
      .min(1, 'at least one channel, such as [{chat: 0s}]')
      .refine((ladder) => ladder.every((step, index) => step.after >= (ladder[index - 1]?.after ?? 0)), {
        error: 'the channels in the order of their delays, such as [{chat: 0s}, {email: 0s}]',
      }),
    next_engineer_after: duration(
      'a duration of 30s to 30m, such as "3m"',
      (ms) => ms >= 30_000 && ms <= 30 * minutes,
    ),
  },
  { error: 'how people are paged, such as {ladder: [{chat: 0s}, {email: 0s}], next_engineer_after: 3m}' },
)

const deadline = duration(
  'a duration from 5m to 30m, such as "30m"',
  (ms) => ms >= 5 * minutes && ms <= 30 * minutes,
)
const remind = duration(
  'a duration from 1m to 30m, such as "5m"',
  (ms) => ms >= minutes && ms <= 30 * minutes,
)

const targets = 'a target: "rotation:NAME", "group:NAME" or "person:NAME", such as "rotation:primary"'

/** `rotation:primary`, `group:dev`, `person:ann`. */
const TargetText = z
  .string({ error: targets })
  .regex(/^(?:rotation|group|person):[a-z][\w.-]{0,39}$/i, targets)
  .transform((text) => text as Target)

const Level = z.strictObject(
  {
    to: z
      .array(TargetText, { error: 'a list of targets such as [rotation:primary]' })
      .min(1, `at least one target: ${targets}`)
      .max(20, 'at most 20 targets'),
  },
  { error: 'a level such as {to: [rotation:primary]}' },
)

const globs = 'a name, or a pattern with * and ?, such as "lb*"'
const glob = line(globs).exactOptional()
const states = [...hostStates, ...serviceStates].filter((state) => state !== 'UP' && state !== 'OK')

/** States that concern a system unless the matcher says otherwise. */
const problemStates = ['DOWN', 'UNREACHABLE', 'CRITICAL', 'UNKNOWN'] as const

/** Which alerts concern a system. All keys of one matcher must match; the first matcher that matches decides. */
const Matcher = z
  .strictObject(
    {
      host: glob,
      service: glob,
      hostgroup: glob,
      servicegroup: glob,
      states: z
        .array(z.enum(states, { error: `one of: ${states.join(', ')}` }), {
          error: 'a list such as [DOWN, CRITICAL]',
        })
        .min(1, 'at least one state, such as [CRITICAL]')
        .prefault([...problemStates]),
    },
    { error: 'a matcher such as {host: "lb*"}' },
  )
  .refine(
    (matcher) => (matcher.host ?? matcher.service ?? matcher.hostgroup ?? matcher.servicegroup) !== undefined,
    {
      error: 'what the alert must have: host, service, hostgroup or servicegroup, such as {host: "lb*"}',
    },
  )

/** What is promised for one system, which alerts concern it, and the ways out. */
const System = z.strictObject(
  {
    /** How long it may be down. */
    rto: duration('how long the system may be down, such as "10m"', (ms) => ms > 0),
    /** How much data may be lost. */
    rpo: duration('how much data may be lost, as a time such as "10m"', (ms) => ms > 0).exactOptional(),
    /** Systems whose outage explains this one's. */
    depends_on: z
      .array(line('the id of a system, such as "lb"'), { error: 'a list of systems such as [lb]' })
      .max(6, 'at most the 6 other systems')
      .prefault([]),
    diagnosis: z
      .strictObject(
        { remind: remind.exactOptional(), deadline: deadline.exactOptional() },
        { error: 'the clock such as {remind: 5m, deadline: 30m}' },
      )
      .exactOptional(),
    runbook: httpsUrl.exactOptional(),
    alerts: z
      .array(Matcher, { error: 'a list such as [{host: "lb*"}]' })
      .max(200, 'at most 200 matchers')
      .prefault([]),
    recoveries: z
      .array(Recovery, { error: 'a list of recoveries' })
      .max(20, 'at most 20 recoveries')
      .prefault([]),
  },
  { error: 'a system such as {rto: 10m}' },
)

const system = System.exactOptional()

/** The schema of dr-plan.yml. Input: the YAML's plain values. Output: `DrPlan`. References are checked by the loader. */
export const DrPlan = z.strictObject(
  {
    organisation: line('the organisation\'s name, such as "Example Ltd"'),
    timezone: timeZone,
    people: z.record(name, Person, {
      error: 'people by their id, such as "ann: {name: Ann Onken, roles: [engineer]}"',
    }),
    groups: z
      .record(name, Group, { error: 'groups by name, such as "dev: {people: [dan, eve]}"' })
      .prefault({}),
    oncall: z.strictObject(
      {
        rotations: z
          .array(Rotation, { error: 'a list of rotations' })
          .min(1, 'at least one rotation; see dr-plan.example.yml')
          .max(50, 'at most 50 rotations'),
        overrides: z
          .array(Override, { error: 'a list of overrides, or []' })
          .max(1_000, 'at most 1000 overrides: remove past ones')
          .prefault([]),
        time_off: z
          .array(TimeOff, {
            error: 'a list such as [{person: bob, from: 2026-12-20, to: 2027-01-03}], or []',
          })
          .max(1_000, 'at most 1000 absences: remove past ones')
          .prefault([]),
      },
      { error: 'rotations, overrides and time_off; see dr-plan.example.yml' },
    ),
    paging: Paging,
    diagnosis: z
      .strictObject(
        { remind: remind.prefault('5m'), deadline: deadline.prefault('30m') },
        { error: 'the clock such as {remind: 5m, deadline: 30m}' },
      )
      .prefault({}),
    escalation: z
      .array(Level, { error: 'a list of levels such as [{to: [rotation:primary]}]' })
      .min(1, 'at least one level, such as [{to: [rotation:primary]}]')
      .max(10, 'at most 10 levels'),
    after_recovery: z
      .strictObject(
        {
          resolve_after: duration().prefault('2m'),
          relapse_within: duration().prefault('30m'),
          /** How long after it was resolved an incident's rooms are put away. */
          close_rooms_after: duration(
            'a duration of 1h or more, such as "24h"',
            (ms) => ms >= 60 * minutes,
          ).prefault('24h'),
        },
        { error: 'such as {resolve_after: 2m, relapse_within: 30m, close_rooms_after: 24h}' },
      )
      .prefault({}),
    /** How long a proposed recovery may be approved. */
    proposals: z
      .strictObject(
        {
          valid_for: duration(
            'a duration of 1m to 1h, such as "5m"',
            (ms) => ms >= minutes && ms <= 60 * minutes,
          ).prefault('5m'),
        },
        { error: 'such as {valid_for: 5m}' },
      )
      .prefault({}),
    slack: SlackOptions.prefault({}),
    teams: TeamsOptions.prefault({}),
    systems: z.strictObject(
      {
        dns: system,
        cloudflare: system,
        lb: system,
        api: system,
        db: system,
        storage: system,
        workers: system,
      },
      { error: 'the systems by id, such as "lb: {rto: 10m}"' },
    ),
  },
  { error: 'the DR plan: begin with a copy of dr-plan.example.yml' },
)

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T

/** A checked DR plan. Durations are milliseconds; dates and times are text in the plan's `timezone`. */
export type DrPlan = DeepReadonly<z.output<typeof DrPlan>>
export type Person = DrPlan['people'][string]
/** What a person may do; a person may have several. */
export type Role = Person['roles'][number]
export type Rotation = DrPlan['oncall']['rotations'][number]
export type Override = DrPlan['oncall']['overrides'][number]
export type Matcher = System['alerts'][number]
export type System = DeepReadonly<z.output<typeof System>>
export type Recovery = System['recoveries'][number]
