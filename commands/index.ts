// All commands, in the order in which help lists them; the compiler refuses a verb without its file.
import { ack } from './ack.ts'
import { dbGeoRestore, dbRestore } from './db.ts'
import { debts, debtsDone } from './debts.ts'

import { dnsBypass, dnsProtect, dnsShow, dnsSync } from './dns.ts'
import { escalate } from './escalate.ts'
import { extend } from './extend.ts'
import { failback, failover } from './failover.ts'
import { freeze, unfreeze } from './freeze.ts'
import { help } from './help.ts'
import { logout } from './logout.ts'
import { note } from './note.ts'
import { oncall, oncallCancel, oncallOverride } from './oncall.ts'
import { open } from './open.ts'
import { report } from './report.ts'
import { resolve } from './resolve.ts'
import { runs } from './runs.ts'
import { status } from './status.ts'
import { timeline } from './timeline.ts'
import { workersScale, workersShow } from './workers.ts'
import { approve, cancel, deny, retry } from './verdicts.ts'
import type { CommandSpec, Verb } from '../src/command/command.ts'

/** Every verb's spec. */
export const commands: { readonly [V in Verb]: CommandSpec<V> } = {
  help,
  status,
  ack,
  note,
  extend,
  escalate,
  resolve,
  open,
  timeline,
  report,
  oncall,
  'oncall override': oncallOverride,
  'oncall cancel': oncallCancel,
  failover,
  failback,
  'dns show': dnsShow,
  'dns sync': dnsSync,
  'dns bypass': dnsBypass,
  'dns protect': dnsProtect,
  'workers show': workersShow,
  'workers scale': workersScale,
  'db restore': dbRestore,
  'db geo-restore': dbGeoRestore,
  runs,
  debts,
  'debts done': debtsDone,
  approve,
  deny,
  cancel,
  retry,
  freeze,
  unfreeze,
  logout,
}

/** The verbs in the order of `commands`. */
export const verbs = Object.keys(commands) as readonly Verb[]

/** The spec of a verb. */
export function specOf<V extends Verb>(verb: V): CommandSpec<V> {
  return commands[verb]
}
