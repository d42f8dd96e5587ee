// A real authoritative DNS server (UDP and TCP) for the demo and the tests: `dig @127.0.0.1 -p PORT api.example.com`.
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import {
  AUTHORITATIVE_ANSWER,
  decode,
  encode,
  RECURSION_DESIRED,
  streamDecode,
  streamEncode,
  TRUNCATED_RESPONSE,
  type Packet,
} from 'dns-packet'
import { answer, rcode, type ServedZone } from './dns/answer.ts'

/**
 * drop: no answer at all. servfail, refuse: answers SERVFAIL or REFUSED. stale: the next `queries` questions are
 * answered from the
 * zones as they were when the fault was set, like a name server that has not got the change yet.
 */
export type DnsFault =
  | { readonly kind: 'drop' }
  | { readonly kind: 'servfail' }
  | { readonly kind: 'refuse' }
  | { readonly kind: 'stale'; readonly queries: number }

export interface DnsServer {
  readonly host: string
  readonly port: number
  /** `127.0.0.1:5300`, as `Resolver.setServers` takes it. */
  readonly address: string
  readonly zones: readonly ServedZone[]
  /** Every question that came in, newest last: `A api.example.com`. */
  readonly questions: readonly string[]
  /** Sets a fault; undefined mends it. */
  readonly fault: (fault: DnsFault | undefined) => void
  readonly stop: () => Promise<void>
}

interface Behaviour {
  readonly zones: readonly ServedZone[]
  readonly questions: string[]
  fault: DnsFault | undefined
  stale: { readonly zones: readonly ServedZone[]; left: number } | undefined
}

/** Starts the server on `host` (127.0.0.1) and `port` (0: any free one, the same for UDP and TCP). */
export async function startDnsServer(options: {
  readonly zones: readonly ServedZone[]
  readonly port?: number
  readonly host?: string
}): Promise<DnsServer> {
  const host = options.host ?? '127.0.0.1'
  const behaviour: Behaviour = { zones: options.zones, questions: [], fault: undefined, stale: undefined }
  const { udp, tcp, port } = await bindBoth(host, options.port ?? 0)
  const open = new Set<Socket>()
  udp.on('message', (message, from) => answerUdp(behaviour, udp, message, from))
  tcp.on('connection', (socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    serveTcp(behaviour, socket)
  })
  return {
    host,
    port,
    address: `${host}:${port}`,
    zones: options.zones,
    questions: behaviour.questions,
    fault: (fault) => setFault(behaviour, fault),
    stop: async () => {
      for (const socket of open) socket.destroy()
      udp.close()
      tcp.close()
      await Promise.all([once(udp, 'close'), once(tcp, 'close')])
    },
  }
}

function setFault(behaviour: Behaviour, fault: DnsFault | undefined): void {
  behaviour.fault = fault
  behaviour.stale =
    fault?.kind === 'stale'
      ? { zones: behaviour.zones.map((zone) => ({ ...zone })), left: fault.queries }
      : undefined
}

async function bindBoth(host: string, port: number): Promise<{ udp: UdpSocket; tcp: Server; port: number }> {
  for (let tries = 0; ; tries += 1) {
    const udp = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    const tcp = createServer()
    try {
      udp.bind(port, host)
      await once(udp, 'listening')
      const chosen = udp.address().port
      tcp.listen(chosen, host)
      await once(tcp, 'listening')
      return { udp, tcp, port: chosen }
    } catch (thrown) {
      closeQuietly(udp)
      if (port !== 0 || tries >= 20) throw thrown
    }
  }
}

/** A socket whose bind failed may be closed already. */
function closeQuietly(udp: UdpSocket): void {
  try {
    udp.close()
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ERR_SOCKET_DGRAM_NOT_RUNNING') throw thrown
  }
}

function answerUdp(behaviour: Behaviour, udp: UdpSocket, message: Buffer, from: RemoteInfo): void {
  const query = read(() => decode(message))
  const reply = query && respond(behaviour, query)
  if (!query || !reply) return
  const whole = encode(reply)
  const room = query.additionals?.find((extra) => extra.type === 'OPT')?.udpPayloadSize ?? 512
  const cut = { ...reply, answers: [], flags: (reply.flags ?? 0) | TRUNCATED_RESPONSE }
  udp.send(whole.length > Math.max(512, room) ? encode(cut) : whole, from.port, from.address)
}

function serveTcp(behaviour: Behaviour, socket: Socket): void {
  let buffered: Buffer = Buffer.alloc(0)
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    buffered = Buffer.concat([buffered, Buffer.from(chunk)])
    while (buffered.length >= 2 && buffered.length >= buffered.readUInt16BE(0) + 2) {
      const end = buffered.readUInt16BE(0) + 2
      const frame = buffered.subarray(0, end)
      buffered = buffered.subarray(end)
      const query = read(() => streamDecode(frame))
      const reply = query && respond(behaviour, query)
      if (reply) socket.write(streamEncode(reply))
    }
  })
}

/** A datagram that is no DNS message is not worth an answer. */
function read(decoding: () => Packet | null): Packet | undefined {
  try {
    return decoding() ?? undefined
  } catch {
    return undefined
  }
}

function respond(behaviour: Behaviour, query: Packet): Packet | undefined {
  const question = query.questions?.[0]
  const frame = frameOf(query)
  if (query.type !== 'query') return undefined
  if (!question) return { ...frame, flags: rcode.formatError }
  behaviour.questions.push(`${question.type} ${question.name.toLowerCase()}`)
  if (behaviour.fault?.kind === 'drop') return undefined
  if (behaviour.fault?.kind === 'servfail') return { ...frame, flags: rcode.serverFailure }
  if (behaviour.fault?.kind === 'refuse') return { ...frame, flags: rcode.refused }
  const reply = answer(zonesNow(behaviour), question)
  const flags =
    (reply.authoritative ? AUTHORITATIVE_ANSWER : 0) | ((query.flags ?? 0) & RECURSION_DESIRED) | reply.rcode
  return { ...frame, flags, answers: [...reply.answers], authorities: [...reply.authorities] }
}

function zonesNow(behaviour: Behaviour): readonly ServedZone[] {
  const stale = behaviour.stale
  if (!stale || stale.left <= 0) return behaviour.zones
  stale.left -= 1
  return stale.zones
}

function frameOf(query: Packet): Packet {
  const edns = query.additionals?.some((extra) => extra.type === 'OPT') ?? false
  return {
    type: 'response',
    id: query.id,
    questions: query.questions ?? [],
    additionals: edns
      ? [
          {
            type: 'OPT',
            name: '.',
            udpPayloadSize: 1232,
            flags: 0,
            options: [],
            extendedRcode: 0,
            ednsVersion: 0,
            flag_do: false,
          },
        ]
      : [],
  }
}
