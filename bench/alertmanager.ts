// Prometheus Alertmanager as the peer: alone, without a cluster, telling a webhook receiver on loopback.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { existsSync } from 'node:fs'
import { sendRaw } from './bot.ts'
import { freePort } from '../sim/free-port.ts'
import { start } from './process.ts'
import type { Running } from './process.ts'
import type { Door, Subject } from './traffic.ts'

export interface Alertmanager extends Running {
  readonly door: Door
  /** Sends one alert and resolves when it was answered 200. */
  readonly alert: (subject: Subject) => Promise<void>
}

/** How alerts become groups, and how long a new group waits before it is told. */
export interface Grouping {
  readonly by: 'system' | 'instance'
  readonly wait: '0s' | '30s'
}

/** Debian's name and the one of its own releases. */
const names = ['prometheus-alertmanager', 'alertmanager']

/** Starts it on new data and waits until it is ready. It tells the receiver at `receiverUrl`. */
export async function startAlertmanager(grouping: Grouping, receiverUrl: string): Promise<Alertmanager> {
  const directory = await mkdtemp(join(tmpdir(), 'dr-bench-peer-'))
  const port = await freePort()
  const config = join(directory, 'alertmanager.yml')
  await writeFile(
    config,
    `route:
  receiver: bench
  group_by: [${grouping.by}]
  group_wait: ${grouping.wait}
  group_interval: 5m
  repeat_interval: 4h
  routes:
    - matchers: ['system="lb"']
      receiver: bench
      group_by: [instance]
receivers:
  - name: bench
    webhook_configs:
      - url: ${receiverUrl}
        send_resolved: false
`,
  )
  const running = await start({
    command: program(),
    args: [
      `--config.file=${config}`,
      `--storage.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
      '--log.level=error',
    ],
    env: {},
    directory,
    readyUrl: `http://127.0.0.1:${port}/-/ready`,
  })
  const agent = new Agent({ keepAlive: true })
  const door: Door = { peer: 'alertmanager', port, token: '' }
  return {
    ...running,
    door,
    alert: (subject) => sendRaw(agent, door, subject),
    stop: async () => {
      agent.destroy()
      await running.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function program(): string {
  const places = (process.env['PATH'] ?? '').split(delimiter)
  const found = names
    .flatMap((name) => places.map((place) => join(place, name)))
    .find((path) => existsSync(path))
  if (found === undefined) throw new Error('Alertmanager is not installed: run sh scripts/setup.sh bench')
  return found
}
