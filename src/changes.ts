// Tells those who watch live (the console's pages) that something changed, in this process and in the others.
import type { Changes } from './ports.ts'

type Tell = Changes['tell']
type Listener = Parameters<Changes['subscribe']>[0]

/** The way between processes that share a store. */
export interface Wire {
  /** Carries it to the others; what cannot be carried now is made up for by their `all`. */
  readonly send: Tell
  /** Gives what the others have sent; `all` when some of it may have been missed. */
  readonly listen: (heard: Listener) => void
}

/** Without a wire nobody else is told. */
export function createChanges(wire?: Wire): Changes {
  const listeners = new Set<Listener>()
  const tellHere: Listener = (id) => {
    for (const listener of listeners) listener(id)
  }
  wire?.listen(tellHere)
  return {
    tell: (id) => {
      tellHere(id)
      wire?.send(id)
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
