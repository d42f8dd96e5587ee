// One question to a name server over real sockets, between answers that somebody else may have sent in its name.
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { decode, encode, streamEncode, TRUNCATED_RESPONSE, type Packet } from 'dns-packet'
import { afterEach, expect, test } from 'vitest'
import { ask, type DnsAnswer } from '../../src/providers/dns/query.ts'

const calm = new AbortController().signal
const question = { name: 'example.com', type: 'NS' } as const
const refused = 5
const closing: (() => void)[] = []

afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A name server that answers each query with these datagrams, in order. */
async function server(datagrams: (query: Packet) => readonly Buffer[], port = 0): Promise<string> {
  const socket: Socket = createSocket('udp4')
  socket.on('message', (message, from) => {
    for (const datagram of datagrams(decode(message))) socket.send(datagram, from.port, from.address)
  })
  socket.bind(port, '127.0.0.1')
  await once(socket, 'listening')
  closing.push(() => socket.close())
  return `127.0.0.1:${socket.address().port}`
}

function answer(query: Packet, nameServer: string, change: Packet = {}): Packet {
  const { id, questions = [] } = query
  const record = { type: 'NS', name: question.name, ttl: 60, data: nameServer } as const
  return { type: 'response', ...(id === undefined ? {} : { id }), questions, answers: [record], ...change }
}

function foreign(query: Packet): readonly Packet[] {
  const forged = 'ns.example.org'
  return [
    answer(query, forged, { id: ((query.id ?? 0) + 1) % 65_536 }),
    answer(query, forged, { type: 'query' }),
    answer(query, forged, { questions: [{ ...question, name: 'example.net' }] }),
    answer(query, forged, { questions: [{ ...question, type: 'DS' }] }),
    answer(query, forged, { questions: [{ ...question, class: 'CH' }] }),
    answer(query, forged, { questions: [question, question] }),
    answer(query, forged, { questions: [] }),
  ]
}

const noise = [Buffer.alloc(0), Buffer.from('not DNS'), Buffer.alloc(40, 0xff)]

function asked(at: string, timeout = 5_000): Promise<DnsAnswer> {
  return ask(at, question, { timeout, signal: calm })
}

test('the true answer counts, whatever came before it in the name of the server', async () => {
  const at = await server((query) => [
    ...noise,
    ...foreign(query).map((packet) => encode(packet)),
    encode(answer(query, 'ns.example.com', { questions: [{ ...question, name: 'EXAMPLE.com' }] })),
  ])

  const { answers } = await asked(at)

  expect(answers).toMatchObject([{ type: 'NS', data: 'ns.example.com' }])
})

test('what is no answer to the question is waited past until time is up', async () => {
  const at = await server((query) => [...noise, ...foreign(query).map((packet) => encode(packet))])

  await expect(asked(at, 200)).rejects.toThrow('does not answer within 0.2s')
})

test('a server that refuses without repeating the question is told as one that refuses', async () => {
  const at = await server((query) => [
    encode(answer(query, '', { questions: [], answers: [], flags: refused })),
  ])

  await expect(asked(at)).rejects.toThrow('answers REFUSED')
})

test.each([
  ['an answer to another question', (query: Packet) => streamEncode(foreign(query)[2] ?? query)],
  ['what is no DNS message', () => Buffer.from([0, 3, 1, 2, 3])],
])('over TCP %s is not taken', async (_what, reply) => {
  const tcp = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.on('data', (bytes) => socket.end(reply(decode(Buffer.from(bytes).subarray(2)))))
  })
  tcp.listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  closing.push(() => tcp.close())
  const { port } = tcp.address() as AddressInfo
  const cut = { answers: [], flags: TRUNCATED_RESPONSE }
  const at = await server((query) => [encode(answer(query, '', cut))], port)

  await expect(asked(at)).rejects.toThrow('answers with something that is no answer to the question')
})
