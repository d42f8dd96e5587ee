// How long a start takes, and how much memory is used, at rest and with 10,000 open alerts.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startAlertmanager } from './alertmanager.ts'
import { startBot } from './bot.ts'
import { load, residentMegabytes } from './process.ts'
import type { Running } from './process.ts'
import { startMailReceiver, startWebhookReceiver } from './receivers.ts'
import { median } from './statistics.ts'

export interface Started {
  /** Milliseconds from the start of the process to 200 on its path for readiness, on new data; the median. */
  readonly bot: number
  /** The same right after the installation, when no compiled code of an earlier start is there. */
  readonly botFirst: number
  readonly peer: number
}

/** Megabytes (10^6 bytes) in RAM. */
export interface Memory {
  readonly rest: { readonly bot: number; readonly redis: number; readonly peer: number }
  readonly loaded: { readonly bot: number; readonly redis: number; readonly peer: number }
}

const starts = 5
/** Nobody is paged. */
const nowhere = 'smtp://127.0.0.1:1'
const openAlerts = 10_000
/** Milliseconds after which a program is at rest. */
const calm = 10_000

export async function measureStart(): Promise<Started> {
  const bot: number[] = []
  const botFirst: number[] = []
  const peer: number[] = []
  await readyAfter(startBot(nowhere))
  for (let n = 0; n < starts; n += 1) {
    bot.push(await readyAfter(startBot(nowhere)))
    const empty = await mkdtemp(join(tmpdir(), 'dr-bench-cache-'))
    botFirst.push(await readyAfter(startBot(nowhere, { compileCache: empty })))
    await rm(empty, { recursive: true, force: true })
    peer.push(await readyAfter(startAlertmanager({ by: 'system', wait: '30s' }, 'http://127.0.0.1:1/')))
  }
  return { bot: median(bot), botFirst: median(botFirst), peer: median(peer) }
}

async function readyAfter(starting: Promise<Running>): Promise<number> {
  const program = await starting
  await program.stop()
  return program.readyAfter
}

/** Each of the 10,000 alerts is of an object of its own, so that the bot keeps what it knows of each. */
export async function measureMemory(): Promise<Memory> {
  const job = { shape: 'own-object', connections: 16, seconds: 120, count: openAlerts } as const
  const mail = await startMailReceiver()
  const webhook = await startWebhookReceiver()
  const bot = await startBot(mail.url)
  const peer = await startAlertmanager({ by: 'system', wait: '0s' }, webhook.url)
  const now = async () => ({
    bot: residentMegabytes(bot.pid),
    redis: (await bot.redis('used_memory_rss')) / 1e6,
    peer: residentMegabytes(peer.pid),
  })
  try {
    await sleep(calm)
    const rest = await now()
    await load({ door: bot.door, ...job })
    await load({ door: peer.door, ...job })
    await bot.caughtUp()
    await sleep(calm)
    return { rest, loaded: await now() }
  } finally {
    await bot.stop()
    await peer.stop()
    await Promise.all([mail.stop(), webhook.stop()])
  }
}
