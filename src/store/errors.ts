// Says in this program's words what went wrong at Redis, and what to do about it.
import { BugError, RetryableError, UserError, reasonOf } from '../errors.ts'

const down = 'Redis does not answer. Nothing is lost: what was answered is on disk. Check that Redis runs'
const transient =
  /^(LOADING|BUSY|CLUSTERDOWN|TRYAGAIN|MASTERDOWN|READONLY|NOREPLICAS|UNBLOCKED)\b|too many cluster redirections/i
const forbidden = /^(NOAUTH|WRONGPASS|NOPERM)\b|invalid password|AUTH failed/i

/** Maps what ioredis threw: time mends it, the administrator mends it, or it is a bug. Never holds a password. */
export function toStoreError(thrown: unknown): Error {
  if (thrown instanceof RetryableError || thrown instanceof UserError || thrown instanceof BugError)
    return thrown
  const reason = reasonOf(thrown)
  const options = { cause: thrown }
  if (/^OOM\b/.test(reason))
    return new RetryableError('Redis is out of memory and refuses writes: raise its maxmemory', options)
  if (/^MISCONF\b/.test(reason))
    return new RetryableError(`Redis cannot write to its disk: free space there (${reason})`, options)
  if (transient.test(reason)) return new RetryableError(`Redis cannot serve right now: ${reason}`, options)
  if (forbidden.test(reason))
    return new UserError('redis-login', `Redis refused the login: check the password in REDIS_URL`, options)
  if (isReply(thrown)) return new BugError(`Redis refused a command: ${reason}`, options)
  return new RetryableError(`${down} (${reason})`, options)
}

/** True for what Redis itself answered, as opposed to a lost connection or a time-out. */
function isReply(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'ReplyError'
}
