// A real Nagios Core for tests: on its own files, with the shipped objects and script, and objects that fail at will.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:fs'
import { access, chmod, mkdir, mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { configFiles } from './nagios-config.ts'
import type { ChildProcess } from 'node:child_process'
import type { NagiosObject } from './nagios-config.ts'

export interface NagiosOptions {
  /** The bot, without a path: dr-notify sends to its /webhooks/nagios. */
  readonly url: string
  /** The bot's NAGIOS_TOKEN. */
  readonly token: string
  /** Hosts and services; a service's host is there by itself. All are well at the start. */
  readonly objects: readonly NagiosObject[]
  /** Further settings of nagios.cfg, or others than the harness has; '' leaves a setting out. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Names an object: a host, or a service on a host. */
export interface Named {
  readonly host: string
  readonly service?: string
}

export interface RunningNagios {
  readonly directory: string
  /** dr-notify's settings and spool, for running the script beside Nagios. */
  readonly notifyConf: string
  readonly spool: string
  /** The next check (at once) finds it broken. `code` is the plugin's exit code: 1 WARNING, 2 CRITICAL or DOWN. */
  readonly fail: (object: Named, output?: string | Buffer, code?: 1 | 2 | 3) => Promise<void>
  readonly recover: (object: Named, output?: string) => Promise<void>
  readonly acknowledge: (object: Named, author: string, comment: string) => Promise<void>
  /** Begins now and ends by itself after `seconds`. */
  readonly downtime: (object: Named, seconds: number, author: string, comment: string) => Promise<void>
  /** An external command as Nagios documents it, without the time: `SEND_CUSTOM_HOST_NOTIFICATION;lb1;0;ann;text`. */
  readonly command: (text: string) => Promise<void>
  /** The log so far: what Nagios did and why. */
  readonly log: () => Promise<string>
  readonly stop: () => Promise<void>
}

/** The shipped files. */
const shipped = resolve(import.meta.dirname, '../../nagios')

/**
 * Starts Debian's nagios4 in a temporary directory, as whoever runs the test, with one second as its unit of time, and
 * resolves when every object has been checked once. Its notifications go through the shipped nagios/dr-bot.cfg and
 * nagios/dr-notify. Start one per test file, and `stop` it.
 */
export async function startNagios(options: NagiosOptions): Promise<RunningNagios> {
  const directory = await mkdtemp(join(tmpdir(), 'dr-nagios-'))
  const { objects, files } = configFiles({
    directory,
    shipped,
    objects: options.objects,
    settings: options.settings,
  })
  const spool = join(directory, 'spool')
  const notifyConf = join(directory, 'dr-notify.conf')
  for (const name of ['rw', 'checkresults', 'archives', 'state', 'spool']) await mkdir(join(directory, name))
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content)
  await chmod(join(directory, 'check'), 0o755)
  await writeFile(join(directory, 'token'), `${options.token}\n`, { mode: 0o600 })
  await writeFile(
    notifyConf,
    `DR_URL=${options.url}\nDR_TOKEN_FILE=${join(directory, 'token')}\nDR_SPOOL=${spool}\n`,
  )
  const stateOf = (object: Named): string => {
    const index = objects.findIndex((one) => one.host === object.host && one.service === object.service)
    if (index === -1) throw new Error(`the test's Nagios has no ${keyOf(object)}`)
    return join(directory, 'state', String(index))
  }
  for (const object of objects) await setState(stateOf(object), 'OK', 0)
  const nagios = spawn('nagios4', [join(directory, 'nagios.cfg')], {
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin`, DR_NOTIFY_CONF: notifyConf },
    stdio: 'ignore',
  })
  const orphaned = (): void => void nagios.kill('SIGKILL')
  process.once('exit', orphaned)
  const log = (): Promise<string> => readFile(join(directory, 'nagios.log'), 'latin1').catch(() => '')
  const stop = async (): Promise<void> => {
    await end(nagios)
    process.off('exit', orphaned)
    await rm(directory, { recursive: true, force: true, maxRetries: 5 })
  }
  const checked = objects.map((object) => `${stateOf(object)}.checked`)
  await started(nagios, [join(directory, 'rw/nagios.cmd'), ...checked]).catch(async (error: unknown) => {
    const said = await log()
    await stop()
    throw new Error(`Nagios did not start:\n${said}`, { cause: error })
  })

  const command = (text: string): Promise<void> => submit(join(directory, 'rw/nagios.cmd'), text)
  async function change(object: Named, output: string | Buffer, code: number): Promise<void> {
    await setState(stateOf(object), output, code)
    await command(`SCHEDULE_FORCED_${kindOf(object)}_CHECK;${keyOf(object)};${epoch()}`)
  }
  return {
    directory,
    notifyConf,
    spool,
    fail: (object, output = 'broken', code = 2) => change(object, output, code),
    recover: (object, output = 'OK') => change(object, output, 0),
    acknowledge: (object, author, comment) =>
      command(`ACKNOWLEDGE_${kindOf(object)}_PROBLEM;${keyOf(object)};2;1;0;${author};${comment}`),
    downtime: (object, seconds, author, comment) =>
      command(
        `SCHEDULE_${kindOf(object)}_DOWNTIME;${keyOf(object)};${epoch()};${epoch() + seconds};1;0;${seconds};${author};${comment}`,
      ),
    command,
    log,
    stop,
  }
}

function kindOf(object: Named): 'HOST' | 'SVC' {
  return object.service === undefined ? 'HOST' : 'SVC'
}

function keyOf(object: Named): string {
  return object.service === undefined ? object.host : `${object.host};${object.service}`
}

function epoch(): number {
  return Math.floor(Date.now() / 1_000)
}

/** Renamed into place, so that a check running now sees the old state or the new one. */
async function setState(file: string, output: string | Buffer, code: number): Promise<void> {
  await writeFile(`${file}.new`, Buffer.concat([Buffer.from(`${code}\n`), Buffer.from(output)]))
  await rename(`${file}.new`, file)
}

/** Without O_NONBLOCK, opening the pipe of a Nagios that has stopped would wait for ever. */
async function submit(pipe: string, text: string): Promise<void> {
  const file = await open(pipe, constants.O_WRONLY | constants.O_NONBLOCK)
  try {
    await file.write(`[${epoch()}] ${text}\n`)
  } finally {
    await file.close()
  }
}

async function started(nagios: ChildProcess, files: readonly string[]): Promise<void> {
  const failed = once(nagios, 'exit').then(([code]) => {
    throw new Error(`it ended with ${String(code)}`)
  })
  const deadline = Date.now() + 20_000
  for (const file of files) {
    while (!(await exists(file))) {
      if (Date.now() > deadline) throw new Error(`${file} did not appear within 20 s`)
      await Promise.race([sleep(20), failed])
    }
  }
  failed.catch(() => {})
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}

/** Its workers end by themselves when it does. */
async function end(nagios: ChildProcess): Promise<void> {
  if (nagios.exitCode !== null || nagios.signalCode !== null) return
  const gone = once(nagios, 'exit')
  nagios.kill('SIGTERM')
  const late = new AbortController()
  const patience = sleep(5_000, undefined, { signal: late.signal }).then(
    () => nagios.kill('SIGKILL'),
    () => false,
  )
  await gone
  late.abort()
  await patience
}
