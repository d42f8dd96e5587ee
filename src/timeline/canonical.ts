// One text for one value: JSON with sorted keys, so that equal values have equal hashes.

/**
 * The canonical JSON of plain data: keys sorted by UTF-16 code units, no white space, fields that are undefined left
 * out. A value and the same value written to JSON and read again give the same text.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`)
  return `{${fields.join(',')}}`
}
