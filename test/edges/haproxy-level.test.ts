// What a real HAProxy says of the rights at its sockets.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApi, startHaproxy } from '../../sim/haproxy.ts'
import type { ApiServer } from '../../sim/haproxy.ts'
import { createHaproxyReader } from '../../src/providers/haproxy/level.ts'

const { level } = createHaproxyReader()
let main: ApiServer
let standby: ApiServer

beforeAll(async () => {
  main = await startApi('main')
  standby = await startApi('standby')
})
afterAll(async () => {
  await Promise.all([main.stop(), standby.stop()])
})

test.each(['admin', 'operator', 'user'] as const)('tells the level of a socket: %s', async (given) => {
  const haproxy = await startHaproxy({ main, standby }, { level: given })

  const seen = await level(haproxy.control, AbortSignal.timeout(10_000))
  await haproxy.stop()

  expect(seen).toBe(given)
})

test('says that a silent load balancer is silent', async () => {
  const asked = level('unix:/nowhere/haproxy.sock', AbortSignal.timeout(10_000))

  await expect(asked).rejects.toThrow('there is no such socket')
})
