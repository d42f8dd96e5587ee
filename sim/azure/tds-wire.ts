// The bytes of TDS (MS-TDS 7.4 and 8.0): messages in packets, what a client sends, and the tokens of an answer.

/** Types of packets. */
export const packets = {
  batch: 0x01,
  answer: 0x04,
  attention: 0x06,
  transaction: 0x0e,
  login: 0x10,
  prelogin: 0x12,
} as const

/** A whole message: what its packets hold together. */
export interface Message {
  readonly type: number
  readonly body: Buffer
}

/** The client has sent what the protocol does not allow; the server ends the connection. */
export class TdsError extends Error {
  override readonly name = 'TdsError'
}

const headerSize = 8
const packetSize = 4_096

/** Takes whole messages off the front of what has come in so far; `rest` is not whole yet. */
export function messagesIn(input: Buffer): { readonly messages: readonly Message[]; readonly rest: Buffer } {
  const messages: Message[] = []
  let rest = input
  let parts: Buffer[] = []
  let begin = input
  while (rest.length >= headerSize) {
    const length = rest.readUInt16BE(2)
    if (length < headerSize) throw new TdsError('a packet is shorter than its header')
    if (rest.length < length) break
    const [type = 0, status = 0] = rest
    parts.push(rest.subarray(headerSize, length))
    rest = rest.subarray(length)
    if ((status & 1) === 0) continue
    messages.push({ type, body: Buffer.concat(parts) })
    parts = []
    begin = rest
  }
  return { messages, rest: begin }
}

/** The packets of an answer. */
export function answerOf(...tokens: readonly Buffer[]): Buffer {
  const body = Buffer.concat(tokens)
  const size = packetSize - headerSize
  const count = Math.max(1, Math.ceil(body.length / size))
  return Buffer.concat(
    Array.from({ length: count }, (_one, index) => {
      const part = body.subarray(index * size, (index + 1) * size)
      const header = Buffer.from([packets.answer, index === count - 1 ? 1 : 0, 0, 0, 0, 51, index + 1, 0])
      header.writeUInt16BE(part.length + headerSize, 2)
      return Buffer.concat([header, part])
    }),
  )
}

/** The options of a PRELOGIN, by their token. */
export function preloginIn(body: Buffer): ReadonlyMap<number, Buffer> {
  const options = new Map<number, Buffer>()
  for (let at = 0; body[at] !== 0xff; at += 5) {
    if (at + 5 > body.length) throw new TdsError('a PRELOGIN without an end')
    const offset = body.readUInt16BE(at + 1)
    options.set(body[at] ?? 0, body.subarray(offset, offset + body.readUInt16BE(at + 3)))
  }
  return options
}

/** The server's PRELOGIN: encryption is not negotiated inside of TLS; a token is taken as a login. */
export function preloginAnswer(): Buffer {
  const options: readonly (readonly [number, Buffer])[] = [
    [0x00, Buffer.from([16, 0, 0, 0, 0, 0])],
    [0x01, Buffer.from([0x02])],
    [0x06, Buffer.from([0x01])],
  ]
  let offset = options.length * 5 + 1
  const heads = options.map(([token, data]) => {
    const head = Buffer.alloc(5)
    head.writeUInt8(token, 0)
    head.writeUInt16BE(offset, 1)
    head.writeUInt16BE(data.length, 3)
    offset += data.length
    return head
  })
  return Buffer.concat([...heads, Buffer.from([0xff]), ...options.map(([, data]) => data)])
}

/** What counts of a LOGIN7. */
export interface Login {
  readonly server: string
  readonly database: string
  readonly user: string
  readonly password: string
  readonly readOnlyIntent: boolean
  /** The security token of a federated login. */
  readonly token: string | undefined
}

/** Offsets of the fixed part of LOGIN7 (MS-TDS 2.2.6.4) at which offset and length of each text stand. */
const login7 = { user: 40, password: 44, server: 52, extension: 56, database: 68 } as const

