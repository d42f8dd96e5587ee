// Reads the settings from the environment and .env: the only file that does; every key is explained in .env.example.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { distance } from 'fastest-levenshtein'
import { z } from 'zod'
import { azureVariables, regionProblems } from './config/azure.ts'
import { readIfThere, unknownNames } from './config/dotenv.ts'
import { passwordsIn } from './config/passwords.ts'
import {
  entraId,
  safeWebAddress,
  secretOf,
  slackSigningSecret,
  slackToken,
  teamsChannelId,
  text,
  url,
  webAddress,
  wholeNumber,
} from './config/values.ts'
import { UserError } from './errors.ts'
import { isLoopback } from './loopback.ts'

/** Variables by name, as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>

const portText = 'a port number from 0 to 65535, such as PORT=3000 (0: any free one)'

/** Each variable that the bot reads. The text of a check is what to write instead. */
const Variables = z.object({
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, { error: portText })
    .transform(Number)
    .refine((port) => port < 65_536, { error: portText })
    .default(3000),
  HOST: text('an address or host name to listen on').default('127.0.0.1'),
  PUBLIC_URL: webAddress('https://dr.example.com').optional(),
  DR_PLAN: text('the path of the plan').default('dr-plan.yml'),
  DATA_DIR: text('the path of a directory').default('.data'),
  REDIS_URL: url(
    'redis://, rediss://, redis+sentinel:// or redis+cluster:// with hosts, or leave it out for a private Redis',
    'redis',
    'rediss',
    'redis+sentinel',
    'rediss+sentinel',
    'redis+cluster',
    'rediss+cluster',
  ).optional(),
  LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'], { error: 'debug, info, warn, error or silent' })
    .default('info'),
  SLACK_BOT_TOKEN: slackToken(
    'xoxb-',
    'the "Bot User OAuth Token" of the page "OAuth & Permissions", xoxb-...',
  ).optional(),
  SLACK_APP_TOKEN: slackToken(
    'xapp-',
    'an "App-Level Token" of the page "Basic Information", xapp-...',
  ).optional(),
  SLACK_SIGNING_SECRET: slackSigningSecret(
    'the "Signing Secret" of the page "Basic Information", 32 letters and digits',
  ).optional(),
  SLACK_API_URL: safeWebAddress('https://slack.com/api').optional(),
  MICROSOFT_APP_ID: entraId('the application (client) id').optional(),
  MICROSOFT_APP_PASSWORD: text('the client secret').optional(),
  MICROSOFT_APP_TENANT_ID: entraId('the tenant id').optional(),
  MICROSOFT_APP_TYPE: z
    .enum(['SingleTenant', 'UserAssignedMSI'], { error: 'SingleTenant or UserAssignedMSI' })
    .default('SingleTenant'),
  TEAMS_TEAM_ID: entraId("the id of the team, groupId in the channel's link").optional(),
  TEAMS_CHANNEL_ID: teamsChannelId().optional(),
  TEAMS_SERVICE_URL: safeWebAddress('https://smba.trafficmanager.net/emea').optional(),
  TEAMS_LOGIN_URL: safeWebAddress('https://login.microsoftonline.us').optional(),
  TEAMS_NO_AUTH: z
    .enum(['0', '1'], { error: '1, or leave it out' })
    .default('0')
    .transform((value) => value === '1'),
  GRAPH_URL: safeWebAddress('https://graph.microsoft.com').optional(),
  CLOUDFLARE_API_TOKEN: text('an API token that may edit DNS').optional(),
  CLOUDFLARE_BASE_URL: webAddress('https://api.cloudflare.com/client/v4').optional(),
  CLOUDFLARE_STATUS_URL: webAddress('https://www.cloudflarestatus.com/api/v2/status.json').optional(),
  RECOVERY_CHECK_MINUTES: wholeNumber(1440, 'minutes from 0 (never) to 1440, such as 30').default(30),
  ...azureVariables,
  HAPROXY_DATAPLANE_USER: text('a user of the Data Plane API').optional(),
  HAPROXY_DATAPLANE_PASSWORD: text("that user's password").optional(),
  NAGIOS_TOKEN: secretOf(16, 'a random text of at least 16 characters'),
  NAGIOS_CGI_URL: webAddress('http://127.0.0.1/cgi-bin/nagios4').optional(),
  NAGIOS_CGI_USER: text('the CGI user').optional(),
  NAGIOS_CGI_PASSWORD: text("the CGI user's password").optional(),
  SMTP_URL: url('smtp://user:password@mail.example.com:587', 'smtp', 'smtps').optional(),
  TWILIO_ACCOUNT_SID: text('the account SID, AC...').optional(),
  TWILIO_AUTH_TOKEN: text('the auth token').optional(),
  TWILIO_FROM: text('a phone number such as +15550100').optional(),
  TWILIO_BASE_URL: webAddress('https://api.twilio.com').optional(),
  NTFY_URL: webAddress('https://ntfy.sh').optional(),
  CONSOLE_SECRET: secretOf(32, 'a random text of at least 32 characters'),
})
type Variables = z.infer<typeof Variables>

