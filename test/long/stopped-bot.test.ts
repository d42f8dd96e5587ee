// A bot that is stopped between its last look and its change, as a machine that is moved: others go on without it.
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp } from 'node:fs/promises'
import { createServer, request as send } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { expect, it, onTestFinished, vi } from 'vitest'
import { startDataplane } from '../../sim/dataplane.ts'
import { freePort } from '../../sim/free-port.ts'
import { dataplaneServers } from '../../sim/haproxy.ts'
import { createSigner } from '../../src/web/session.ts'
import { nagiosToken, startBot } from '../servers/bot.ts'
import type { Bot } from '../servers/bot.ts'
import type { Told } from '../servers/bot-process.ts'
import { startTestRedis } from '../servers/redis.ts'

const patiently = { timeout: 20_000, interval: 100 }
const login = { HAPROXY_DATAPLANE_USER: 'dr-bot', HAPROXY_DATAPLANE_PASSWORD: 'not-to-be-shown' }

/** Hands everything on; `holdNext` keeps the answer of the next look at main's state until it is let go. */
async function startGate(target: string) {
  let held: ((letGo: () => void) => void) | undefined
  const server = createServer((request, response) => {
    const { method = 'GET', url = '' } = request
    async function handBack(answer: IncomingMessage): Promise<void> {
      const body = await buffer(answer)
      const letGo = (): void => {
        response.writeHead(answer.statusCode ?? 502, { 'content-type': 'application/json' }).end(body)
      }
      const hold = method === 'GET' && /\/runtime\/.*\/servers\/main$/.test(url) ? held : undefined
      if (hold === undefined) return letGo()
      held = undefined
      hold(letGo)
    }
    const onward = send(`${target}${url}`, { method, headers: request.headers }, (answer) => {
      handBack(answer).catch(() => response.destroy())
    })
    request.pipe(onward)
  })
  // A change goes out at once over a connection that is still there; a new one would leave the timers time to fire.
  server.keepAliveTimeout = 120_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    holdNext: () =>
      new Promise<() => void>((resolve) => {
        held = resolve
      }),
  }
}

/** One more bot beside the first, as a process of its own. */
async function startBeside(bot: Bot, env: Readonly<Record<string, string>>) {
  const entry = new URL('../servers/bot-process.ts', import.meta.url).pathname
  const child: ChildProcess = fork(
    entry,
    ['--clock', String(bot.clock.now()), '--since', String(Date.now())],
    {
      execArgv: [],
      stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
      env: {
        ...env,
        PATH: process.env['PATH'] ?? '',
        PORT: String(await freePort()),
        DR_PLAN: bot.planFile,
        DATA_DIR: await mkdtemp(join(tmpdir(), 'dr-stopped-')),
        NAGIOS_TOKEN: nagiosToken,
        CONSOLE_SECRET: bot.config.CONSOLE_SECRET,
        SMTP_URL: bot.mailbox.url,
        RECOVERY_CHECK_MINUTES: '0',
      },
    },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  let log = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    log += chunk.toString()
  })
  const [told] = (await once(child, 'message')) as [Told]
  const url = 'ready' in told ? told.ready : ''
  const token = createSigner(bot.config.CONSOLE_SECRET).token('ann', bot.clock.now())
  async function say(text: string): Promise<void> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const answer = await fetch(`${url}/api/commands`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ text }),
    })
    expect(await answer.json()).toMatchObject({ status: 'done' })
  }
  return { child, say, log: () => log }
}

function planWith(url: string): (plan: string) => string {
  return (plan) =>
    plan
      .replace(/ +sockets: \["tcp:\/\/192\.0\.2\.11.*\n/, `          dataplane: [{ url: "${url}" }]\n`)
      .replace('drain: 30s', 'drain: 1s')
      .replace(/\n +probe: \{ url: "http:\/\/api\.example\.com:8080.*\n/, '\n')
      .replace(/(- name: standby\n +risk: )disruptive(\n +expected: 1m)/, '$1reversible$2')
}

it('its change is not sent when it goes on after the others have failed over and back', async () => {
  const dataplane = await startDataplane({
    user: login.HAPROXY_DATAPLANE_USER,
    password: login.HAPROXY_DATAPLANE_PASSWORD,
    servers: dataplaneServers,
  })
  onTestFinished(dataplane.stop)
  const gate = await startGate(dataplane.url)
  const port = String(await freePort())
  const redis = await startTestRedis({ port, hz: '50' })
  onTestFinished(redis.stop)
  const env = { REDIS_URL: `redis://127.0.0.1:${port}`, ...login }
  const bot = await startBot(planWith(gate.url), { env })
  onTestFinished(bot.stop)
  const stopped = await startBeside(bot, env)
  await stopped.say('failover api')
  const held = gate.holdNext()
  await stopped.say('approve R-1')
  const letGo = await held

  stopped.child.kill('SIGSTOP')
  letGo()
  await vi.waitFor(async () => expect(await bot.run('R-1')).toMatchObject({ state: 'done' }), patiently)
  await bot.say('ann', 'failback api')
  await bot.say('ann', 'approve R-2')
  await vi.waitFor(async () => expect(await bot.run('R-2')).toMatchObject({ state: 'done' }), patiently)
  const sent = dataplane.requests().length
  stopped.child.kill('SIGCONT')
  await vi.waitFor(() => expect(stopped.log()).toContain('a step could not be started'), patiently)

  expect(
    dataplane
      .requests()
      .slice(sent)
      .filter(({ changes }) => changes),
  ).toEqual([])
  expect(dataplane.states()).toBe('main ready, standby maint')
})
