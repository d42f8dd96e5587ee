// Reads the body of a notification, a form or JSON, into fields. Small and strict, but for bytes that are not UTF-8.
import type { FieldError, NotificationFields } from './parse.ts'

export type ReadForm = { readonly fields: NotificationFields } | { readonly error: FieldError }

const fieldName = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/
const utf8 = new TextDecoder()
const brokenPercent = /%(?![0-9a-f]{2})/i

/**
 * Reads `application/x-www-form-urlencoded`, or a JSON object with string, number, boolean or null values, told
 * apart by the first character. Bytes that are not UTF-8 become U+FFFD: plugins print whatever they like. Refused,
 * with the name of the field: a broken percent escape, a name twice, a name no macro has. Never throws.
 */
export function readForm(body: Uint8Array | string): ReadForm {
  const source = typeof body === 'string' ? body : utf8.decode(body)
  return /^\s*\{/.test(source) ? readJson(source) : readUrlEncoded(source)
}

function readUrlEncoded(source: string): ReadForm {
  const fields: Record<string, string> = Object.create(null)
  for (const pair of source.trim().split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = equals === -1 ? pair : pair.slice(0, equals)
    const raw = equals === -1 ? '' : pair.slice(equals + 1)
    const wrong = nameError(fields, name)
    if (wrong) return { error: wrong }
    if (raw.includes('%') && brokenPercent.test(raw))
      return refuse(name, 'has a "%" that is not followed by two hex digits')
    fields[name] = decode(raw)
  }
  return { fields }
}

function decode(raw: string): string {
  const spaced = raw.includes('+') ? raw.replaceAll('+', ' ') : raw
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch {
    return decodeBytes(spaced)
  }
}

/** The slow way, for escapes that are not UTF-8 (decodeURIComponent refuses them). */
function decodeBytes(spaced: string): string {
  const bytes = Buffer.from(spaced).toString('latin1')
  const unescaped = bytes.replace(/%([0-9a-f]{2})/gi, (_, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return Buffer.from(unescaped, 'latin1').toString('utf8')
}

function readJson(source: string): ReadForm {
  const parsed = parseJson(source)
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    return refuse('body', 'is not a JSON object of macro names and values')
  }
  const fields: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(parsed)) {
    const wrong = nameError(fields, name)
    if (wrong) return { error: wrong }
    if (typeof value === 'object' && value !== null) return refuse(name, 'is neither a text nor a number')
    fields[name] = value === null ? '' : String(value)
  }
  return { fields }
}

function parseJson(source: string): unknown {
  try {
    return JSON.parse(source)
  } catch {
    return undefined
  }
}

function nameError(fields: NotificationFields, name: string): FieldError | undefined {
  if (!fieldName.test(name))
    return { field: 'body', message: 'has a field whose name is not that of a macro' }
  if (name in fields) return { field: name, message: 'is there twice' }
  return undefined
}

function refuse(field: string, message: string): ReadForm {
  return { error: { field, message } }
}