/** The settings by the variables' own names, checked, with their defaults. Holds secrets: never print it whole. */
export type Config = Omit<Variables, 'PUBLIC_URL'> & {
  /** The address at which people and Nagios reach the bot; without a slash at its end. */
  readonly PUBLIC_URL: string
}

/**
 * What the command line reads; on its own machine there need be no bot, and PORT and HOST may be those of something
 * else.
 */
const CliVariables = z.object({
  PORT: Variables.shape.PORT.catch(3000),
  HOST: Variables.shape.HOST.catch('127.0.0.1'),
  DR_URL: webAddress('DR_URL=http://127.0.0.1:3000').optional(),
  DR_TOKEN: text('the token that `npx dr token PERSON` printed').optional(),
})

/** The names of all variables, for the documents' tests. */
export const variableNames: readonly string[] = Object.keys({ ...Variables.shape, ...CliVariables.shape })

/** Variables whose value is a secret as a whole. */
const secretNames = [
  'SLACK_BOT_TOKEN',
  'SLACK_APP_TOKEN',
  'SLACK_SIGNING_SECRET',
  'MICROSOFT_APP_PASSWORD',
  'CLOUDFLARE_API_TOKEN',
  'AZURE_CLIENT_SECRET',
  'AZURE_SQL_PASSWORD',
  'HAPROXY_DATAPLANE_PASSWORD',
  'NAGIOS_TOKEN',
  'NAGIOS_CGI_PASSWORD',
  'TWILIO_AUTH_TOKEN',
  'CONSOLE_SECRET',
] as const
/** Variables that may hold a password inside an address. */
const addressesWithPassword = ['REDIS_URL', 'SMTP_URL', 'NTFY_URL'] as const

/**
 * Checks the settings, all of them at once.
 * @throws UserError (`config`): per variable what was found (never a secret's value) and what to write.
 */
export function readConfig(env: Environment): Config {
  const given = withoutEmpty(env)
  const parsed = Variables.safeParse(given)
  const problems = parsed.success
    ? [...crossProblems(parsed.data), ...regionProblems(parsed.data.AZURE_CREDENTIAL, given)]
    : fieldProblems(parsed.error, given)
  if (!parsed.success || problems.length > 0) throw new UserError('config', complaint(problems, given))
  return { ...parsed.data, PUBLIC_URL: parsed.data.PUBLIC_URL ?? ownAddress(parsed.data) }
}

/**
 * The variables of this process and, for those it does not have, of `.env` in `directory`.
 * @throws UserError (`config`) for a name in `.env` that is a setting but for a typing error.
 */
export function loadEnvironment(directory: string = process.cwd()): Environment {
  const file = parseEnv(readIfThere(join(directory, '.env')))
  for (const name of Object.keys(file)) {
    const meant = variableNames.find(
      (known) => known !== name && known.length > 5 && distance(known, name) <= 2,
    )
    if (meant !== undefined && !variableNames.includes(name)) {
      throw new UserError('config', `${name} in .env is not a setting. Did you mean ${meant}?`)
    }
  }
  return { ...file, ...process.env }
}

/** What stands in `.env` in `directory` and is no setting, each as a sentence with what may be meant. */
export function unknownSettings(directory: string = process.cwd()): readonly string[] {
  return unknownNames(Object.keys(parseEnv(readIfThere(join(directory, '.env')))), variableNames)
}

/** How `dr` was called, so that what it says to type can be typed: `dr`, `./dr` or `npx dr`. */
export function calledAs(env: Environment = process.env): string {
  return env['DR_NAME'] ?? (env['npm_command'] === 'exec' ? 'npx dr' : 'dr')
}

/**
 * Where the command line finds the bot, when the environment says so; else it looks into its own file. `ownAddress`: of
 * the bot on this machine, by PORT and HOST.
 * @throws UserError (`config`) when DR_URL is no address.
 */
export function readCliConfig(
  env: Environment,
): z.infer<typeof CliVariables> & { readonly ownAddress: string } {
  const given = withoutEmpty(env)
  const parsed = CliVariables.safeParse(given)
  if (!parsed.success) throw new UserError('config', complaint(fieldProblems(parsed.error, given), given))
  return { ...parsed.data, ownAddress: ownAddress(parsed.data) }
}

/** Every secret in the settings, also those inside addresses, for the log to leave out. */
export function secrets(config: Config): readonly string[] {
  const whole = secretNames.map((name) => config[name])
  const inside = addressesWithPassword.flatMap((name) => passwordsIn(config[name]))
  return [...whole, ...inside].filter((secret): secret is string => secret !== undefined && secret !== '')
}

