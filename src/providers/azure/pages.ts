// Lists of Azure's newer SDKs, read to their end; a page that is refused keeps what Azure said of it.
import { z } from 'zod'

const Refusal = z.object({ error: z.object({ message: z.string() }) })

interface Listing {
  readonly onResponse: (response: { readonly parsedBody?: unknown }) => void
}

/**
 * Reads all pages. The SDKs throw "Pagination failed" in place of Azure's own words, which name the right that is
 * missing: they are put back.
 */
export async function allPages<T>(list: (options: Listing) => AsyncIterable<T>): Promise<readonly T[]> {
  let body: unknown
  const found: T[] = []
  try {
    for await (const each of list({ onResponse: (response) => (body = response.parsedBody) }))
      found.push(each)
  } catch (thrown) {
    const refusal = Refusal.safeParse(body)
    if (thrown instanceof Error && refusal.success) thrown.message = refusal.data.error.message
    throw thrown
  }
  return found
}