export function loginIn(body: Buffer): Login {
  if (body.length < 94 || body.readUInt32LE(0) !== body.length)
    throw new TdsError('a LOGIN7 of another length than it says')
  const bytesAt = (at: number): Buffer => {
    const offset = body.readUInt16LE(at)
    return body.subarray(offset, offset + body.readUInt16LE(at + 2) * 2)
  }
  const textAt = (at: number): string => bytesAt(at).toString('utf16le')
  const extended = ((body[27] ?? 0) & 0x10) !== 0
  return {
    server: textAt(login7.server),
    database: textAt(login7.database),
    user: textAt(login7.user),
    password: unscrambled(bytesAt(login7.password)),
    readOnlyIntent: ((body[26] ?? 0) & 0x20) !== 0,
    token: extended ? tokenIn(body, body.readUInt32LE(body.readUInt16LE(login7.extension))) : undefined,
  }
}

function unscrambled(bytes: Buffer): string {
  const plain = Buffer.from(bytes).map((byte) => {
    const swapped = byte ^ 0xa5
    return ((swapped & 0x0f) << 4) | (swapped >> 4)
  })
  return Buffer.from(plain).toString('utf16le')
}

/** The feature FEDAUTH with a security token whose echo is that of the server's PRELOGIN. */
function tokenIn(body: Buffer, from: number): string | undefined {
  for (let at = from; body[at] !== 0xff; at += 5 + body.readUInt32LE(at + 1)) {
    if (at + 5 > body.length) throw new TdsError('a list of features without an end')
    if (body[at] !== 0x02) continue
    if (body[at + 5] !== ((0x01 << 1) | 1))
      throw new TdsError('a FEDAUTH that is no security token, or no echo')
    const length = body.readUInt32LE(at + 6)
    return body.subarray(at + 10, at + 10 + length).toString('utf16le')
  }
  return undefined
}

/** The text of a SQL batch, or the kind of a transaction request, and the transaction that it is in. */
export function requestIn(body: Buffer): { readonly transaction: bigint; readonly rest: Buffer } {
  const length = body.readUInt32LE(0)
  if (length < 22 || body.readUInt16LE(8) !== 0x02) throw new TdsError('a request without its headers')
  return { transaction: body.readBigUInt64LE(10), rest: body.subarray(length) }
}

function number16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

/** A text with its length in one byte, or in two. */
function shortText(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'utf16le')])
}

function longText(text: string): Buffer {
  return Buffer.concat([number16(text.length), Buffer.from(text, 'utf16le')])
}

function sized(token: number, ...parts: readonly Buffer[]): Buffer {
  const data = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([token]), number16(data.length), data])
}

export function loginAck(federated: boolean): Buffer {
  const version = Buffer.from([0x74, 0x00, 0x00, 0x04])
  const name = shortText('Microsoft SQL Server')
  const ack = sized(0xad, Buffer.from([1]), version, name, Buffer.from([16, 0, 0, 0]))
  const feature = Buffer.from([0xae, 0x02, 0, 0, 0, 0, 0xff])
  return federated ? Buffer.concat([ack, feature]) : ack
}

/** ENVCHANGE: what is different from now on. */
export const changed = {
  routing: (host: string, port: number): Buffer => {
    const to = Buffer.concat([Buffer.from([0]), number16(port), longText(host)])
    return sized(0xe3, Buffer.from([20]), number16(to.length), to, number16(0))
  },
  begun: (transaction: bigint): Buffer => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(transaction)
    return sized(0xe3, Buffer.from([8, 8]), bytes, Buffer.from([0]))
  },
  ended: (how: 'committed' | 'rolled back', transaction: bigint): Buffer => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(transaction)
    return sized(0xe3, Buffer.from([how === 'committed' ? 9 : 10, 0, 8]), bytes)
  },
} as const

export interface SqlError {
  readonly number: number
  readonly message: string
  readonly state?: number
  readonly level?: number
}

export function errorToken({ number, message, state = 1, level = 16 }: SqlError, server: string): Buffer {
  return sized(
    0xaa,
    number32(number),
    Buffer.from([state, level]),
    longText(message),
    shortText(server),
    shortText(''),
    number32(1),
  )
}

