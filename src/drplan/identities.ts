// By what people are known elsewhere: an id of two people would let one of them act as the other.
import type { DrPlan } from './schema.ts'
import type { Complaint } from './source.ts'

/** Where each address of a person stands, and what it is called in an error. Nagios alone tells case apart. */
const addresses = [
  {
    key: 'slack',
    called: 'Slack id',
    get: 'Write the member id of each: at Slack, the profile, "Copy member ID"',
  },
  {
    key: 'teams',
    called: 'Teams id',
    get: 'Write the object id of each: in Entra, Users, the person, "Object ID"',
  },
  { key: 'nagios', called: 'Nagios contact', get: 'Write the contact name of each' },
  { key: 'email', called: 'e-mail address', get: 'Write the address of each' },
] as const

/** Each address that is also that of somebody who stands earlier in the plan: the bot would take the one for the other. */
export function checkIdentities({ people }: DrPlan): readonly Complaint[] {
  return addresses.flatMap(({ key, called, get }) => {
    const owners = new Map<string, string>()
    return Object.entries(people).flatMap(([id, person]) => {
      const own = person[key]
      if (own === undefined) return []
      const same = key === 'nagios' ? own : own.toLowerCase()
      const owner = owners.get(same)
      if (owner === undefined) {
        owners.set(same, id)
        return []
      }
      return [
        {
          path: ['people', id, key],
          found: `"${own}" is the ${called} of "${owner}" too, and the bot would take "${id}" for "${owner}"`,
          write: `${get}, or remove the key from one of the two`,
        },
      ]
    })
  })
}
