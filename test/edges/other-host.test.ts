// No answer of Cloudflare leads a request, with its token, to another host; for Azure: azure-other-host.test.ts.
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { createCloudflareDns } from '../../src/providers/cloudflare/cloudflare.ts'
import { standingClock } from '../contracts/provider.ts'

test('a redirect in the name of Cloudflare is not followed', async () => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(307, { location: '/elsewhere' }).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const dns = createCloudflareDns({
    token: 'a-token-for-tests-only',
    baseUrl: `http://127.0.0.1:${port}/client/v4`,
    timeout: 2_000,
    clock: standingClock(),
  })

  await expect(dns.zone('example.com', AbortSignal.timeout(5_000))).rejects.toThrow(/redirect/)

  expect(asked).not.toContain('/elsewhere')
  server.close()
})
