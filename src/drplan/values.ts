// The values a DR plan is made of. The error text of each is the noun phrase that follows "Write".
import { isIP } from 'node:net'
import { closest } from 'fastest-levenshtein'
import { z } from 'zod'
import { parseDuration } from './duration.ts'

/** One line of text, at most 200 characters. */
export function line(write: string): z.ZodString {
  return z
    .string({ error: write })
    .min(1, write)
    .max(200, write)
    .regex(/^[^\p{Cc}]*$/u, write)
}

/** Text that a pattern describes. */
export function matching(pattern: RegExp, write: string): z.ZodString {
  return z.string({ error: write }).regex(pattern, write)
}

const named = 'a name of letters, digits, ".", "_" and "-" such as "ann"'

/** The name of a person, group, rotation or recovery: what people type after `/dr`. */
export const name = z.string({ error: named }).regex(/^[a-z][\w.-]{0,39}$/i, named)

const durations = 'a duration such as "90s", "5m", "1h30m" or "7d"'

/** `5m`, `90s`, `1h30m`: milliseconds. `write` says what is wanted when not just any duration will do. */
export function duration(
  write = durations,
  accepts: (milliseconds: number) => boolean = () => true,
): z.ZodPipe<z.ZodString, z.ZodTransform<number, string>> {
  return z.string({ error: write }).transform((text, context) => {
    const milliseconds = parseDuration(text)
    if (milliseconds !== undefined && accepts(milliseconds)) return milliseconds
    context.addIssue({ code: 'custom', message: write })
    return z.NEVER
  })
}

const localTimes =
  'a local date and time without a zone, such as 2026-12-24T09:00 (the plan\'s "timezone" applies)'

/** A wall-clock date and time in the plan's zone; stays text. */
export const localDateTime = z
  .string({ error: localTimes })
  .refine((text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?$/.test(text) && isPlain(text), {
    error: localTimes,
  })

const moments =
  'a date such as 2026-12-24 (as "to": that whole day too) or a local date and time such as 2026-12-24T09:00'

/** A date, or a wall-clock date and time, in the plan's zone; stays text. */
export const localMoment = z
  .string({ error: moments })
  .refine((text) => /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?)?$/.test(text) && isPlain(text), {
    error: moments,
  })

/** An IANA time zone such as `Europe/Berlin`. */
export const timeZone = z.string({ error: 'an IANA time zone such as "Europe/Berlin"' }).refine(isTimeZone, {
  error: (issue) => `an IANA time zone such as "${nearestZone(String(issue.input))}"`,
})

const httpUrls = 'a web address such as "https://api.example.com/health"'

/** An HTTP or HTTPS address, without user name and password in it. */
export const httpUrl = z.string({ error: httpUrls }).refine((text) => isUrl(text, ['http:', 'https:']), {
  error: httpUrls,
})

const httpsUrls = 'a web address that begins with https://, such as "https://wiki.example.com/dr/lb"'

/** An HTTPS address, without user name and password in it. */
export const httpsUrl = z.string({ error: httpsUrls }).refine((text) => isUrl(text, ['https:']), {
  error: httpsUrls,
})

const addresses = 'an IP address such as "203.0.113.20"'

/** An IPv4 or IPv6 address. */
export const ipAddress = z.string({ error: addresses }).refine((text) => isIP(text) > 0, { error: addresses })

const hostPattern =
  /^(?=.{1,253}$)(?:(?:\*|[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/i
const hostNames = 'a host name such as "api.example.com"'

/** A fully qualified host name, as in DNS records. */
export const hostName = z.string({ error: hostNames }).regex(hostPattern, hostNames)

const destinations = 'an IP address such as "203.0.113.20" or a host name such as "lb2.example.com"'

/** Where a DNS record points: IPv4, IPv6 or a host name. */
export const destination = z
  .string({ error: destinations })
  .refine((text) => isIP(text) > 0 || (hostPattern.test(text) && !text.includes('*')), {
    error: destinations,
  })

function isPlain(text: string): boolean {
  try {
    Temporal.PlainDateTime.from(text, { overflow: 'reject' })
    return true
  } catch {
    return false
  }
}

function isTimeZone(text: string): boolean {
  if (!/^[a-z]/i.test(text)) return false
  try {
    return new Temporal.ZonedDateTime(0n, text).timeZoneId !== ''
  } catch {
    return false
  }
}

function nearestZone(text: string): string {
  return closest(text.slice(0, 60), Intl.supportedValuesOf('timeZone'))
}

function isUrl(text: string, protocols: readonly string[]): boolean {
  const url = URL.parse(text)
  return url !== null && protocols.includes(url.protocol) && url.username === '' && url.password === ''
}
