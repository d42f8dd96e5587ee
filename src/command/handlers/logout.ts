// logout: what was issued to a person counts no more.
import { UserError } from '../../errors.ts'
import { listing, who } from '../answer.ts'
import type { Handlers } from '../desk.ts'

export const logoutHandlers: Handlers<'logout'> = {
  logout: async (desk, command, speaker) => {
    const { people } = desk.plan()
    const typed = command.person ?? speaker.person
    // Somebody who has left the plan may still have a token: it is of no use, and is taken back all the same.
    const person = Object.keys(people).find((id) => id.toLowerCase() === typed.toLowerCase()) ?? typed
    const admin = people[speaker.person]?.roles.includes('admin') ?? false
    if (person !== speaker.person && !admin) {
      throw new UserError(
        'not-permitted',
        `Only ${who(desk.plan(), person)} or somebody with the role admin may do that. Your own: logout`,
      )
    }
    await desk.revoke(person)
    const said = `All console sessions and terminal tokens of ${who(desk.plan(), person)} count no more.`
    return listing(
      'Logged out',
      [
        {
          lines: [
            [said],
            [
              "New ones, on the bot's host: ",
              { code: `npx dr login ${person}` },
              ' and ',
              { code: `npx dr token ${person}` },
            ],
          ],
        },
      ],
      { person },
    )
  },
}
