// One question to one name server, with the whole answer: node's resolver hides the part in which a parent delegates.
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { on, once } from 'node:events'
import { connect } from 'node:net'
import { decode, encode, streamEncode } from 'dns-packet'
import type { Answer, Packet, Question } from 'dns-packet'
import type { Duration } from '../../ids.ts'
import { second } from '../../ids.ts'

export interface DnsAnswer {
  readonly answers: readonly Answer[]
  readonly authorities: readonly Answer[]
}

export interface DnsAsk {
  readonly name: string
  readonly type: 'NS' | 'DS'
}

interface At {
  readonly host: string
  readonly port: number
}

const truncated = 0x02_00
const codes = 0x0f
const codeNames: Readonly<Record<number, string>> = { 1: 'FORMERR', 2: 'SERVFAIL', 4: 'NOTIMP', 5: 'REFUSED' }
const ok = 0
const noSuchName = 3

/**
 * Asks `server` (`ip:port` or `[v6]:port`) without recursion, over TCP when UDP is too small for it. Throws what went
 * wrong as text that follows the server's name; stops when the signal does.
 */
export async function ask(
  server: string,
  question: DnsAsk,
  { timeout, signal }: { readonly timeout: Duration; readonly signal: AbortSignal },
): Promise<DnsAnswer> {
  const late = AbortSignal.timeout(timeout)
  const limit = AbortSignal.any([signal, late])
  const query: Packet = { type: 'query', id: randomInt(65_536), flags: 0, questions: [question] }
  try {
    const at = placeOf(server)
    const short = await overUdp(at, query, limit)
    const packet = ((short.flags ?? 0) & truncated) === 0 ? short : await overTcp(at, query, limit)
    const code = (packet.flags ?? 0) & codes
    if (code !== ok && code !== noSuchName)
      throw new Error(`answers ${codeNames[code] ?? `with DNS error ${code}`}`)
    return { answers: packet.answers ?? [], authorities: packet.authorities ?? [] }
  } catch (thrown) {
    if (late.aborted) throw new Error(`does not answer within ${timeout / second}s`, { cause: thrown })
    throw thrown
  }
}

function placeOf(server: string): At {
  const [, host = server, port = '53'] = /^\[?(.+?)\]?:(\d+)$/.exec(server) ?? []
  return { host, port: Number(port) }
}

/**
 * Only an answer from the server itself, with the question and its number, counts: anybody can send a datagram in the
 * server's name, and the true answer may come after it.
 */
async function overUdp({ host, port }: At, query: Packet, signal: AbortSignal): Promise<Packet> {
  signal.throwIfAborted()
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  try {
    socket.connect(port, host)
    await once(socket, 'connect', { signal })
    const messages = on(socket, 'message', { signal }) as AsyncIterable<[Buffer]>
    socket.send(encode(query))
    for await (const [message] of messages) {
      const packet = decoded(message)
      if (packet && isAnswerTo(query, packet)) return packet
    }
    throw new Error('closed the socket without an answer')
  } finally {
    socket.close()
  }
}

function decoded(message: Buffer): Packet | undefined {
  try {
    return decode(message)
  } catch {
    // It is no DNS message.
    return undefined
  }
}

/** A server that refuses may leave the question out, such as one that could not read it. */
function isAnswerTo(query: Packet, { type, id, flags = 0, questions = [] }: Packet): boolean {
  if (type !== 'response' || id !== query.id) return false
  const code = flags & codes
  if (questions.length === 0) return code !== ok && code !== noSuchName
  return questions.length === 1 && questionText(questions[0]) === questionText(query.questions?.[0])
}

/** Names are the same whatever their case is. */
function questionText(question: Question | undefined): string {
  if (question === undefined) return ''
  const { name, type, class: kind = 'IN' } = question
  return `${name.toLowerCase().replace(/\.$/, '')} ${kind} ${type}`
}

async function overTcp({ host, port }: At, query: Packet, signal: AbortSignal): Promise<Packet> {
  signal.throwIfAborted()
  const socket = connect({ host, port, signal })
  try {
    socket.write(streamEncode(query))
    let received = Buffer.alloc(0)
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk as Buffer])
      if (received.length >= 2 && received.length >= received.readUInt16BE(0) + 2)
        return whole(query, received)
    }
    throw new Error('closed the connection without an answer')
  } finally {
    socket.destroy()
  }
}

function whole(query: Packet, received: Buffer): Packet {
  const packet = decoded(received.subarray(2, received.readUInt16BE(0) + 2))
  if (packet && isAnswerTo(query, packet)) return packet
  throw new Error('answers with something that is no answer to the question')
}
