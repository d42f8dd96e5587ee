// A plan in a file of its own and the terminal in front of it, for the tests of `dr plan check --live`.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from '../../src/cli/main.ts'
import { createClock } from '../../src/clock.ts'
import type { Environment } from '../../src/config.ts'
import type { Clock } from '../../src/ports.ts'
import { createSystems } from '../../src/providers.ts'
import { expectNoSecret } from '../contracts/provider.ts'

export interface LivePlan {
  /** Puts these systems into the plan, in place of those before. */
  readonly write: (systems: string) => Promise<void>
  /** Puts this into the file, which need not be a plan. */
  readonly writeText: (text: string) => Promise<void>
  /** Runs it in this process, with these settings beside the bot's own; fails when a secret is printed. */
  readonly check: (env: Environment, args?: readonly string[], after?: Clock['after']) => Promise<Checked>
  readonly close: () => Promise<void>
}

export interface Checked {
  readonly code: number
  /** What was printed, and behind it what was printed as errors, such as that it takes long. */
  readonly out: string
  /** What was printed alone: what another program reads. */
  readonly printed: string
}

/** What every one of these plans has before its systems: one person, who does everything. */
const head = `
organisation: Example Ltd
timezone: Europe/Berlin
people:
  ann: { name: Ann Onken, roles: [engineer, manager], email: ann@example.com, slack: U0ANN }
groups: { dev: { people: [ann] } }
oncall: { rotations: [{ name: primary, type: weekly, start: 2026-01-05T09:00, people: [ann] }] }
paging: { ladder: [{ chat: 0s }, { email: 0s }], next_engineer_after: 3m }
diagnosis: { remind: 5m, deadline: 30m }
escalation: [{ to: [rotation:primary] }, { to: [group:dev] }]
systems:
`

/** `secrets`: what must never be printed. */
export async function openLivePlan(secrets: () => readonly string[]): Promise<LivePlan> {
  const dir = await mkdtemp(join(tmpdir(), 'dr-live-'))
  const file = join(dir, 'plan.yml')
  return {
    write: (systems) => writeFile(file, `${head}${systems.replace(/^\n+/, '')}`),
    writeText: (text) => writeFile(file, text),
    check: async (env, args = [], after) => {
      const [out, err]: [string[], string[]] = [[], []]
      const clock = createClock()
      const code = await runCli(['plan', 'check', '--live', file, ...args], {
        // Without what only a running bot needs.
        env: () => env,
        home: dir,
        now: clock.now,
        after: after ?? clock.after,
        out: (text) => void out.push(text),
        err: (text) => void err.push(text),
        version: () => '1.2.3',
        terminal: { width: 80, colour: false },
        ask: undefined,
        input: async () => '',
        signer: async () => () => ({ loginLink: () => '', token: () => '' }),
        systems: async () => (config) => createSystems(config, { clock }),
        chat: async () => async () => {},
      })
      expectNoSecret(secrets(), [out, err])
      const printed = out.join('')
      return { code, printed, out: printed + err.join('') }
    },
    close: () => rm(dir, { recursive: true, force: true }),
  }
}
