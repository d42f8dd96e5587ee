// The log: one JSON object per line on standard output (pino), with every configured secret left out wherever it appears.
import { pino } from 'pino'
import type { DestinationStream } from 'pino'
import type { Log } from './ports.ts'

/** What stands in the log in place of a secret. */
const blank = '[secret]'
/** A shorter secret is part of so many words that blanking them would garble every line, and give it away. */
const shortest = 4
/** Deeper than this a field is cut; it also ends what refers to itself. */
const maxDepth = 8

/**
 * Makes the log. `secrets` are values, as `secrets(config)` lists them; their percent-encoded form is found too, and
 * those shorter
 * than 4 characters are not looked for.
 * `destination` is standard output unless given. A field that is an Error is written with its message, code, stack
 * and cause.
 */
export function createLog(
  level: 'debug' | 'info' | 'warn' | 'error' | 'silent',
  secrets: readonly string[],
  destination: DestinationStream = pino.destination(1),
): Log {
  const hide = hider(secrets)
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
  const write =
    (at: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: object = {}): void => {
      if (logger.isLevelEnabled(at)) logger[at](cleaned(fields, hide, 0), hide(message))
    }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

/** A text without secrets. The longest first, so that a secret that holds another one goes as a whole. */
function hider(secrets: readonly string[]): (text: string) => string {
  const long = secrets.filter((secret) => secret.length >= shortest)
  const forms = [...new Set(long.flatMap((secret) => [secret, encodeURIComponent(secret)]))].sort(
    (a, b) => b.length - a.length,
  )
  return (text) => forms.reduce((left, form) => left.replaceAll(form, blank), text)
}

/** A copy as plain JSON, with every text (keys too) cleaned. */
function cleaned(value: unknown, hide: (text: string) => string, depth: number): unknown {
  if (typeof value === 'string') return hide(value)
  if (typeof value === 'bigint' || typeof value === 'symbol') return hide(String(value))
  if (typeof value !== 'object' || value === null) return value
  if (depth >= maxDepth) return '...'
  const inside = (each: unknown): unknown => cleaned(each, hide, depth + 1)
  if (Array.isArray(value)) return value.map(inside)
  if (value instanceof Error) return inside(errorFields(value))
  if ('toJSON' in value && typeof value.toJSON === 'function') return inside(value.toJSON())
  const entries = value instanceof Map ? [...value] : Object.entries(value)
  return Object.fromEntries(entries.map(([key, each]) => [hide(String(key)), inside(each)]))
}

/** What an error says; other properties of an SDK's error may hold a whole request and are left out. */
function errorFields(error: Error): object {
  return {
    name: error.name,
    message: error.message,
    ...('code' in error ? { code: error.code } : {}),
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: error.cause }),
  }
}
