// Decimal numbers compared digit by digit: a count of a large table, or a sum of money, is longer than a number can hold.

/** `digits` divided by ten, `places` times. */
interface Decimal {
  readonly digits: bigint
  readonly places: number
}

const written = /^([+-]?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/

/** A decimal as people and SQL Server write it: `-12.50`. */
export function isDecimal(text: string): boolean {
  return /^[+-]?\d+(?:\.\d+)?$/.test(text.trim())
}

/** Below 0: `a` is less than `b`; 0: they are equal; undefined: one of them is no number. A text may be of any length. */
export function compareDecimals(a: string | number, b: string | number): number | undefined {
  const [one, other] = [decimalIn(a), decimalIn(b)]
  if (!one || !other) return undefined
  const places = Math.max(one.places, other.places)
  const difference = scaled(one, places) - scaled(other, places)
  return difference === 0n ? 0 : difference < 0n ? -1 : 1
}

/** Only a number, not a text, may be written with an exponent, as the machine does it. */
function decimalIn(value: string | number): Decimal | undefined {
  const text = String(value).trim()
  if (typeof value === 'string' && !isDecimal(text)) return undefined
  const [, sign, whole, fraction = '', exponent = '0'] = written.exec(text) ?? []
  if (whole === undefined) return undefined
  const digits = BigInt(whole + fraction)
  return { digits: sign === '-' ? -digits : digits, places: fraction.length - Number(exponent) }
}

function scaled({ digits, places }: Decimal, to: number): bigint {
  return digits * 10n ** BigInt(to - places)
}
