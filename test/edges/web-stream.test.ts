// Event streams over real HTTP: how many a person may hold, and how many pages are made at a time.
import { once } from 'node:events'
import { get } from 'node:http'
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createChanges } from '../../src/changes.ts'
import { createStreams } from '../../src/web/stream.ts'
import type { Streams } from '../../src/web/stream.ts'

let server: FastifyInstance
let streams: Streams
let url: string
let open: number
let render: () => Promise<string | undefined>
let requests: ClientRequest[]
let warnings: string[]
/** What a request is held up by before its stream is opened, as by the look at who asks. */
let lookup: Promise<void>
const changes = createChanges()

beforeEach(async () => {
  open = 0
  requests = []
  lookup = Promise.resolve()
  render = async () => 'page'
  warnings = []
  streams = openStreams()
  server = fastify({ forceCloseConnections: true })
  server.get<{ Params: { readonly person: string } }>('/:person', async (request, reply) => {
    await lookup
    streams.open(reply, request.params.person, () => render())
  })
  url = await server.listen({ host: '127.0.0.1', port: 0 })
})

afterEach(async () => {
  vi.useRealTimers()
  for (const request of requests) request.destroy()
  streams.close()
  await server.close()
})

function openStreams(): Streams {
  const warn = (text: string) => void warnings.push(text)
  return createStreams({
    changes,
    clock: { now: Date.now, real: (duration) => duration, after: () => () => {} },
    log: { debug: () => {}, info: () => {}, warn, error: () => {} },
    counted: (count) => (open = count),
  })
}

async function watch(person: string): Promise<IncomingMessage> {
  const request = get(`${url}/${person}`, { agent: false })
  requests.push(request)
  request.on('error', () => {})
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  return answer.resume()
}

test('one person with many pages open does not shut out the others', async () => {
  for (let page = 1; page <= 10; page++) expect((await watch('ann')).statusCode).toBe(200)

  const further = await watch('ann')
  expect(further.statusCode).toBe(503)
  expect(further.headers['retry-after']).toBe('5')
  expect((await watch('bob')).statusCode).toBe(200)

  requests[0]?.destroy()
  await vi.waitFor(() => expect(open).toBe(10))
  expect((await watch('ann')).statusCode).toBe(200)
})

test('at most eight pages are made at a time, and each gets its turn', async () => {
  const waiting: (() => void)[] = []
  let made = 0
  render = async () => {
    made += 1
    await new Promise<void>((resolve) => waiting.push(resolve))
    return 'page'
  }
  for (let page = 0; page < 20; page++) await watch(`person-${page % 4}`)

  expect(made).toBe(8)
  waiting.shift()?.()
  await vi.waitFor(() => expect(made).toBe(9))
  await vi.waitFor(() => {
    for (const go of waiting.splice(0)) go()
    expect(made).toBeGreaterThanOrEqual(20)
  })
})

/** What a stream has sent so far. */
function read(stream: IncomingMessage): () => string {
  let text = ''
  stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  return () => text
}

test('a page that could not be made is made again by itself, and the log says it once', async () => {
  let broken = false
  render = async () => {
    if (broken) throw new Error('Redis does not answer')
    return `page ${made++}`
  }
  let made = 1
  const seen = read(await watch('ann'))
  await vi.waitFor(() => expect(seen()).toContain('page 1'))

  broken = true
  changes.tell('INC-1')
  await vi.waitFor(() => expect(warnings.length).toBeGreaterThan(0), 5_000)
  broken = false

  await vi.waitFor(() => expect(seen()).toContain('page 2'), 10_000)
  expect(warnings).toHaveLength(1)
})

test('what changed without a word of it is shown with the next sign of life', async () => {
  streams.close()
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  streams = openStreams()
  let page = 'before'
  render = async () => page
  const seen = read(await watch('ann'))
  await vi.waitFor(() => expect(seen()).toContain('before'))

  page = 'after'
  vi.advanceTimersByTime(15_000)

  await vi.waitFor(() => expect(seen()).toContain('after'), 5_000)
  expect(seen()).toContain('event: beat')
})

test('a page that reads nothing is let go of after two beats, and one that reads is not', async () => {
  streams.close()
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  streams = openStreams()
  // More than all buffers on the way hold: from here on it cannot take anything.
  let made = 0
  render = async () => (made++ === 0 ? 'page'.repeat(5_000_000) : 'small')
  const stuck = await watch('ann')
  stuck.pause()
  await vi.waitFor(() => expect(made).toBe(1))
  const seen = read(await watch('bob'))
  await vi.waitFor(() => expect(seen()).toContain('small'))

  vi.advanceTimersByTime(15_000)
  expect(open).toBe(2)
  vi.advanceTimersByTime(15_000)

  await vi.waitFor(() => expect(open).toBe(1), 5_000)
})

test('a page that was closed while it waited for its turn is not made any more', async () => {
  let made = 0
  let go = (): void => {}
  const held = new Promise<void>((resolve) => (go = resolve))
  render = async () => {
    made += 1
    await held
    return 'page'
  }
  for (let page = 0; page < 9; page++) await watch(`person-${page}`)
  requests[8]?.destroy()
  await vi.waitFor(() => expect(open).toBe(8))

  go()
  await watch('ann')
  await vi.waitFor(() => expect(made).toBeGreaterThan(8))

  expect(made).toBe(9)
})

test('pages that were closed before their streams were opened are not counted, and shut nobody out', async () => {
  let go = (): void => {}
  lookup = new Promise<void>((resolve) => (go = resolve))
  let arrived = 0
  let closed = 0
  server.server.on('request', (_request, response: ServerResponse) => {
    arrived += 1
    response.on('close', () => (closed += 1))
  })
  for (let page = 0; page < 40; page++) {
    const request = get(`${url}/ann`, { agent: false })
    request.on('error', () => {})
    requests.push(request)
  }
  await vi.waitFor(() => expect(arrived).toBe(40))
  for (const request of requests) request.destroy()
  await vi.waitFor(() => expect(closed).toBe(40))

  go()

  expect((await watch('ann')).statusCode).toBe(200)
  expect(open).toBe(1)
})