/** `more`: another one follows; `error`, `attention`: how it has ended; `count`: rows. */
export function done(
  how: { readonly error?: boolean; readonly attention?: boolean; readonly count?: number } = {},
): Buffer {
  const status = (how.error ? 0x02 : 0) | (how.attention ? 0x20 : 0) | (how.count === undefined ? 0 : 0x10)
  const count = Buffer.alloc(8)
  count.writeBigUInt64LE(BigInt(how.count ?? 0))
  return Buffer.concat([Buffer.from([0xfd]), number16(status), number16(0xc1), count])
}

/** `decimal`: of decimal(38, s), with as many digits after the point as are written. */
export type Cell = string | number | bigint | { readonly decimal: string } | null

const collation = Buffer.from([0x09, 0x04, 0xd0, 0x00, 0x34])

/** One column of whole numbers (INTN), decimals (DECIMALN) or texts (NVARCHAR), and its rows. */
export function rowsOf(cells: readonly Cell[]): Buffer {
  const { type, bytesOf } = columnFor(cells)
  const column = Buffer.concat([number16(1), number32(0), number16(0x0009), type, shortText('')])
  const rows = cells.map((cell) => Buffer.concat([Buffer.from([0xd1]), bytesOf(cell)]))
  return Buffer.concat([Buffer.from([0x81]), column, ...rows])
}

interface Column {
  readonly type: Buffer
  readonly bytesOf: (cell: Cell) => Buffer
}

function columnFor(cells: readonly Cell[]): Column {
  const [decimal] = cells.flatMap((cell) => (typeof cell === 'object' && cell !== null ? [cell.decimal] : []))
  if (decimal !== undefined) {
    const scale = decimal.split('.')[1]?.length ?? 0
    return { type: Buffer.from([0x6a, 17, 38, scale]), bytesOf: decimalCell }
  }
  if (cells.some((cell) => typeof cell === 'string'))
    return { type: Buffer.concat([Buffer.from([0xe7]), number16(8_000), collation]), bytesOf: textCell }
  const wide = cells.some((cell) => typeof cell === 'bigint')
  return { type: Buffer.from([0x26, wide ? 8 : 4]), bytesOf: wide ? wideCell : numberCell }
}

function decimalCell(cell: Cell): Buffer {
  if (typeof cell !== 'object' || cell === null) return Buffer.from([0])
  const digits = BigInt(cell.decimal.replace(/[.-]/g, ''))
  const bytes = Buffer.alloc(16)
  bytes.writeBigUInt64LE(BigInt.asUintN(64, digits))
  bytes.writeBigUInt64LE(digits >> 64n, 8)
  return Buffer.concat([Buffer.from([17, cell.decimal.startsWith('-') ? 0 : 1]), bytes])
}

function wideCell(cell: Cell): Buffer {
  if (typeof cell !== 'bigint' && typeof cell !== 'number') return Buffer.from([0])
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(BigInt(cell))
  return Buffer.concat([Buffer.from([8]), bytes])
}

function textCell(cell: Cell): Buffer {
  if (typeof cell === 'object') return number16(0xffff)
  const bytes = Buffer.from(String(cell), 'utf16le')
  return Buffer.concat([number16(bytes.length), bytes])
}

function numberCell(cell: Cell): Buffer {
  return typeof cell === 'number' ? Buffer.concat([Buffer.from([4]), number32(cell)]) : Buffer.from([0])
}

/** An nvarchar(max) of unknown length, as packets: how its row begins, and a piece of it that can be sent for ever. */
export function endlessCell(): { readonly begin: Buffer; readonly piece: Buffer } {
  const type = Buffer.concat([Buffer.from([0xe7]), number16(0xffff), collation])
  const column = Buffer.concat([number16(1), number32(0), number16(0x0009), type, shortText('')])
  const unknownLength = Buffer.from([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])
  const row = Buffer.concat([Buffer.from([0xd1]), unknownLength])
  const text = Buffer.alloc(packetSize - headerSize - 4, 'A\0')
  return {
    begin: unfinished(Buffer.concat([Buffer.from([0x81]), column, row])),
    piece: unfinished(Buffer.concat([number32(text.length), text])),
  }
}

/** One packet of an answer that goes on. */
function unfinished(body: Buffer): Buffer {
  const header = Buffer.from([packets.answer, 0, 0, 0, 0, 51, 1, 0])
  header.writeUInt16BE(body.length + headerSize, 2)
  return Buffer.concat([header, body])
}
