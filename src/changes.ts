// Tells those who watch live (the console's pages) that something changed, within this process.
import type { Changes } from './ports.ts'

type Listener = Parameters<Changes['subscribe']>[0]

/** A listener that throws is its own problem: the others are told all the same. */
export function createChanges(): Changes {
  const listeners = new Set<Listener>()
  return {
    tell: (id) => {
      for (const listener of listeners) listener(id)
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
