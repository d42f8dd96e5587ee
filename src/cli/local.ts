// The verbs that need no running bot: checking a plan, and tokens and links on the bot's host.
import { readFileSync } from 'node:fs'
import { readConfig } from '../config.ts'
import { loadPlan } from '../drplan/load.ts'
import { meantPerson } from '../drplan/issues.ts'
import { checkReport, printProblem, testReport } from '../drplan/report.ts'
import { UserError, reasonOf } from '../errors.ts'
import { hostStates, serviceStates } from '../intake/alert.ts'
import { instantOf } from '../oncall/wallclock.ts'
import type { Environment } from '../config.ts'
import type { LoadedPlan } from '../drplan/load.ts'
import type { PlanReport } from '../drplan/report.ts'
import type { Instant, PersonId } from '../ids.ts'
import type { ObjectState } from '../intake/alert.ts'
import type { AlertArgs } from './args.ts'

/** What signs; the console's signer. */
export interface Issuer {
  readonly loginLink: (person: PersonId, now: Instant) => string
  readonly token: (person: PersonId, now: Instant) => string
}

/** What is printed: text for people, the same as data. */
export interface Printed {
  readonly text: string
  readonly json: unknown
  readonly exitCode: 0 | 1
}

/** `dr plan check [FILE]`; without FILE the plan of DR_PLAN. */
export function planCheck(env: Environment, file: string | undefined, now: Instant): PlanReport {
  const path = file ?? planFile(env)
  return checkReport(path, loadPlan(readPlan(path), path), now)
}

/** `dr plan test --host ...`. @throws UserError (`usage`) for a state or a time that is none. */
export function planTest(env: Environment, alert: AlertArgs, now: Instant): PlanReport {
  const loaded = loadedPlan(alert.file ?? planFile(env))
  const { host, service, hostGroups, serviceGroups } = alert
  const state = stateOf(alert)
  const at = alert.at === undefined ? now : localTime(alert.at, loaded.plan.timezone)
  // As the bot does it: without SMTP_URL that channel is left out.
  const notSet = env['SMTP_URL'] ? [] : (['email'] as const)
  return testReport(loaded, { host, service, hostGroups, serviceGroups, state }, at, notSet)
}

/** `dr token PERSON` and `dr login PERSON`. @throws UserError when the plan does not know the person. */
export function issue(
  env: Environment,
  want: { readonly kind: 'token' | 'login'; readonly person: string },
  signer: (secret: string) => Issuer,
  now: Instant,
): Printed {
  const config = readConfig(env)
  const people = Object.keys(loadedPlan(config.DR_PLAN).plan.people)
  const { kind, person } = want
  if (!people.includes(person)) {
    const text = `${config.DR_PLAN} has nobody called "${person}". ${meantPerson(person, people)}.`
    throw new UserError('unknown-person', text)
  }
  const issuer = signer(config.CONSOLE_SECRET)
  if (kind === 'token') {
    const token = issuer.token(person, now)
    return { text: token, json: { person, token }, exitCode: 0 }
  }
  const link = `${config.PUBLIC_URL}/login?token=${encodeURIComponent(issuer.loginLink(person, now))}`
  return { text: link, json: { person, link }, exitCode: 0 }
}

function planFile(env: Environment): string {
  return env['DR_PLAN'] || 'dr-plan.yml'
}

const namingTheFile =
  'Name the file: npx dr plan check FILE (dr-plan.example.yml is one to begin with), or set DR_PLAN.'

/** The text of a plan. @throws UserError when it cannot be read. */
export function readPlan(path: string, next = namingTheFile): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UserError('plan-file', `The DR plan ${path} cannot be read: ${reasonOf(error)}. ${next}`, {
      cause: error,
    })
  }
}

/** The plan of a file; `next`: what to do when it cannot be read. @throws UserError with every error of it. */
export function loadedPlan(path: string, next?: string): LoadedPlan {
  const result = loadPlan(readPlan(path, next), path)
  if (!('errors' in result)) return result
  throw new UserError('plan', result.errors.map(printProblem).join('\n'))
}

function stateOf(alert: AlertArgs): ObjectState {
  const states: readonly ObjectState[] = alert.service === undefined ? hostStates : serviceStates
  const typed = alert.state?.toUpperCase() ?? (alert.service === undefined ? 'DOWN' : 'CRITICAL')
  const state = states.find((one) => one === typed)
  if (state !== undefined) return state
  const of = alert.service === undefined ? 'a host' : 'a service'
  throw new UserError(
    'usage',
    `${typed} is no state of ${of}. Write --state with one of: ${states.join(', ')}.`,
  )
}

function localTime(text: string, zone: string): Instant {
  try {
    return instantOf(Temporal.PlainDateTime.from(text), zone)
  } catch (error) {
    throw new UserError('usage', `${text} is no date and time. Write, for example: --at 2026-12-24T03:00`, {
      cause: error,
    })
  }
}
