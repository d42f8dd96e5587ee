// A load balancer that is told through HAProxy's runtime API: commands that answer nothing when they succeed.
import type { Duration } from '../../ids.ts'
import type { Balancer, ServerName } from './balancer.ts'
import { missingRight, refused } from './errors.ts'
import { ask } from './socket.ts'
import { isChecked, readBackend } from './state.ts'

/** `timeout`: for one exchange. Opens no connection yet. */
export function createRuntime(control: string, timeout: Duration): Balancer {
  function read(signal: AbortSignal, ...commands: readonly string[]): Promise<string> {
    return ask({ control, commands, timeout }, signal)
  }

  async function change({ backend, server }: ServerName, signal: AbortSignal, ...what: readonly string[]) {
    const commands = what.map((words) => `set server ${backend}/${server} ${words}`)
    const said = await ask({ control, commands, changes: true, timeout }, signal)
    // A server whose check is another one's has no health of its own to forget.
    if (said === '' || /^cannot change health on a tracking server/i.test(said)) return
    throw refused({ control, backend, server }, commands.join('; '), said)
  }

  return {
    look: async (backend, signal) => {
      const said = await read(
        signal,
        'show cli level',
        `show servers state ${backend}`,
        `show stat ${backend} 4 -1`,
      )
      // One connection for all three: a load balancer lets in only a few at a time. Each answer ends with an empty line.
      const [level = '', state = '', stat = ''] = said.split(/\n\n+/)
      // Somebody without the right is told so; what is no level at all is not HAProxy, and the other answers show it.
      if (/^(?:user|operator|unknown)\b/.test(level)) throw missingRight(control, level)
      return readBackend({ control, backend }, { state, stat })
    },
    set: (name, state, signal) => change(name, signal, `state ${state}`),
    wake: async (name, signal) => {
      const state = await read(signal, `show servers state ${name.backend}`)
      // The two in one line: nothing can come between them. A server without a check would stay down for good.
      const forget = isChecked(state, name.server) ? ['health down'] : []
      await change(name, signal, 'state drain', ...forget)
    },
  }
}
