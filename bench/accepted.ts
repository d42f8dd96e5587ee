// Alerts accepted per second: by the bot on disk, by Alertmanager in memory, one alert per request, in the same run.
import { startAlertmanager } from './alertmanager.ts'
import { startBot } from './bot.ts'
import { load } from './process.ts'
import type { LoadResult } from './load.ts'
import { startMailReceiver, startWebhookReceiver } from './receivers.ts'
import { median } from './statistics.ts'
import type { Shape } from './traffic.ts'

export interface Accepted {
  readonly shape: Shape
  /** Alerts per second, the median of the rounds. */
  readonly bot: number
  readonly peer: number
  readonly rounds: readonly { readonly bot: LoadResult; readonly peer: LoadResult }[]
  /** How long the bot took after the last answer until every alert had found its incident, in milliseconds; the longest. */
  readonly catchUp: number
}

const connections = 64
const seconds = 6
/** The peers take turns, so that what else the machine does meets both. */
const rounds = 3

/** One shape, each round on new data. */
export async function measureAccepted(shape: Shape): Promise<Accepted> {
  const done: { readonly bot: LoadResult; readonly peer: LoadResult; readonly catchUp: number }[] = []
  for (let n = 0; n < rounds; n += 1) {
    const { result: bot, catchUp } = await loadBot(shape)
    done.push({ bot, peer: await loadPeer(shape), catchUp })
  }
  return {
    shape,
    bot: median(done.map((each) => each.bot.perSecond)),
    peer: median(done.map((each) => each.peer.perSecond)),
    rounds: done.map(({ bot, peer }) => ({ bot, peer })),
    catchUp: Math.max(...done.map((each) => each.catchUp)),
  }
}

async function loadBot(shape: Shape): Promise<{ readonly result: LoadResult; readonly catchUp: number }> {
  const mail = await startMailReceiver()
  const bot = await startBot(mail.url)
  try {
    const result = await load({ door: bot.door, shape, connections, seconds })
    return { result, catchUp: await bot.caughtUp() }
  } finally {
    await bot.stop()
    await mail.stop()
  }
}

/** Its usual group_wait: no notification is sent while alerts are counted. */
async function loadPeer(shape: Shape): Promise<LoadResult> {
  const receiver = await startWebhookReceiver()
  const by = shape === 'own-object' ? 'instance' : 'system'
  const peer = await startAlertmanager({ by, wait: '30s' }, receiver.url)
  try {
    return await load({ door: peer.door, shape, connections, seconds })
  } finally {
    await peer.stop()
    await receiver.stop()
  }
}
