// One question to one name server, with the whole answer: node's resolver hides the part in which a parent delegates.
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { decode, encode, streamDecode, streamEncode } from 'dns-packet'
import type { Answer, Packet } from 'dns-packet'
import type { Duration } from '../ids.ts'
import { second } from '../ids.ts'

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
    if (late.aborted) throw new Error(`does not answer within ${timeout / second} s`, { cause: thrown })
    throw thrown
  }
}

function placeOf(server: string): At {
  const [, host = server, port = '53'] = /^\[?(.+?)\]?:(\d+)$/.exec(server) ?? []
  return { host, port: Number(port) }
}

/** Only an answer from the server itself with the question's own number counts. */
async function overUdp({ host, port }: At, query: Packet, signal: AbortSignal): Promise<Packet> {
  signal.throwIfAborted()
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  try {
    socket.connect(port, host)
    await once(socket, 'connect', { signal })
    socket.send(encode(query))
    for (;;) {
      const [message] = (await once(socket, 'message', { signal })) as [Buffer]
      const packet = decode(message)
      if (packet.id === query.id && packet.type === 'response') return packet
    }
  } finally {
    socket.close()
  }
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
        return streamDecode(received)
    }
    throw new Error('closed the connection without an answer')
  } finally {
    socket.destroy()
  }
}
