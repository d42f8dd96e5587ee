// The certificate that an origin shows without Cloudflare in between: what each kind of it is called, and what counts.
import { afterEach, expect, test } from 'vitest'
import type { CertificateAction } from '../../src/recovery/action.ts'
import { certificateText, certificatesIn } from '../../src/recovery/kinds/certificate.ts'
import { createCertificateCheck } from '../../src/providers/certificate.ts'
import { publicAuthority, startOrigin } from '../servers/origin.ts'
import type { Origin, OriginCertificate } from '../servers/origin.ts'

const calm = new AbortController().signal
const origins: Origin[] = []

afterEach(async () => {
  for (const origin of origins.splice(0)) await origin.stop()
})

async function open(certificate: OriginCertificate): Promise<Origin> {
  const origin = await startOrigin(certificate)
  origins.push(origin)
  return origin
}

async function look(
  origin: Pick<Origin, 'host' | 'port'>,
  name = 'api.example.com',
  options: { readonly ca?: string } = { ca: publicAuthority() },
): Promise<{ readonly ok: boolean; readonly text: string }> {
  const want = [{ name, at: origin.host, port: origin.port }]
  const action: CertificateAction = { provider: 'certificate', want, timeout: 1_000 }
  const [seen] = certificatesIn(await createCertificateCheck(options).observe(action, calm))
  return { ok: seen?.ok ?? false, text: seen ? certificateText(seen) : '' }
}

test.each<[OriginCertificate, boolean, string]>([
  ['trusted', true, 'a certificate of test only: public authority, good until 2126-03-01'],
  [
    'expired',
    false,
    'a certificate of test only: public authority, good until 2021-03-01, which has expired',
  ],
  [
    'not-yet',
    false,
    'a certificate of test only: public authority, good until 2126-03-01, which is not valid yet',
  ],
  [
    'other-name',
    false,
    'a certificate of test only: public authority, good until 2126-03-01, which is for another name',
  ],
  [
    'origin-ca',
    false,
    "a certificate of CloudFlare Origin SSL Certificate Authority, good until 2126-03-01, Cloudflare's Origin CA, which only Cloudflare trusts: browsers and other clients refuse it",
  ],
  [
    'self-signed',
    false,
    'a certificate of test only: itself, good until 2126-03-01, which it has signed itself: clients refuse it',
  ],
])('tells what is the matter with a certificate: %s', async (kind, ok, says) => {
  const seen = await look(await open(kind))

  expect(seen.text).toBe(`127.0.0.1, asked for api.example.com, shows ${says}`)
  expect(seen.ok).toBe(ok)
})

test('trusts a name that a wildcard of the certificate stands for, and no other', async () => {
  const origin = await open('trusted')

  expect(await look(origin, 'pay.shop.example.com')).toMatchObject({ ok: true })
  expect(await look(origin, 'shop.example.com')).toMatchObject({ ok: false })
})

test('trusts public authorities only: one that is not on their list is none', async () => {
  const seen = await look(await open('trusted'), 'api.example.com', {})

  expect(seen).toMatchObject({
    ok: false,
    text: expect.stringContaining('which is not publicly trusted (UNABLE_TO_VERIFY_LEAF_SIGNATURE)'),
  })
})

test('shows what an issuer calls itself as one line of bounded length, whatever it wrote', async () => {
  const { ok, text } = await look(await open('hostile-issuer'))

  expect(ok).toBe(false)
  expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  expect(text).toContain('<!channel> <script>alert(1)</script>')
  expect(text.length).toBeLessThan(300)
})

test('says of each server what it shows, in the order in which they were asked', async () => {
  const good = await open('trusted')
  const bad = await open('expired')
  const want = [bad, good, bad].map(({ host, port }) => ({ name: 'api.example.com', at: host, port }))

  const facts = await createCertificateCheck({ ca: publicAuthority() }).observe(
    { provider: 'certificate', want, timeout: 1_000 },
    calm,
  )

  expect(certificatesIn(facts).map(({ ok }) => ok)).toEqual([false, true, false])
})

test('asks for nothing but the handshake', async () => {
  const origin = await open('trusted')

  await look(origin)

  expect([origin.connections(), origin.requests()]).toEqual([1, 0])
})
