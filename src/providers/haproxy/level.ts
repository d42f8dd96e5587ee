// Reads what may be done at a socket of HAProxy's runtime API.
import { second, type Duration } from '../../ids.ts'
import type { HaproxyReader } from '../../readers.ts'
import { ask } from './socket.ts'

/** `timeout`: for one command to one load balancer. Default 3 s. */
export function createHaproxyReader({
  timeout = 3 * second,
}: { readonly timeout?: Duration } = {}): HaproxyReader {
  return {
    level: async (socket, signal) => {
      const answer = await ask({ control: socket, commands: ['show cli level'], timeout }, signal)
      return /^(?:admin|operator|user)$/.exec(answer.trim())?.[0] ?? 'unknown'
    },
  }
}
