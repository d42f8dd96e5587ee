// Whatever goes wrong at HAProxy: what a person reads, as a golden file on which somebody can act at 3 a.m.
import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDataplane } from '../../sim/dataplane.ts'
import type { DataplaneSim } from '../../sim/dataplane.ts'
import { RetryableError } from '../../src/errors.ts'
import { createHaproxy } from '../../src/providers/haproxy/haproxy.ts'
import type { HaproxyOptions } from '../../src/providers/haproxy/haproxy.ts'
import { expectNoSecret } from '../contracts/provider.ts'
import { freePort } from '../../sim/free-port.ts'
import { dataplaneServers, startApi, startHaproxy } from '../../sim/haproxy.ts'
import type { ApiServer, RealHaproxy } from '../../sim/haproxy.ts'

const password = 'not-to-be-shown'
const calm = new AbortController().signal
const clock = { now: () => 0 }

let apis: readonly [ApiServer, ApiServer]
let haproxy: RealHaproxy
let operator: RealHaproxy
let sim: DataplaneSim

beforeAll(async () => {
  apis = await Promise.all([startApi('main'), startApi('standby')])
  const [main, standby] = apis
  ;[haproxy, operator] = await Promise.all([
    startHaproxy({ main, standby }),
    startHaproxy({ main, standby }, { level: 'operator' }),
  ])
  sim = await startDataplane({ user: 'dr-bot', password, servers: dataplaneServers })
})
afterAll(async () => {
  await Promise.all([haproxy, operator].map((one) => one.stop()))
  await Promise.all([...apis, sim].map((one) => one.stop()))
})

interface Case {
  readonly what: string
  readonly fails: () => Promise<unknown>
}

function server(control: string, fields: object = {}) {
  const wanted = { backend: 'api', server: 'standby', before: 'maint', after: 'ready', ...fields } as const
  return { provider: 'haproxy-server', control, ...wanted } as const
}

function observe(control: string, fields: object = {}, options: Partial<HaproxyOptions> = {}) {
  const here = createHaproxy({ clock, timeout: 5_000, user: 'dr-bot', password, ...options })
  return here['haproxy-server'].observe(server(control, fields), calm)
}

function start(control: string, fields: object) {
  const here = createHaproxy({ clock, timeout: 5_000, user: 'dr-bot', password })
  return here['haproxy-server'].start(server(control, fields), 'R-1-s1', calm)
}

function write(): Promise<unknown> {
  const here = createHaproxy({ clock, timeout: 5_000, user: 'dr-bot', password })
  const file = {
    control: sim.url,
    backend: 'api',
    server: 'standby',
    before: 'disabled',
    after: 'enabled',
  } as const
  return here['haproxy-file'].start({ provider: 'haproxy-file', ...file }, 'R-1-s1', calm)
}

/** Something that listens and says this to whoever comes. */
async function saying(text: string, doing: (control: string) => Promise<unknown>): Promise<unknown> {
  const other = createServer((client) => {
    client.on('error', () => client.destroy())
    client.end(text)
  })
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  try {
    return await doing(`tcp://127.0.0.1:${(other.address() as AddressInfo).port}`)
  } finally {
    other.close()
  }
}

async function simulating(fault: Parameters<DataplaneSim['fault']>[0], doing: () => Promise<unknown>) {
  sim.fault(fault)
  try {
    return await doing()
  } finally {
    sim.fault(undefined)
  }
}

/** What the socket does whatever is asked of it stands in the table of errors. */
const cases: readonly Case[] = [
  { what: 'the socket is not there', fails: () => observe('unix:/run/nothing/here.sock') },
  { what: 'the name has no address', fails: () => observe('tcp://lb1.invalid:9999') },
  { what: 'it answers nothing', fails: () => saying('', observe) },
  { what: 'it answers half', fails: () => saying('admin\n\n1\n# be_id be_na', observe) },
  { what: 'the level is not admin', fails: () => observe(operator.control) },
  { what: 'there is no such backend', fails: () => observe(haproxy.control, { backend: 'nothing' }) },
  { what: 'there is no such server', fails: () => observe(haproxy.control, { server: 'nothing' }) },
  {
    what: 'no other server takes traffic',
    fails: () => start(haproxy.control, { server: 'main', before: 'ready', after: 'maint' }),
  },
  { what: 'Data Plane API: no user is set', fails: () => observe(sim.url, {}, { user: undefined }) },
  { what: 'Data Plane API: the password is wrong', fails: () => observe(sim.url, {}, { password: 'wrong' }) },
  {
    what: 'Data Plane API: nobody listens',
    fails: async () => observe(`http://127.0.0.1:${await freePort()}`),
  },
  {
    what: 'Data Plane API: silent',
    fails: () => simulating({ kind: 'hang' }, () => observe(sim.url, {}, { timeout: 300 })),
  },
  { what: 'Data Plane API: reset', fails: () => simulating({ kind: 'reset' }, () => observe(sim.url)) },
  {
    what: 'Data Plane API: a web page',
    fails: () => simulating({ kind: 'nonsense' }, () => observe(sim.url)),
  },
  {
    what: 'Data Plane API: another right is missing (403)',
    fails: () => simulating({ kind: 'status', status: 403 }, () => observe(sim.url)),
  },
  {
    what: 'Data Plane API: too many requests (429)',
    fails: () => simulating({ kind: 'status', status: 429, retryAfter: 3 }, () => observe(sim.url)),
  },
  {
    what: 'Data Plane API: broken (500)',
    fails: () => simulating({ kind: 'status', status: 500 }, () => observe(sim.url)),
  },
  {
    what: 'Data Plane API: it does not like the change (400)',
    fails: () => simulating({ kind: 'status', status: 400, on: 'change' }, () => start(sim.url, {})),
  },
  { what: 'Data Plane API: no such backend', fails: () => observe(sim.url, { backend: 'nothing' }) },
  { what: 'Data Plane API: no such server', fails: () => observe(sim.url, { server: 'nothing' }) },
  {
    what: 'Data Plane API: somebody else writes the file at the same time (409)',
    fails: () => simulating({ kind: 'other-writer' }, write),
  },
]

test('each failure says what is wrong, where, and what to do, and no secret', async () => {
  const texts: string[] = []
  for (const { what, fails } of cases) {
    const thrown = await fails().then(
      () => 'nothing was thrown',
      (error: unknown) => error,
    )
    expectNoSecret([password], thrown)
    const kind = thrown instanceof RetryableError ? 'tried again' : 'for a person'
    const after =
      thrown instanceof RetryableError && thrown.after !== undefined ? ` after ${thrown.after} ms` : ''
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    texts.push(
      `${what} (${kind}${after}):\n  ${message.replaceAll(/127\.0\.0\.1:\d+/g, '192.0.2.11:PORT')}\n`,
    )
  }

  await expect(texts.join('\n')).toMatchFileSnapshot('../golden/errors/haproxy.txt')
})
