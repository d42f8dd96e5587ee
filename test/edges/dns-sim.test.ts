// The DNS server of the simulated world answers like a real authoritative one.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect } from 'node:net'
import { decode, encode, streamDecode, streamEncode, type DecodedPacket, type Packet } from 'dns-packet'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startDnsServer, type DnsServer } from '../../sim/dns.ts'
import { servedZone } from '../../sim/dns/answer.ts'

let server: DnsServer

beforeEach(async () => {
  const zone = servedZone('example.com', ['ns1.example.com', 'localhost:5300'])
  zone.records = [
    { name: 'api.example.com', type: 'A', ttl: 60, data: '192.0.2.1' },
    { name: 'www.example.com', type: 'CNAME', ttl: 300, data: 'api.example.com' },
    { name: 'a.b.example.com', type: 'AAAA', ttl: 60, data: '2001:db8::1' },
    ...Array.from({ length: 40 }, (_, index) => ({
      name: 'many.example.com',
      type: 'A' as const,
      ttl: 60,
      data: `192.0.2.${index}`,
    })),
  ]
  server = await startDnsServer({ zones: [zone] })
})
afterEach(() => server.stop())

function query(name: string, type: 'A' | 'AAAA' | 'NS' | 'SOA' | 'CNAME'): Packet {
  return { type: 'query', id: 7, questions: [{ name, type }] }
}

async function udp(name: string, type: Parameters<typeof query>[1]): Promise<DecodedPacket> {
  const socket = createSocket('udp4')
  socket.send(encode(query(name, type)), server.port, server.host)
  const [message] = (await once(socket, 'message')) as [Buffer]
  socket.close()
  return decode(message)
}

async function tcp(name: string, type: Parameters<typeof query>[1]): Promise<Packet> {
  const socket = connect(server.port, server.host)
  socket.write(streamEncode(query(name, type)))
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of socket) {
    chunks.push(Buffer.from(chunk as Uint8Array))
    size += (chunk as Uint8Array).length
    const [first] = chunks
    if (first && size >= first.readUInt16BE(0) + 2) break
  }
  return streamDecode(Buffer.concat(chunks))
}

/** Reads what the type of an answer leaves open. */
function data(packet: Packet): readonly unknown[] {
  return (packet.answers ?? []).map((answer) => ('data' in answer ? answer.data : undefined))
}

test('answers with authority, whatever the case of the name, and repeats the name as it was asked', async () => {
  const packet = await udp('API.example.COM', 'A')

  expect(packet).toMatchObject({ id: 7, rcode: 'NOERROR', flag_aa: true, flag_ra: false })
  expect(packet.answers).toMatchObject([{ name: 'API.example.COM', type: 'A', ttl: 60, data: '192.0.2.1' }])
})

test('follows a CNAME inside its own zone', async () => {
  expect(data(await udp('www.example.com', 'A'))).toEqual(['api.example.com', '192.0.2.1'])
})

test('tells a name that is not there from a name without such a record, with the SOA in both', async () => {
  const noName = await udp('nothing.example.com', 'A')
  const noRecord = await udp('api.example.com', 'AAAA')
  const between = await udp('b.example.com', 'A')

  expect(noName).toMatchObject({ rcode: 'NXDOMAIN', authorities: [{ type: 'SOA', name: 'example.com' }] })
  expect(noRecord).toMatchObject({ rcode: 'NOERROR', answers: [], authorities: [{ type: 'SOA' }] })
  expect(between).toMatchObject({ rcode: 'NOERROR', answers: [] })
})

test('names the name servers without their ports', async () => {
  expect(data(await udp('example.com', 'NS'))).toEqual(['ns1.example.com', 'localhost'])
})

test('refuses a zone that is not its own', async () => {
  expect(await udp('example.net', 'A')).toMatchObject({ rcode: 'REFUSED', flag_aa: false, answers: [] })
})

test('cuts an answer that is too long for UDP, and gives all of it over TCP', async () => {
  const short = await udp('many.example.com', 'A')
  const long = await tcp('many.example.com', 'A')

  expect(short).toMatchObject({ flag_tc: true, answers: [] })
  expect(long.answers).toHaveLength(40)
})

test('ignores what is no DNS message, and goes on', async () => {
  const socket = createSocket('udp4')
  socket.send(Buffer.from('hello'), server.port, server.host)
  await once(socket, 'listening')

  expect(data(await udp('api.example.com', 'A'))).toEqual(['192.0.2.1'])
  socket.close()
})

test('answers from the old zone as many times as it was told to', async () => {
  server.fault({ kind: 'stale', queries: 1 })
  const [zone] = server.zones
  if (zone) zone.records = [{ name: 'api.example.com', type: 'A', ttl: 60, data: '192.0.2.99' }]

  expect(data(await udp('api.example.com', 'A'))).toEqual(['192.0.2.1'])
  expect(data(await udp('api.example.com', 'A'))).toEqual(['192.0.2.99'])
})
