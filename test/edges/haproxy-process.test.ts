// The real HAProxy of the demo and the tests lives as long as the process that started it, and no longer.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { startApi, startHaproxy } from '../../sim/haproxy.ts'
import type { ApiServer } from '../../sim/haproxy.ts'

const soon = { timeout: 10_000, interval: 20 }
const servers: ApiServer[] = []

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()))
})

async function api(name: string): Promise<ApiServer> {
  const server = await startApi(name)
  servers.push(server)
  return server
}

/** A process that starts an HAProxy, has it reload its file when asked to, and then does nothing; with HAProxy's address. */
async function startOwner(
  reloads: boolean,
): Promise<{ readonly owner: ReturnType<typeof spawn>; readonly url: string }> {
  const module = new URL('../../sim/haproxy.ts', import.meta.url).href
  const code = `
    const { startApi, startHaproxy } = await import(${JSON.stringify(module)})
    const [main, standby] = [await startApi('main'), await startApi('standby')]
    const haproxy = await startHaproxy({ main, standby })
    ${reloads ? 'await haproxy.reload()' : ''}
    console.log(haproxy.url)`
  const owner = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (owner.stdout === null) throw new Error('no output')
  const [line] = (await once(owner.stdout, 'data')) as [Buffer]
  return { owner, url: line.toString().trim() }
}

/** True while somebody listens there. */
async function listens(url: string): Promise<boolean> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

test.each([
  ['as it was started', false],
  ['after a reload', true],
])('goes when its owner is killed with kill -9: %s', async (_when, reloads) => {
  const { owner, url } = await startOwner(reloads)
  expect(await listens(url)).toBe(true)

  owner.kill('SIGKILL')

  await vi.waitFor(async () => expect(await listens(url)).toBe(false), soon)
})

test('keeps serving through reloads, and is gone when it is stopped', async () => {
  const haproxy = await startHaproxy({ main: await api('main'), standby: await api('standby') })
  await haproxy.tell('set server api/standby state ready')
  await haproxy.reload()
  await haproxy.reload()

  expect(await haproxy.states()).toBe('main ready, standby maint')
  expect(await (await fetch(haproxy.url)).text()).toBe('main')
  await haproxy.stop()
  expect(await listens(haproxy.url)).toBe(false)
})
