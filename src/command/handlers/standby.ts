// dns sync: brings the standby zones in step with Cloudflare now, and says how they stand.
import { UserError, reasonOf } from '../../errors.ts'
import type { Section } from '../../message.ts'
import { readStandbys } from '../../recovery/standby/words.ts'
import { listing } from '../answer.ts'
import { inTime } from '../late.ts'
import type { Desk, Handlers } from '../desk.ts'

export const standbyHandlers: Handlers<'dns sync'> = {
  'dns sync': async (desk, { accept }, speaker) => {
    const work = desk.syncStandby(accept).then(() => true)
    const ended = await inTime(desk, work, speaker)
    work.catch((thrown: unknown) => desk.log.error('a sync failed', { reason: reasonOf(thrown) }))
    const sections = await standbySections(desk)
    const going: Section = { lines: [['It goes on; to see how it stands, type: ', { command: 'dns show' }]] }
    if (sections.length > 0) return listing('Standby DNS', ended ? sections : [going, ...sections], {})
    throw new UserError(
      'no-standby',
      'The DR plan has no standby zone. Add a recovery with the block "standby_dns" under "systems.dns.recoveries" in the DR plan.',
    )
  },
}

/** One section for each standby zone of the plan. */
export async function standbySections({ store, plan, clock }: Desk): Promise<readonly Section[]> {
  const shown = await readStandbys(store, plan(), clock.now())
  return shown.map(({ zone, line, more }) => ({ heading: `${zone} at Azure DNS`, lines: [line, ...more] }))
}
