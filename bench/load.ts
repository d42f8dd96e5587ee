// The load generator, a process of its own: keep-alive connections that send alerts as fast as they are answered, or at a given rate.
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { quantiles } from './statistics.ts'
import type { Quantiles } from './statistics.ts'
import { requestOf, subjectOf } from './traffic.ts'
import type { Door, Shape } from './traffic.ts'

/** What to send. It ends after `seconds`, or after `count` alerts. */
export interface Job {
  readonly door: Door
  readonly shape: Shape
  readonly connections: number
  readonly seconds: number
  readonly count?: number
  /**
   * Alerts per second, sent whether or not earlier ones were answered; absent: each connection sends when it was
   * answered.
   */
  readonly rate?: number
}

export interface LoadResult {
  readonly accepted: number
  readonly refused: number
  readonly seconds: number
  /** Accepted per second. */
  readonly perSecond: number
  /** From when an alert was to be sent until it was answered, in milliseconds. */
  readonly answer: Quantiles
}

interface Connection {
  readonly socket: Socket
  /** When the request under way was to be sent; undefined when there is none. */
  asked: number | undefined
  heard: string
}

async function run(job: Job): Promise<LoadResult> {
  const latencies: number[] = []
  const tally = { sent: 0, accepted: 0, refused: 0 }
  const most = job.count ?? Infinity
  const connections = await Promise.all(Array.from({ length: job.connections }, () => open(job.door.port)))
  const started = performance.now()
  const ends = started + job.seconds * 1_000
  const finished = Promise.withResolvers<void>()
  let timer: NodeJS.Timeout | undefined

  function ask(connection: Connection, due: number): void {
    connection.asked = due
    connection.socket.write(requestOf(job.door, subjectOf(job.shape, tally.sent), Date.now()))
    tally.sent += 1
  }
  function over(now: number): boolean {
    return now >= ends || tally.sent >= most
  }
  /** Sends what is due by now over the connections that are free. */
  function pace(): void {
    const now = performance.now()
    for (const connection of connections) {
      const due = started + (tally.sent * 1_000) / (job.rate ?? 1)
      if (due > now || over(now)) break
      if (connection.asked === undefined) ask(connection, due)
    }
    if (over(now) && connections.every((each) => each.asked === undefined)) finished.resolve()
  }
  function answered(connection: Connection, status: number): void {
    const now = performance.now()
    latencies.push(now - (connection.asked ?? now))
    connection.asked = undefined
    if (status >= 200 && status < 300) tally.accepted += 1
    else tally.refused += 1
    if (job.rate !== undefined) return
    if (!over(now)) ask(connection, now)
    else if (connections.every((each) => each.asked === undefined)) finished.resolve()
  }

  for (const connection of connections) {
    connection.socket.on('data', (chunk) => {
      connection.heard += chunk.toString('latin1')
      const status = statusOf(connection)
      if (status !== undefined) answered(connection, status)
    })
    connection.socket.on('error', finished.reject)
    connection.socket.on('close', () => finished.reject(new Error('the connection was closed')))
    if (job.rate === undefined) ask(connection, performance.now())
  }
  if (job.rate !== undefined) timer = setInterval(pace, 1)
  await finished.promise
  clearInterval(timer)
  const seconds = (performance.now() - started) / 1_000
  for (const { socket } of connections) socket.destroy()
  const { accepted, refused } = tally
  return { accepted, refused, seconds, perSecond: accepted / seconds, answer: quantiles(latencies) }
}

function open(port: number): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    socket.once('connect', () => resolve({ socket, asked: undefined, heard: '' }))
    socket.once('error', reject)
  })
}

/** The status of a response that is there as a whole; undefined while more of it must come. */
function statusOf(connection: Connection): number | undefined {
  const { heard } = connection
  const end = heard.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(heard.slice(0, end))?.[1] ?? 0)
  if (heard.length < end + 4 + length) return undefined
  connection.heard = ''
  return Number(heard.slice(9, 12))
}

const result = await run(JSON.parse(process.argv[2] ?? '') as Job)
process.stdout.write(JSON.stringify(result))
