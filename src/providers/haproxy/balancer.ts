// One load balancer, whichever way it is told: what both HAProxy's runtime API and its Data Plane API can do.
import type { FileState, ServerState } from '../../recovery/action.ts'
import type { BalancerFacts } from '../../recovery/kinds/haproxy.ts'

/** A server by the names in haproxy.cfg. */
export interface ServerName {
  readonly backend: string
  readonly server: string
}

export interface Balancer {
  /** Only reads. Throws UserError when the backend is not there, or the bot's right is not enough to change anything. */
  readonly look: (backend: string, signal: AbortSignal) => Promise<BalancerFacts>
  readonly set: (name: ServerName, state: ServerState, signal: AbortSignal) => Promise<void>
  /**
   * Drains a server that is in maintenance, so that it is checked without traffic, and has HAProxy forget what it
   * knew of its health: with `fall 1` the check from before the maintenance would count as passed.
   */
  readonly wake: (name: ServerName, signal: AbortSignal) => Promise<void>
}

/** A load balancer whose configuration file can be written as well. */
export interface FileBalancer extends Balancer {
  readonly inFile: (name: ServerName, signal: AbortSignal) => Promise<FileState>
  /** Answers once the file is written; HAProxy is not reloaded, since it runs in that state already. */
  readonly write: (name: ServerName, state: FileState, signal: AbortSignal) => Promise<void>
}
