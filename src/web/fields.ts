// Reads single text fields out of a form or a query, whatever was sent.

/** The field's text; undefined when it is absent or was sent more than once. */
export function fieldOf(fields: unknown, name: string): string | undefined {
  if (typeof fields !== 'object' || fields === null || !Object.hasOwn(fields, name)) return undefined
  const value: unknown = Object.getOwnPropertyDescriptor(fields, name)?.value
  return typeof value === 'string' ? value : undefined
}
