// The arguments of a Web API call: read from a form or JSON, and taken out one by one as the methods need them.
import { invalidArguments, Refusal } from './envelope.ts'

export type Args = Readonly<Record<string, unknown>>

/** Reads the body of a call; `query` holds what the address had after its question mark. */
export function readArgs(contentType: string | undefined, query: URLSearchParams, body: string): Args {
  const type = contentType?.split(';')[0]?.trim()
  const asked = Object.fromEntries(query)
  if (type === 'application/json') return { ...asked, ...jsonObject(body) }
  if (type === undefined || type === 'application/x-www-form-urlencoded') {
    return { ...asked, ...Object.fromEntries(new URLSearchParams(body)) }
  }
  throw new Refusal('invalid_post_type')
}

function jsonObject(body: string): Args {
  if (body === '') return {}
  const value = parsed(body)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Args
  throw new Refusal(value === undefined ? 'invalid_json' : 'json_not_object')
}

/** The value of JSON text, or undefined if it cannot be read. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A text that may be missing; an empty one counts as missing. */
export function optional(args: Args, key: string): string | undefined {
  const value = args[key]
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw invalidArguments(`invalid type for field: ${key}`)
}

/** A text without which the call makes no sense. */
export function required(args: Args, key: string): string {
  const value = optional(args, key)
  if (value === undefined) throw invalidArguments(`missing required field: ${key}`)
  return value
}

export function flag(args: Args, key: string): boolean {
  return [true, 1, 'true', '1'].some((yes) => args[key] === yes)
}

/** Ids in one text, parted by commas, or an array of them in JSON. */
export function idList(args: Args, key: string): readonly string[] {
  const value = args[key]
  const list = Array.isArray(value) ? value.map(String) : (optional(args, key) ?? '').split(',')
  return list.map((one) => one.trim()).filter((one) => one !== '')
}

/** An object or array, as such in JSON or as JSON text in a form; undefined if missing, or `refusal` thrown. */
export function structured(args: Args, key: string, refusal: () => Refusal): unknown {
  const value = args[key]
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value !== 'string') return value
  const read = parsed(value)
  if (read === undefined) throw refusal()
  return read
}

/** One page of a list, by `cursor` and `limit`, in the form the methods with cursors answer. */
export function page<Item>(
  all: readonly Item[],
  args: Args,
  most: number,
): { readonly items: readonly Item[]; readonly response_metadata: { readonly next_cursor: string } } {
  const limit = Number(optional(args, 'limit') ?? 100)
  if (!Number.isInteger(limit) || limit < 1 || limit > most) throw new Refusal('invalid_limit')
  const start = startOf(optional(args, 'cursor'))
  const end = start + limit
  const next = end < all.length ? Buffer.from(`next:${end}`).toString('base64') : ''
  return { items: all.slice(start, end), response_metadata: { next_cursor: next } }
}

function startOf(cursor: string | undefined): number {
  if (cursor === undefined) return 0
  const start = /^next:(\d+)$/.exec(Buffer.from(cursor, 'base64').toString())?.[1]
  if (start === undefined) throw new Refusal('invalid_cursor')
  return Number(start)
}
