// No answer of a provider leads a request, with its token, to another host.
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { onlyTo } from '../../src/providers/azure/answers.ts'
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

test('a request to another host than the endpoint is not sent to Azure', async () => {
  const sent: string[] = []
  const { policy } = onlyTo('https://management.azure.com')
  const send = (url: string) =>
    policy.sendRequest({ url } as never, async (request) => {
      sent.push(request.url)
      return {} as never
    })

  await send('https://management.azure.com/subscriptions?page=2')

  await expect(send('https://192.0.2.66/next')).rejects.toThrow(
    /another host, 192\.0\.2\.66: nothing was sent/,
  )
  expect(sent).toEqual(['https://management.azure.com/subscriptions?page=2'])
})
