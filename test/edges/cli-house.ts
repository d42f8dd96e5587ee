// A terminal before the real HTTP server, for the tests of `dr`: runs it in this process, with all that it has of the machine.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createChanges } from '../../src/changes.ts'
import { runCli } from '../../src/cli/main.ts'
import { runCard } from '../../src/recovery/card.ts'
import { createMetrics } from '../../src/web/metrics.ts'
import { createSigner } from '../../src/web/session.ts'
import { createWeb } from '../../src/web/server.ts'
import { start, startDesk } from '../stories/command-desk.ts'
import { silent } from '../servers/redis.ts'
import type { ExitCode, Machine } from '../../src/cli/main.ts'
import type { Web } from '../../src/web/server.ts'
import type { TestRedis } from '../servers/redis.ts'
import type { TestDesk } from '../stories/command-desk.ts'

export const secret = 'a secret of the console, long enough'
/** Ann's. */
export const token = createSigner(secret).token('ann', start)

export interface Ran {
  readonly code: ExitCode
  readonly out: string
  readonly err: string
  readonly asked: readonly string[]
}

export interface CliHouse {
  readonly desk: TestDesk
  readonly web: Web
  readonly url: string
  readonly home: string
  /** Runs the command line in this process; `answers` are typed by whoever sits there, who is absent without them. */
  readonly dr: (
    args: readonly string[],
    more?: Partial<Machine> & { readonly answers?: readonly string[] },
  ) => Promise<Ran>
  readonly close: () => Promise<void>
}

export async function openCli(redis: TestRedis): Promise<CliHouse> {
  const desk = await startDesk(redis)
  const home = await mkdtemp(join(tmpdir(), 'dr-home-'))
  const web = createWeb({
    nagiosToken: 'not used in this file',
    accept: async () => {},
    heartbeat: () => {},
    clock: desk.clock,
    log: silent,
    metrics: createMetrics(),
    store: desk.store,
    runCard: (run) => runCard(run, desk.clock.now(), desk.plan()),
    dispatch: desk.dispatch,
    changes: createChanges(),
    plan: desk.plan,
    signer: createSigner(secret),
    publicUrl: 'http://127.0.0.1',
    ready: async () => ({ ready: true, checks: {} }),
  })
  const url = await web.listen('127.0.0.1', 0)
  return {
    desk,
    web,
    url,
    home,
    dr: async (args, more = {}) => {
      const [out, err, asked]: [string[], string[], string[]] = [[], [], []]
      const { answers, ...machine } = more
      const ask = async (question: string): Promise<string> => {
        asked.push(question)
        return answers?.[asked.length - 1] ?? ''
      }
      const code = await runCli(args, {
        env: () => ({ DR_URL: url, DR_TOKEN: token }),
        home,
        now: desk.clock.now,
        after: desk.clock.after,
        out: (text) => void out.push(text),
        err: (text) => void err.push(text),
        terminal: { width: 80, colour: false },
        version: () => '1.2.3',
        ask: answers && ask,
        input: async () => '',
        signer: async () => createSigner,
        systems: () => Promise.reject(new Error('no system is asked')),
        chat: async () => async () => {},
        ...machine,
      })
      return { code, out: out.join(''), err: err.join(''), asked }
    },
    close: async () => {
      await web.close()
      await rm(home, { recursive: true })
    },
  }
}
