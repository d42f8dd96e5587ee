// Reads REDIS_URL: one server, a master that Sentinels watch, or a Cluster.
import { UserError } from '../errors.ts'
import type { ClusterNode, RedisOptions as AllRedisOptions } from 'ioredis'

type RedisOptions = Omit<AllRedisOptions, 'replyMapping'>

/** Where Redis is. `shown` is for logs and errors: it holds no password. */
export type RedisAddress =
  | { readonly kind: 'server' | 'sentinel'; readonly options: RedisOptions; readonly shown: string }
  | {
      readonly kind: 'cluster'
      readonly nodes: readonly ClusterNode[]
      readonly options: RedisOptions
      readonly shown: string
    }

const pattern =
  /^(?<scheme>rediss?)(?:\+(?<mode>sentinel|cluster))?:\/\/(?:(?<login>[^@/]*)@)?(?<hosts>[^@/?]+)(?<path>\/[^?]*)?(?:\?(?<query>.*))?$/
const forms =
  'redis://[user:password@]host[:port][/db], rediss://... (TLS), ' +
  'redis+sentinel://[user:password@]host1:port,host2:port/master-name[/db][?sentinelPassword=...], ' +
  'redis+cluster://[user:password@]host1:port,host2:port'

/** Reads a Redis URL; throws a UserError that names the forms there are, without repeating a password. */
export function parseRedisUrl(url: string): RedisAddress {
  const match = pattern.exec(url)
  if (match === null) throw refused('it is not a Redis URL')
  const { scheme = '', mode = 'server', login, hosts = '', path = '', query = '' } = match.groups ?? {}
  const common: RedisOptions = { ...loginOf(login), ...(scheme === 'rediss' ? { tls: {} } : {}) }
  const shown = `${scheme}${mode === 'server' ? '' : `+${mode}`}://${hosts}${path}`
  const parts = path.split('/').filter((part) => part !== '')
  if (mode === 'sentinel') return sentinel({ common, shown, hosts, parts, query })
  return mode === 'cluster'
    ? cluster({ common, shown, hosts, parts })
    : server({ common, shown, hosts, parts })
}

interface Parts {
  readonly common: RedisOptions
  readonly shown: string
  readonly hosts: string
  readonly parts: readonly string[]
}

function server(from: Parts): RedisAddress {
  const [node, ...others] = nodesOf(from.hosts, 6379)
  if (node === undefined || others.length > 0)
    throw refused('several nodes need redis+sentinel:// or redis+cluster://')
  return {
    kind: 'server',
    options: { ...from.common, ...node, db: databaseOf(from.parts[0]) },
    shown: from.shown,
  }
}

function cluster(from: Parts): RedisAddress {
  if (from.parts.length > 0) throw refused('a Cluster has no numbered databases')
  return { kind: 'cluster', nodes: nodesOf(from.hosts, 6379), options: from.common, shown: from.shown }
}

function sentinel(from: Parts & { readonly query: string }): RedisAddress {
  const [name, db] = from.parts
  if (name === undefined) throw refused('the name of the master is missing after the hosts')
  const password = new URLSearchParams(from.query).get('sentinelPassword')
  const options: RedisOptions = {
    ...from.common,
    sentinels: nodesOf(from.hosts, 26_379),
    name,
    db: databaseOf(db),
    failoverDetector: true,
    ...(password === null ? {} : { sentinelPassword: password }),
    ...(from.common.tls === undefined ? {} : { sentinelTLS: {}, enableTLSForSentinelMode: true }),
  }
  return { kind: 'sentinel', options, shown: from.shown }
}

function nodesOf(hosts: string, defaultPort: number): { host: string; port: number }[] {
  return hosts.split(',').map((text) => {
    const match = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/i.exec(text)
    const port = Number(match?.[2] ?? defaultPort)
    if (match === null || port < 1 || port > 65_535) throw refused(`"${text}" is not host:port`)
    return { host: (match[1] ?? '').replaceAll(/[[\]]/g, ''), port }
  })
}

function databaseOf(text: string | undefined): number {
  if (text === undefined) return 0
  if (!/^\d{1,5}$/.test(text)) throw refused(`"${text}" is not the number of a database`)
  return Number(text)
}

function loginOf(login: string | undefined): RedisOptions {
  if (login === undefined || login === '') return {}
  const colon = login.indexOf(':')
  const username = colon === -1 ? login : login.slice(0, colon)
  const password = colon === -1 ? '' : login.slice(colon + 1)
  return {
    ...(username === '' ? {} : { username: decoded(username) }),
    ...(password === '' ? {} : { password: decoded(password) }),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    throw new UserError('redis-url', 'REDIS_URL: user and password must be percent-encoded', { cause: error })
  }
}

function refused(why: string): UserError {
  return new UserError('redis-url', `REDIS_URL cannot be read: ${why}. Write one of ${forms}`)
}
