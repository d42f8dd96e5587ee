// How the connector names the members of the team: asked for once, and remembered.
import { z } from 'zod'
import type { CallOptions } from '../lanes.ts'
import { shaped } from './api-errors.ts'
import type { Calls } from './calls.ts'
import { withPerson } from './references.ts'
import type { ReferenceBook } from './references.ts'

export interface Roster {
  /** How the connector names a member of the team (`29:...`), for views and mentions of that person. */
  readonly memberId: (aadObjectId: string, options: CallOptions) => Promise<string>
  /** Remembers how the connector names these members of the team, by object id; whether it named any of them. */
  readonly learnMembers: (people: readonly string[], options: CallOptions) => Promise<boolean>
}

const Member = z.object({ id: z.string() })
const MemberPage = z.object({
  members: z.array(z.object({ id: z.string(), aadObjectId: z.string().optional() })),
  continuationToken: z.string().nullish(),
})
type MemberPage = z.infer<typeof MemberPage>

/** A page may have 500 members (learn.microsoft.com, Teams, "Get member details"); a team has 25,000 at most. */
const [perPage, mostPages] = [500, 50]

/** `url` is that of a resource of the team's members. */
export function createRoster(
  call: Calls['call'],
  references: ReferenceBook,
  url: (part: string) => Promise<string>,
): Roster {
  async function get<T>(part: string, schema: z.ZodType<T>, options: CallOptions): Promise<T> {
    const what = part.startsWith('paged') ? 'the members of the team' : `the ${part.replace('s/', ' ')}`
    const request = { what, thread: 'members', of: 'connector', method: 'GET', url: await url(part) } as const
    return shaped(schema, await call(request, options), what)
  }

  return {
    memberId: async (person, options) => {
      const known = (await references.read()).people[person.toLowerCase()]?.mri
      if (known !== undefined) return known
      const { id } = await get(`members/${encodeURIComponent(person)}`, Member, options)
      await references.change((old) => withPerson(old, person, { mri: id }))
      return id
    },
    learnMembers: async (people, options) => {
      const sought = new Set(people.map((id) => id.toLowerCase()))
      let query: Readonly<Record<string, string>> | undefined = { pageSize: `${perPage}` }
      for (let left = mostPages; left > 0 && sought.size > 0 && query !== undefined; left -= 1) {
        const page: MemberPage = await get(`pagedmembers?${new URLSearchParams(query)}`, MemberPage, options)
        const found = page.members.filter(({ aadObjectId = '' }) => sought.delete(aadObjectId.toLowerCase()))
        await references.change((old) =>
          found.reduce((known, { id, aadObjectId = '' }) => withPerson(known, aadObjectId, { mri: id }), old),
        )
        const token = page.continuationToken
        query = token ? { pageSize: `${perPage}`, continuationToken: token } : undefined
      }
      return sought.size < people.length
    },
  }
}
