// The provider that looks at the certificate a server shows for a name: would clients trust it, who issued it, until when?
import { second } from '../ids.ts'
import { isIP } from 'node:net'
import { checkServerIdentity, connect, rootCertificates } from 'node:tls'
import type { PeerCertificate, TLSSocket } from 'node:tls'
import { z } from 'zod'
import { RetryableError } from '../errors.ts'
import type { Facts, Progress, Provider } from '../ports.ts'
import type { CertificateAction } from '../recovery/action.ts'
import { certificateText, certificatesIn } from '../recovery/kinds/certificate.ts'
import type { SeenCertificate } from '../recovery/kinds/certificate.ts'
import { reasonOfFailure } from './probe.ts'
import { together } from '../together.ts'

type Want = CertificateAction['want'][number]

/** How much of an issuer's name is shown: the server itself wrote it. */
const longestName = 80
/** How many servers are asked at the same time. */
const atOnce = 20

/** A name of a certificate: what is absent, or there several times, is read too. */
const Issuer = z.object({
  O: z.union([z.string(), z.array(z.string())]).optional(),
  OU: z.union([z.string(), z.array(z.string())]).optional(),
  CN: z.union([z.string(), z.array(z.string())]).optional(),
})

/**
 * Shakes hands with each server and hangs up. Publicly trusted is what Mozilla's list says that Node carries: an
 * authority of one's own, added to this machine, is none that clients know. A server that does not answer is a
 * finding, not an error. `ca`: certificate authorities in PEM to trust instead of that list.
 */
export function createCertificateCheck(
  options: { readonly ca?: string | readonly string[] } = {},
): Provider<'certificate'> {
  const ca = [options.ca ?? rootCertificates].flat()
  const look = async (action: CertificateAction, signal: AbortSignal): Promise<Facts> => {
    const certificates: SeenCertificate[] = []
    for (let at = 0; at < action.want.length; at += atOnce) {
      const some = action.want.slice(at, at + atOnce)
      certificates.push(...(await together(some.map((want) => lookAt(want, { ca, action, signal })))))
    }
    return { certificates }
  }
  return {
    observe: look,
    start: async (action, key, signal) => {
      stopIf(signal, action.want[0]?.name)
      return { id: key }
    },
    check: async (action, _operation, _now, signal) => verdictOf(await look(action, signal)),
    settled: (_action, facts) => (certificatesIn(facts).every(({ ok }) => ok) ? 'done' : 'not-done'),
  }
}

function verdictOf(facts: Facts): Progress {
  const seen = certificatesIn(facts)
  const bad = seen.filter(({ ok }) => !ok)
  if (bad.length === 0) return { state: 'done', note: seen.map(certificateText).join('; ') }
  return {
    state: 'failed',
    reason: `${bad.map(certificateText).join('; ')}.`,
    advice:
      'Give the origin a certificate of a public authority for the name; or propose the recovery again and take the rule origin-certificate on yourself.',
  }
}

interface Circumstances {
  readonly ca: string[]
  readonly action: CertificateAction
  readonly signal: AbortSignal
}

async function lookAt(want: Want, { ca, action, signal }: Circumstances): Promise<SeenCertificate> {
  const { name, at, port } = want
  const limit = AbortSignal.timeout(action.timeout)
  // Nothing is sent and nothing is believed: the certificate itself is what is looked at, so a bad one must come through.
  const socket = connect({
    host: at,
    port,
    ca,
    rejectUnauthorized: false,
    ...(isIP(name) === 0 ? { servername: name } : {}),
    checkServerIdentity: () => undefined,
  })
  try {
    await handshake(socket, AbortSignal.any([signal, limit]))
    return { name, at, ...judge(socket, name) }
  } catch (thrown) {
    stopIf(signal, name)
    const late = `gave no certificate within ${action.timeout / second}s`
    return { name, at, ok: false, text: limit.aborted ? late : reasonOfFailure(thrown) }
  } finally {
    socket.destroy()
  }
}

function stopIf(signal: AbortSignal, name = 'the origin'): void {
  if (signal.aborted)
    throw new RetryableError(`The look at the certificate of ${name} was stopped before it ended.`)
}

async function handshake(socket: TLSSocket, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const stop = (): void => reject(new Error('stopped'))
  socket.once('secureConnect', resolve)
  socket.on('error', reject)
  socket.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })))
  signal.addEventListener('abort', stop, { once: true })
  try {
    if (signal.aborted) stop()
    await promise
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function judge(socket: TLSSocket, name: string): Pick<SeenCertificate, 'ok' | 'text'> {
  const certificate = socket.getPeerCertificate()
  const shows = `shows a certificate of ${issuerOf(certificate)}, good until ${dayOf(certificate.valid_to)}`
  const problems = [
    ...(socket.authorized ? [] : [problemOf(certificate, codeOf(socket))]),
    ...(checkServerIdentity(name, certificate) === undefined ? [] : ['which is for another name']),
  ]
  return { ok: problems.length === 0, text: [shows, ...problems].join(', ') }
}

/** Node's types call it an error; it is the name of OpenSSL's verdict. */
function codeOf(socket: TLSSocket): string {
  const said: unknown = socket.authorizationError
  return said instanceof Error && 'code' in said ? String(said.code) : String(said)
}

function problemOf(certificate: PeerCertificate, code: string): string {
  if (code === 'CERT_HAS_EXPIRED') return 'which has expired'
  if (code === 'CERT_NOT_YET_VALID') return 'which is not valid yet'
  if (/cloudflare.*origin/i.test(namesOf(certificate).join(' ')))
    return "Cloudflare's Origin CA, which only Cloudflare trusts: browsers and other clients refuse it"
  if (code === 'DEPTH_ZERO_SELF_SIGNED_CERT') return 'which it has signed itself: clients refuse it'
  return `which is not publicly trusted (${code}): clients refuse it`
}

/** The most telling name first: the authority's own, then its unit, then its owner. */
function issuerOf(certificate: PeerCertificate): string {
  const [first] = namesOf(certificate)
  const shown = (first ?? '').replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim()
  if (shown === '') return 'an issuer without a name'
  return shown.length > longestName ? `${shown.slice(0, longestName)}…` : shown
}

function namesOf({ issuer }: PeerCertificate): readonly string[] {
  const read = Issuer.safeParse(issuer)
  return read.success
    ? [read.data.CN, read.data.OU, read.data.O].flat().filter((one) => one !== undefined)
    : []
}

/** `2027-03-01`, in UTC. */
function dayOf(text: string): string {
  const at = Date.parse(text)
  return Number.isNaN(at)
    ? 'an unknown day'
    : Temporal.Instant.fromEpochMilliseconds(at).toString().slice(0, 10)
}
