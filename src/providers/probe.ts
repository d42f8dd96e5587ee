// The provider that asks an HTTP(S) address from outside, at a given server, with the right host name and certificate.
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { isIP } from 'node:net'
import { checkServerIdentity } from 'node:tls'
import { z } from 'zod'
import { RetryableError, UserError, reasonOf } from '../errors.ts'
import { second } from '../ids.ts'
import type { Facts, Progress, Provider } from '../ports.ts'
import type { ProbeAction } from '../recovery/action.ts'
import { addressAt } from './dns/name-servers.ts'

/** How much of a body is read to look for text in it. */
const bodyLimit = 64 * 1024

/**
 * What is digested: whether the target is good and in which way it is not. Times and addresses are left out, so
 * that two looks at the same world give the same facts.
 */
const ProbeFacts = z.object({ ok: z.boolean(), reason: z.string() })
type ProbeFacts = Readonly<z.infer<typeof ProbeFacts>>

interface Seen extends ProbeFacts {
  readonly ms: number
}

/**
 * Asks with GET, follows no redirect, and holds the certificate against the URL's host name, not the address.
 * A target that does not answer is a finding, not an error; only a URL that cannot be asked is a UserError.
 * `ca`: a certificate authority in PEM to trust beside none other; default: those that Node trusts.
 */
export function createProbe(options: { readonly ca?: string } = {}): Provider<'probe'> {
  return {
    observe: async (action, signal): Promise<Facts> => {
      const { ok, reason } = await probe(action, options.ca, signal)
      return { ok, reason }
    },
    start: async (action, key, signal) => {
      urlOf(action)
      stopIf(signal, action)
      return { id: key }
    },
    check: async (action, _operation, _now, signal) =>
      verdictOf(action, await probe(action, options.ca, signal)),
    settled: (_action, facts) => (ProbeFacts.parse(facts).ok ? 'done' : 'not-done'),
  }
}

function verdictOf(action: ProbeAction, seen: Seen): Progress {
  const url = urlOf(action)
  const text = `${whereOf(action)} ${seen.reason} on ${url.pathname} for ${url.hostname}`
  if (seen.ok) return { state: 'done', note: `${text} in ${seen.ms} ms` }
  return {
    state: 'failed',
    reason: `${text}; wanted ${wantOf(action)}.`,
    advice: `Look at the service on ${whereOf(action)}, or choose another target; then try again.`,
  }
}

function wantOf(action: ProbeAction): string {
  const status = action.status === undefined ? 'a 2xx' : String(action.status)
  return action.contains === undefined
    ? status
    : `${status} with ${JSON.stringify(action.contains)} in its body`
}

function whereOf(action: ProbeAction): string {
  const host = action.resolve ?? urlOf(action).hostname
  return action.port === undefined ? host : `${host}:${action.port}`
}

function urlOf(action: ProbeAction): URL {
  const url = URL.parse(action.url)
  if (url && (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '') return url
  throw new UserError(
    'probe-url',
    `The probe's url${url ? ` ${url.protocol}//${url.host}` : ''} cannot be asked. Write it as https://host/path, without user and password, in the DR plan.`,
  )
}

function stopIf(signal: AbortSignal, action: ProbeAction): void {
  if (signal.aborted) throw new RetryableError(`The probe of ${whereOf(action)} was stopped before it ended.`)
}

async function probe(action: ProbeAction, ca: string | undefined, signal: AbortSignal): Promise<Seen> {
  const url = urlOf(action)
  const begin = performance.now()
  const limit = AbortSignal.timeout(action.timeout)
  const facts = await askAt(action, url, ca, AbortSignal.any([signal, limit])).catch(
    (thrown: unknown): ProbeFacts => {
      stopIf(signal, action)
      const late = `gave no answer within ${action.timeout / second}s`
      return { ok: false, reason: limit.aborted ? late : reasonOfFailure(thrown) }
    },
  )
  return { ...facts, ms: Math.round(performance.now() - begin) }
}

async function askAt(
  action: ProbeAction,
  url: URL,
  ca: string | undefined,
  signal: AbortSignal,
): Promise<ProbeFacts> {
  const host = await hostFor(action, url, signal)
  return ask(action, { ...requestOptions(action, url, ca), host }, signal)
}

function nameIn(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1')
}

/** Where to connect to: the given address, else what the given name servers say, else what this machine's DNS says. */
async function hostFor(action: ProbeAction, url: URL, signal: AbortSignal): Promise<string> {
  const name = nameIn(url)
  if (action.resolve !== undefined) return action.resolve
  if (action.nameServers === undefined || isIP(name) !== 0) return name
  return (await addressAt(action.nameServers, name, { timeout: action.timeout, signal })) ?? name
}

function requestOptions(action: ProbeAction, url: URL, ca: string | undefined): RequestOptions {
  const name = nameIn(url)
  return {
    protocol: url.protocol,
    port: action.port ?? (url.port || (url.protocol === 'https:' ? 443 : 80)),
    path: `${url.pathname}${url.search}`,
    headers: { host: url.host, 'user-agent': 'dr-probe', accept: '*/*', connection: 'close' },
    agent: false,
    ...(isIP(name) === 0 ? { servername: name } : {}),
    // Nothing secret is sent, so a certificate that nobody trusts may be looked behind where the action says so.
    rejectUnauthorized: action.anyCertificate !== true,
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
    ...(ca === undefined ? {} : { ca }),
  }
}

async function ask(action: ProbeAction, options: RequestOptions, signal: AbortSignal): Promise<ProbeFacts> {
  const send = options.protocol === 'https:' ? httpsRequest : httpRequest
  const response = await responseTo(send({ ...options, signal }))
  const status = response.statusCode ?? 0
  const right = action.status === undefined ? status >= 200 && status < 300 : status === action.status
  if (!right || action.contains === undefined) {
    response.destroy()
    return { ok: right, reason: `answered ${status}` }
  }
  const found = (await bodyOf(response)).includes(action.contains)
  return { ok: found, reason: found ? `answered ${status}` : `answered ${status} without the wanted text` }
}

async function responseTo(request: ClientRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request.on('response', resolve)
  request.on('error', reject)
  request.end()
  return await promise
}

/** The first 64 KiB as text; what comes after is not read. */
async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk as Uint8Array)
    chunks.push(bytes)
    size += bytes.length
    if (size >= bodyLimit) break
  }
  return Buffer.concat(chunks).subarray(0, bodyLimit).toString()
}

/** The same failure always gives the same words, without ports or addresses of our own. */
export function reasonOfFailure(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : reasonOf(thrown)
  const known: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'refused the connection',
    ECONNRESET: 'closed the connection without an answer',
    EPIPE: 'closed the connection without an answer',
    EHOSTUNREACH: 'cannot be reached (no route)',
    ENETUNREACH: 'cannot be reached (no network)',
    ENOTFOUND: 'has no address in DNS',
    EAI_AGAIN: 'has no address in DNS (the resolver does not answer)',
    ERR_TLS_CERT_ALTNAME_INVALID: 'shows a certificate for another host name',
    CERT_HAS_EXPIRED: 'shows a certificate that has expired',
  }
  return known[code] ?? `failed with ${code}`
}