interface Problem {
  readonly name: string
  readonly write: string
}

function fieldProblems(error: z.ZodError, given: Environment): readonly Problem[] {
  const first = new Map<string, Problem>()
  for (const issue of error.issues) {
    const name = String(issue.path[0])
    if (!first.has(name)) first.set(name, { name, write: issue.message + offer(name, given[name]) })
  }
  return [...first.values()]
}

/**
 * A first start should not end in thinking up a secret. The value is fresh each time, and nothing uses it until it is
 * written down.
 */
function offer(name: string, found: string | undefined): string {
  if (found !== undefined || (name !== 'NAGIOS_TOKEN' && name !== 'CONSOLE_SECRET')) return ''
  return `. Put this fresh one into .env:\n    ${name}=${randomBytes(24).toString('base64url')}`
}

/** Rules between variables. */
function crossProblems(values: Variables): readonly Problem[] {
  const problems: Problem[] = []
  const together = (name: keyof Variables, ...needed: readonly (keyof Variables)[]): void => {
    if (values[name] === undefined) return
    for (const other of needed) {
      if (values[other] === undefined) problems.push({ name: other, write: `it, since ${name} is set` })
    }
  }
  if (values.TEAMS_NO_AUTH && !isLoopback(values.HOST)) {
    problems.push({
      name: 'TEAMS_NO_AUTH',
      write: 'nothing, or HOST=127.0.0.1: anybody who reaches HOST could command the bot',
    })
  }
  if (values.AZURE_CREDENTIAL === 'none' && !isLoopback(hostOf(values.AZURE_ARM_ENDPOINT))) {
    problems.push({
      name: 'AZURE_CREDENTIAL',
      write: 'another one; none is for an AZURE_ARM_ENDPOINT on this machine only',
    })
  }
  if (values.AZURE_CREDENTIAL === 'client-secret') {
    together('AZURE_CREDENTIAL', 'AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_CLIENT_SECRET')
  } else if (values.AZURE_CLIENT_SECRET !== undefined) {
    problems.push({ name: 'AZURE_CREDENTIAL', write: 'client-secret, since AZURE_CLIENT_SECRET is set' })
  }
  if (values.AZURE_CREDENTIAL === 'workload-identity') {
    together('AZURE_CREDENTIAL', 'AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_FEDERATED_TOKEN_FILE')
  }
  if (values.SLACK_BOT_TOKEN !== undefined && !values.SLACK_APP_TOKEN && !values.SLACK_SIGNING_SECRET) {
    problems.push({
      name: 'SLACK_APP_TOKEN',
      write: 'it for Socket Mode, or SLACK_SIGNING_SECRET for HTTP, since SLACK_BOT_TOKEN is set',
    })
  }
  together('SLACK_APP_TOKEN', 'SLACK_BOT_TOKEN')
  together('SLACK_SIGNING_SECRET', 'SLACK_BOT_TOKEN')
  together('AZURE_SQL_USER', 'AZURE_SQL_PASSWORD')
  together('AZURE_SQL_PASSWORD', 'AZURE_SQL_USER')
  together('HAPROXY_DATAPLANE_USER', 'HAPROXY_DATAPLANE_PASSWORD')
  together('NAGIOS_CGI_USER', 'NAGIOS_CGI_URL', 'NAGIOS_CGI_PASSWORD')
  together('TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_FROM')
  together('MICROSOFT_APP_ID', 'MICROSOFT_APP_TENANT_ID', 'TEAMS_TEAM_ID', 'TEAMS_CHANNEL_ID')
  if (values.MICROSOFT_APP_TYPE === 'SingleTenant' && !values.TEAMS_NO_AUTH)
    together('MICROSOFT_APP_ID', 'MICROSOFT_APP_PASSWORD')
  return problems
}

function complaint(problems: readonly Problem[], given: Environment): string {
  const lines = problems.map(({ name, write }) => `- ${name} ${found(name, given[name])}: write ${write}`)
  return `The settings cannot be used. Fix them in .env (all keys are explained in .env.example) and start again:\n${lines.join('\n')}`
}

function found(name: string, value: string | undefined): string {
  if (value === undefined) return 'is not set'
  const secret = [...secretNames, ...addressesWithPassword].some((each) => each === name)
  return secret ? `has ${value.length} characters that do not fit` : `is ${JSON.stringify(value)}`
}

/** Compose files and shells pass `NAME=` for what is not set. */
function withoutEmpty(env: Environment): Environment {
  return Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''),
  )
}

function ownAddress(values: Pick<Variables, 'PORT' | 'HOST'>): string {
  const host = values.HOST === '0.0.0.0' || values.HOST === '::' ? 'localhost' : values.HOST
  return `http://${host.includes(':') ? `[${host}]` : host}:${values.PORT}`
}

function hostOf(address: string | undefined): string {
  return address === undefined ? '' : new URL(address).hostname
}
