// The simulated SQL server is as strict as a real one: TLS of TDS 8.0 first, the protocol's order, a right login, a transaction.
import { once } from 'node:events'
import { connect } from 'node:tls'
import { Connection, Request } from 'tedious'
import type { ConnectionConfiguration } from 'tedious'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AzureSim } from '../../sim/azure.ts'
import { startTestAzure } from '../servers/azure.ts'
import { alone } from '../servers/databases.ts'

const count = 'SELECT COUNT(*) FROM orders'
let sim: AzureSim
let port: number

beforeEach(async () => {
  sim = await startTestAzure({ sql: { ...alone, answers: { [count]: [42] } } })
  port = Number(sim.tds.endpoint.split(':')[1])
})
afterEach(() => sim.stop())

/** Opens TLS, sends these bytes, and waits until the server has closed the connection; what it has said before. */
async function spoken(bytes: Buffer, ALPNProtocols = ['tds/8.0']): Promise<Buffer> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'sql-west.sql.localhost', ALPNProtocols })
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('secureConnect', () => socket.write(bytes))
  await once(socket, 'close')
  return Buffer.concat(chunks)
}

function packet(type: number, body: Buffer): Buffer {
  const header = Buffer.from([type, 1, 0, 0, 0, 0, 1, 0])
  header.writeUInt16BE(body.length + 8, 2)
  return Buffer.concat([header, body])
}

async function opened(change: Partial<NonNullable<ConnectionConfiguration['options']>> = {}) {
  const connection = new Connection({
    server: 'sql-west.sql.localhost',
    authentication: {
      type: 'default',
      options: { userName: sim.tds.login.user, password: sim.tds.login.password },
    },
    options: {
      port,
      database: 'orders',
      encrypt: 'strict',
      connector: async () => {
        const { connect: tcp } = await import('node:net')
        const socket = tcp({ port, host: '127.0.0.1' })
        await once(socket, 'connect')
        return socket
      },
      maxRetriesOnTransientErrors: 0,
      connectTimeout: 5_000,
      ...change,
    },
  })
  connection.on('error', () => {})
  await new Promise<void>((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve()))
  })
  return connection
}

describe('a connection is closed', () => {
  test('that begins without TLS, as older versions of the protocol do', async () => {
    await expect(opened({ encrypt: true })).rejects.toThrow(
      /socket hang up|ECONNRESET|Connection lost|Failed to connect/,
    )
  })

  test('whose TLS is not for TDS 8.0', async () => {
    await expect(spoken(packet(0x12, Buffer.from([0xff])), ['http/1.1'])).rejects.toThrow(
      /no application protocol/,
    )
  })

  test('that logs in before it has said what it is', async () => {
    expect(await spoken(packet(0x10, Buffer.alloc(94)))).toHaveLength(0)
  })

  test('that asks before it has logged in', async () => {
    expect(await spoken(packet(0x01, Buffer.alloc(40)))).toHaveLength(0)
  })
})

describe('a question', () => {
  async function asked(connection: Connection, sql: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      connection.execSqlBatch(new Request(sql, (error) => (error ? reject(error) : resolve())))
    })
  }

  test('outside of a transaction is refused', async () => {
    const connection = await opened()

    await expect(asked(connection, count)).rejects.toMatchObject({ number: 50_000 })
    connection.close()
  })

  test.each([
    ['SELECT 1 FROM customers', 208],
    ['DELETE FROM orders', 208],
    ['hello', 102],
  ])('that is not known is refused as SQL Server does: %s', async (sql, number) => {
    const connection = await opened()
    await new Promise<void>((resolve) => {
      connection.beginTransaction(() => resolve())
    })

    await expect(asked(connection, sql)).rejects.toMatchObject({ number })
    connection.close()
  })

  test('of a database whose name was taken away finds no way in', async () => {
    sim.sql.rename('sql-west', 'orders', 'other')

    await expect(opened()).rejects.toThrow(/Login failed|Cannot open database/)
    expect(sim.tds.requests).toEqual([{ what: 'refused', server: 'sql-west', database: '', text: 'orders' }])
  })
})
