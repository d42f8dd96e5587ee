// The published keys of the issuer of Teams' tokens: those of no use here close the door to none of the others.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair } from 'jose'
import type { JWK } from 'jose'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createKeys } from '../../src/chat/teams/inbound/keys.ts'
import type { FoundKey } from '../../src/chat/teams/inbound/keys.ts'
import type { Log } from '../../src/ports.ts'

let published: JWK
const warnings: string[] = []
const log: Log = {
  info: () => undefined,
  warn: (text) => void warnings.push(text),
  error: () => undefined,
  debug: () => undefined,
}

beforeAll(async () => {
  const { publicKey } = await generateKeyPair('RS256', { extractable: true })
  published = { ...(await exportJWK(publicKey)), kid: 'good' }
})
afterEach(() => {
  warnings.length = 0
})

/** The key `good` as it is found where these are published. */
async function found(keys: readonly unknown[]): Promise<FoundKey> {
  const issuer = createServer((request, response) => {
    const { port } = issuer.address() as AddressInfo
    const body = request.url === '/keys' ? { keys } : { jwks_uri: `http://127.0.0.1:${port}/keys` }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await once(issuer.listen(0, '127.0.0.1'), 'listening')
  const { port } = issuer.address() as AddressInfo
  try {
    return await createKeys({ metadata: `http://127.0.0.1:${port}/`, log }).find('good')
  } finally {
    issuer.close()
  }
}

describe('a key that can be used', () => {
  test.each([
    ['one without a modulus', () => ({ kty: 'RSA', kid: 'other', x5c: ['AAAA'] })],
    ['one for another purpose', () => ({ ...published, kid: 'other', key_ops: ['wrapKey'] })],
    ['one without an id', () => ({ kty: 'RSA', n: published.n, e: published.e })],
    ['one of another kind', () => ({ kty: 'EC', kid: 'other', crv: 'P-256', x: 'a', y: 'b' })],
    ['what is no key', () => 'key'],
  ])('is found beside %s', async (_, other) => {
    expect(await found([other(), published])).toMatchObject({ endorsements: [] })
    expect(warnings).toEqual([])
  })
})

test('an issuer without any key that can be used counts as away, and is told of', async () => {
  expect(await found([{ kty: 'RSA', kid: 'good', x5c: ['AAAA'] }])).toBe('away')
  expect(warnings).toEqual(['the keys of Teams cannot be fetched; those that are known are kept'])
})
