// A zone's own name servers: where they are, and what they say of a name, past every cache.
import { lookup, Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Duration } from '../../ids.ts'

export interface NameServerOptions {
  /** Port of name servers given without one. Default 53. */
  readonly port?: number
  /** Addresses of a name server's host name. Default: the machine's own resolution. */
  readonly resolveNameServer?: (host: string) => Promise<readonly string[]>
}

/**
 * Addresses of one name server (`host`, `ip`, `host:port` or `[v6]:port`) in the form that a resolver takes, IPv4
 * first: a host without IPv6 must not wait for it.
 */
export async function addressesOf(server: string, options: NameServerOptions): Promise<readonly string[]> {
  const { host, port } = hostAndPort(server, options.port ?? 53)
  const resolve = options.resolveNameServer ?? systemAddresses
  const addresses = isIP(host) === 0 ? await resolve(host) : [host]
  return [...addresses]
    .sort((a, b) => isIP(a) - isIP(b))
    .map((address) => (isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`))
}

/**
 * The address that the first of the name servers to answer gives for a name; undefined when none of them knows one, as
 * for an alias that leads out of the zone. Never throws, and stops when the signal does.
 */
export async function addressAt(
  nameServers: readonly string[],
  name: string,
  { timeout, signal }: { readonly timeout: Duration; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const resolvers = nameServers.map(() => new Resolver({ timeout, tries: 1 }))
  const stop = (): void => resolvers.forEach((resolver) => resolver.cancel())
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.any(
      nameServers.map(async (server, index) => addressFrom(resolvers[index], server, name)),
    )
  } catch {
    // Every one of them failed or knows no address; who asks then goes by the machine's own DNS.
    return undefined
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
}

async function addressFrom(resolver: Resolver | undefined, server: string, name: string): Promise<string> {
  if (!resolver) throw new Error('no resolver')
  resolver.setServers(await addressesOf(server, {}))
  const four = await resolver.resolve4(name).catch(() => [])
  const [found] = four.length > 0 ? four : await resolver.resolve6(name)
  if (found === undefined) throw new Error('no address')
  return found
}

function hostAndPort(server: string, otherwise: number): { host: string; port: number } {
  if (isIP(server) !== 0) return { host: server, port: otherwise }
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(server)
  const host = match?.[1] ?? match?.[2] ?? server
  return { host, port: match?.[3] === undefined ? otherwise : Number(match[3]) }
}

async function systemAddresses(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true })
  return found.map(({ address }) => address)
}
