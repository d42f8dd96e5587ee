// What an activity tells of Teams itself: its service URL, how a person is named there, where the app is and is not.
import { reasonOf } from '../../../errors.ts'
import { withoutChat, withPerson } from '../references.ts'
import type { References } from '../references.ts'
import { isPersonal } from './payload.ts'
import type { Activity } from './payload.ts'
import type { Inbound } from './speak.ts'

/** Keeps what is new. Never rejects: what is not kept now is learned from the next activity. */
export async function learn(inbound: Inbound, activity: Activity): Promise<void> {
  try {
    await inbound.references.change((old) => withInstallation(withPlace(old, activity), activity))
  } catch (thrown) {
    inbound.log.warn('what Teams said of itself could not be kept', { reason: reasonOf(thrown) })
  }
  const change = installationOf(activity)
  if (change !== undefined) {
    const where = isPersonal(activity) ? `the chat with ${activity.from.aadObjectId}` : 'the team'
    inbound.log.info(change === 'added' ? 'the app was added in Teams' : 'the app was removed in Teams', {
      where,
    })
  }
}

function withPlace(old: References, activity: Activity): References {
  const { from, conversation } = activity
  const serviceUrl = activity.serviceUrl.replace(/\/$/, '')
  const here = old.serviceUrl === serviceUrl ? old : { ...old, serviceUrl }
  if (from.aadObjectId === undefined) return here
  const chat = isPersonal(activity) ? { chat: conversation.id } : {}
  return withPerson(here, from.aadObjectId, { mri: from.id, ...chat })
}

function withInstallation(old: References, activity: Activity): References {
  const change = installationOf(activity)
  if (change === undefined) return old
  if (!isPersonal(activity)) {
    const inTeam = change === 'added'
    return old.inTeam === inTeam ? old : { ...old, inTeam }
  }
  const { aadObjectId: id } = activity.from
  return change === 'removed' && id !== undefined ? withoutChat(old, id) : old
}

/** Teams tells of an installation in two ways; either may come first, or alone. */
function installationOf({
  type,
  action,
  recipient,
  membersAdded = [],
  membersRemoved = [],
}: Activity): 'added' | 'removed' | undefined {
  if (type === 'installationUpdate') return action?.startsWith('remove') === true ? 'removed' : 'added'
  if (type !== 'conversationUpdate') return undefined
  if (membersAdded.some(({ id }) => id === recipient.id)) return 'added'
  return membersRemoved.some(({ id }) => id === recipient.id) ? 'removed' : undefined
}
