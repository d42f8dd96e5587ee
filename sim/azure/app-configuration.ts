// App Configuration stores of the simulated cloud: settings with etags, labels and locks, conditional writes, an audience of their own.
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Access } from './access.ts'
import { ArmError, type ArmAnswer } from './envelope.ts'
import type { ArmRequest } from './routes.ts'

/** One setting as it is at its start. */
export interface SettingInput {
  readonly store: string
  readonly key: string
  readonly label?: string
  readonly value: string
  readonly contentType?: string
  readonly tags?: Readonly<Record<string, string>>
  readonly locked?: boolean
}

export interface SimSetting {
  readonly value: string
  readonly contentType?: string
  readonly tags: Readonly<Record<string, string>>
  readonly etag: string
  readonly locked: boolean
}

export interface SettingStores {
  /** Answers a request below `/appconfig/STORE`, or throws an ArmError. */
  readonly answer: (request: ArmRequest) => ArmAnswer
  readonly setting: (store: string, key: string, label?: string) => SimSetting
  /** What a person does in the portal. */
  readonly edit: (input: SettingInput) => void
}

interface Setting extends SettingInput {
  readonly etag: string
  readonly modifiedAt: number
  readonly description?: string
}

const audience = 'https://appconfig.azure.com'
const rights = 'Microsoft.AppConfiguration/configurationStores/keyValues'
const apiVersions = ['1.0', '2023-11-01', '2024-09-01', '2026-04-01']
const mediaType = 'application/vnd.microsoft.appconfig.kv+json; charset=utf-8'

const Body = z.strictObject({
  label: z.string().nullish(),
  content_type: z.string().nullish(),
  value: z.string().nullish(),
  tags: z.record(z.string(), z.string()).nullish(),
  description: z.string().nullish(),
  // What the service sets itself, and takes without a word when a client sends it back.
  etag: z.string().nullish(),
  locked: z.boolean().nullish(),
  last_modified: z.string().nullish(),
})

export function createSettingStores(
  first: readonly SettingInput[],
  access: Access,
  now: () => number,
): SettingStores {
  const all = new Map<string, Setting>()
  const put = (input: SettingInput): Setting => {
    const setting = { ...input, etag: randomBytes(16).toString('base64url'), modifiedAt: now() }
    all.set(nameOf(input.store, input.key, input.label), setting)
    return setting
  }
  first.forEach(put)

  function write(request: ArmRequest, found: Setting | undefined, name: Name): ArmAnswer {
    const body = bodyOf(request, name)
    if (found?.locked === true)
      throw refusal(409, 'key-locked', `Cannot modify key '${name.key}' because it is read-only`, name.key)
    const { ifMatch, ifNoneMatch } = request
    if (ifMatch !== undefined && (!found || (ifMatch !== '*' && ifMatch !== `"${found.etag}"`)))
      return { status: 412, body: '', headers: {} }
    if (ifNoneMatch === '*' && found) return { status: 412, body: '', headers: {} }
    return shown(
      put({
        ...name,
        value: body.value ?? '',
        ...(typeof body.content_type === 'string' ? { contentType: body.content_type } : {}),
        ...(typeof body.description === 'string' ? { description: body.description } : {}),
        tags: body.tags ?? {},
      }),
    )
  }

  return {
    answer: (request) => {
      const principal = access.authenticate(request.authorization, audience)
      const version = request.query.get('api-version') ?? ''
      if (!apiVersions.includes(version))
        throw refusal(400, 'invalid-argument', `API version '${version}' is not supported`, 'api-version')
      const [, store = '', part, rawKey, ...more] = request.path.split('/').slice(1)
      const name = { store, key: decodeURIComponent(rawKey ?? ''), ...labelOf(request) }
      if (part !== 'kv' || name.key === '' || more.length > 0 || !['GET', 'PUT'].includes(request.method))
        throw refusal(400, 'invalid-argument', 'Invalid request URI', 'path')
      const right = request.method === 'GET' ? 'read' : 'write'
      if (!access.mayDoData(principal, `${rights}/${right}`))
        throw refusal(403, 'forbidden', 'The client is not allowed to perform this operation', '')
      const found = all.get(nameOf(name.store, name.key, name.label))
      if (request.method === 'PUT') return write(request, found, name)
      return found ? shown(found) : { status: 404, body: '', headers: {} }
    },
    setting: (store, key, label) => {
      const found = all.get(nameOf(store, key, label))
      if (!found) throw new Error(`the simulator has no setting ${key}`)
      const { value, contentType, tags = {}, etag, locked = false } = found
      return { value, tags, etag, locked, ...(contentType === undefined ? {} : { contentType }) }
    },
    edit: (input) => {
      put(input)
    },
  }
}

interface Name {
  readonly store: string
  readonly key: string
  readonly label?: string
}

function nameOf(store: string, key: string, label: string | undefined): string {
  return JSON.stringify([store, key, label ?? ''])
}

function labelOf({ query }: ArmRequest): { readonly label?: string } {
  const label = query.get('label')
  return label === null || label === '' || label === '\0' ? {} : { label }
}

function bodyOf({ body, contentType }: ArmRequest, { key }: Name): z.infer<typeof Body> {
  if (!/^application\/(?:json|vnd\.microsoft\.appconfig\.kv\+json)\b/.test(contentType ?? ''))
    throw refusal(415, 'unsupported-media-type', 'The content type is not supported', 'content-type')
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    throw refusal(400, 'invalid-argument', 'The request body is no JSON', key)
  }
  const parsed = Body.safeParse(json)
  if (parsed.success) return parsed.data
  throw refusal(400, 'invalid-argument', parsed.error.issues[0]?.message ?? 'invalid', key)
}

function shown({
  key,
  label,
  value,
  contentType,
  description,
  tags = {},
  locked,
  etag,
  modifiedAt,
}: Setting): ArmAnswer {
  const body = {
    etag,
    key,
    label: label ?? null,
    content_type: contentType ?? null,
    value,
    tags,
    ...(description === undefined ? {} : { description }),
    locked: locked ?? false,
    last_modified: new Date(modifiedAt).toISOString(),
  }
  const headers = { 'content-type': mediaType, etag: `"${etag}"`, 'sync-token': `sim=${etag};sn=1` }
  return { status: 200, body, headers }
}

function refusal(status: number, type: string, title: string, name: string): ArmError {
  return new ArmError(status, type, title, { 'x-sim-name': name })
}

/** The form in which this service tells of an error. */
export function problem({ status, code, message, headers }: ArmError): ArmAnswer {
  const { 'x-sim-name': name = '', ...rest } = headers
  return {
    status,
    body: { type: `https://azconfig.io/errors/${code}`, title: message, name, detail: message, status },
    headers: { ...rest, 'content-type': 'application/problem+json; charset=utf-8' },
  }
}
