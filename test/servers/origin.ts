// An https server on loopback that shows a certificate of test/fixtures/tls/origins, which can be exchanged while it runs.
import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer as createPlain } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:https'

/** A file there, without its ending. */
export type OriginCertificate =
  | 'trusted'
  | 'expired'
  | 'not-yet'
  | 'other-name'
  | 'origin-ca'
  | 'hostile-issuer'
  | 'self-signed'

export interface Origin {
  readonly host: string
  readonly port: number
  /** Connections so far, and HTTP requests so far. */
  readonly connections: () => number
  readonly requests: () => number
  readonly show: (certificate: OriginCertificate) => void
  /** `hang`: takes connections and says nothing. `reset`: resets them at once. */
  readonly fail: (how: 'hang' | 'reset') => void
  readonly stop: () => Promise<void>
}

/** The authority that stands for a public one; trusts `trusted`, and no other but by its date or name. */
export function publicAuthority(): string {
  return pem('origins/public-authority')
}

function pem(name: string): string {
  return readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url), 'utf8')
}

/** Answers 200 to every request. `host`: any address of 127.0.0.0/8. */
export async function startOrigin(certificate: OriginCertificate, host = '127.0.0.1'): Promise<Origin> {
  const context = (name: OriginCertificate) => ({ key: pem('key'), cert: pem(`origins/${name}`) })
  let requests = 0
  let connections = 0
  let failing: 'hang' | 'reset' | undefined
  const https = createServer(context(certificate), (_request, response) => {
    requests += 1
    response.end('ok')
  })
  // The connection itself is taken here, so that it can hang or be closed before anything is said.
  const sockets = new Set<Socket>()
  const server = createPlain((socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    if (failing === 'hang') return
    if (failing === 'reset') socket.resetAndDestroy()
    else https.emit('connection', socket)
  })
  server.listen(0, host)
  await once(server, 'listening')
  return {
    host,
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    requests: () => requests,
    show: (next) => https.setSecureContext(context(next)),
    fail: (how) => {
      failing = how
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
