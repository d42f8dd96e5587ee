// The names of what a plan names at Azure, by Azure's own rules, so that a wrong one is found before the outage.
// From "Naming rules and restrictions for Azure resources" and, of queues, "Naming Queues and Metadata".
import { z } from 'zod'

interface Rule {
  /** `the name of the storage account: 3 to 24 lower-case letters and digits`. */
  readonly is: string
  readonly example: string
  readonly pattern: RegExp
  /** What somebody may have meant, from what was written; shown where it keeps the rule. */
  readonly meant?: (written: string) => string
}

function named({ is, example, pattern, meant = (written) => written }: Rule): z.ZodString {
  const error = (written: unknown): string => {
    const near = typeof written === 'string' ? meant(written.trim()) : ''
    return `${is}, such as "${pattern.test(near) ? near : example}"`
  }
  return z
    .string({ error: ({ input }) => error(input) })
    .regex(pattern, { error: ({ input }) => error(input) })
}

const hyphenated = (written: string): string => written.replaceAll(/[\s_]+/g, '-')
const bare = (written: string): string => hyphenated(written.toLowerCase().split('.')[0] ?? '')

export const resourceGroup = named({
  is: 'the name of the Azure resource group: letters, digits, "_", "-", "(", ")" and ".", at most 90, no "." at the end',
  example: 'dr-rg',
  pattern: /^[\p{L}\p{Nd}_().-]{0,89}[\p{L}\p{Nd}_()-]$/u,
  meant: hyphenated,
})

/** `role`: which server it is. */
export function sqlServer(role: string, example: string): z.ZodString {
  return named({
    is: `the bare name of ${role}: lower-case letters, digits and "-", at most 63, nothing of ".database.windows.net"`,
    example,
    pattern: /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    meant: bare,
  })
}

export const sqlDatabase = named({
  is: 'the name of the database: at most 128 characters, none of <>*%&:\\/?, no "." or space at the end',
  example: 'orders',
  pattern: /^[^<>*%&:\\/?\p{Cc}]{0,127}[^<>*%&:\\/?. \p{Cc}]$/u,
})

export const failoverGroup = named({
  is: 'the name of the failover group: lower-case letters, digits and "-", at most 63',
  example: 'orders-fg',
  pattern: /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
  meant: bare,
})

/** `role`: which account it is. */
export function storageAccount(role: string, example: string): z.ZodString {
  return named({
    is: `the name of ${role}: 3 to 24 lower-case letters and digits`,
    example,
    pattern: /^[a-z0-9]{3,24}$/,
    meant: (written) => (written.toLowerCase().split('.')[0] ?? '').replaceAll(/[^a-z0-9]/g, ''),
  })
}

export const queueName = named({
  is: 'the name of a queue: 3 to 63 lower-case letters, digits and single "-" between them',
  example: 'orders',
  pattern: /^(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$/,
  meant: (written) => hyphenated(written.toLowerCase()),
})

export const scaleSet = named({
  is: 'the name of the VM scale set: letters, digits, "_", "-" and ".", at most 64, "_" not first, "-" and "." not last',
  example: 'workers-vmss',
  pattern: /^[A-Za-z0-9](?:[\w.-]{0,62}\w)?$/,
  meant: hyphenated,
})
