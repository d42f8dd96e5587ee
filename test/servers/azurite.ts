// Azurite, Microsoft's own emulator of storage queues, for tests: with TLS and tokens, in memory, on a free port.
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { QueueServiceClient, StorageSharedKeyCredential } from '@azure/storage-queue'
import { selfSigned } from '../../sim/azure/certificate.ts'
import { spawnBound } from '../../src/store/process.ts'
import type { BoundProcess } from '../../src/store/process.ts'

export interface Azurite {
  /** What AZURE_QUEUE_ENDPOINT is set to. */
  readonly queueEndpoint: string
  /** The queues of an account as an application has them, which may do everything. */
  readonly application: (account: string) => QueueServiceClient
  readonly stop: () => Promise<void>
}

/** A package of its own, which the project itself does not depend on. */
const installed = new URL('../../scripts/azurite/node_modules/', import.meta.url)
const program = new URL('azurite/dist/src/queue/main.js', installed).pathname
const key = Buffer.from('a key of an account in the memory of a test').toString('base64')

/** Starts it with these accounts, without queues; this process trusts its certificate from then on. */
export async function startAzurite(accounts: readonly string[]): Promise<Azurite> {
  if (!existsSync(program)) throw new Error('Azurite is not installed: sh scripts/setup.sh test')
  const dir = await mkdtemp(join(tmpdir(), 'dr-azurite-'))
  const { cert, key: privateKey } = selfSigned()
  const files = { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') }
  await Promise.all([writeFile(files.cert, cert), writeFile(files.key, privateKey, { mode: 0o600 })])
  const server = spawnBound(
    [process.execPath, program, ...'--queueHost 127.0.0.1 --queuePort 0 --oauth basic'.split(' ')].concat(
      ['--cert', files.cert, '--key', files.key],
      ['--skipApiVersionCheck', '--inMemoryPersistence', '--disableTelemetry', '--silent'],
    ),
    {
      cwd: dir,
      env: { AZURITE_ACCOUNTS: accounts.map((account) => `${account}:${key}`).join(';') },
      out: 'pipe',
      err: 'pipe',
    },
  )
  async function stop(): Promise<void> {
    // All that it has is in its memory: there is nothing that it could finish.
    server.process.kill('SIGKILL')
    await server.gone
    await rm(dir, { recursive: true, force: true })
  }
  const url = await listening(server).catch(async (thrown: unknown) => {
    await stop()
    throw thrown
  })
  setDefaultCACertificates([...getCACertificates('default'), cert])
  return {
    queueEndpoint: `${url}/{account}`,
    application: (account) =>
      new QueueServiceClient(`${url}/${account}`, new StorageSharedKeyCredential(account, key)),
    stop,
  }
}

/** Its address, which it says when it can be reached. */
async function listening({ process: { stdout, stderr } }: BoundProcess): Promise<string> {
  if (!stdout || !stderr) throw new Error('Azurite has no output')
  const said: string[] = []
  stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()))
  for await (const line of createInterface(stdout)) {
    const url = /successfully listens on (https:\S+)/.exec(line)?.[1]
    said.push(line)
    if (url !== undefined) return url
  }
  throw new Error(`Azurite did not start:\n${said.join('\n')}`)
}
