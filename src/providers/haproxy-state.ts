// What HAProxy says of a backend, read: `show servers state` for the exact state, `show stat` for health and sessions.
import { RetryableError, UserError } from '../errors.ts'
import { balancerName } from '../recovery/kinds/haproxy.ts'
import type { BalancerFacts, ServerFacts } from '../recovery/kinds/haproxy.ts'

/** Bits of srv_admin_state (HAProxy's management guide): maintenance that was set here, and drain that was set here. */
const forcedMaintenance = 0x01
const forcedDrain = 0x08

/** Words of `check_status` for a check that passed. */
const passed = /^(?:L4OK|L6OK|L7OK|L7OKC|PROCOK)$/

/** The columns that are used, by their names in HAProxy's own headers. */
type Row = ReadonlyMap<string, string>

/** Joins both answers. Throws UserError for a backend that this load balancer does not have. */
export function readBackend(
  from: { readonly socket: string; readonly backend: string },
  said: { readonly state: string; readonly stat: string },
): BalancerFacts {
  const { socket, backend } = from
  if (/can't find backend|no such (?:backend|proxy)/i.test(`${said.state}\n${said.stat}`)) {
    throw new UserError(
      'haproxy-backend',
      `HAProxy at ${balancerName(socket)} has no backend ${backend}. Compare "backend" of the recovery in the DR plan with haproxy.cfg there.`,
    )
  }
  const [version, header = '', ...lines] = said.state.split('\n')
  if (version !== '1' || !header.startsWith('# ')) throw unreadable(socket, 'show servers state')
  const states = rowsOf(header.slice(2), lines, ' ')
  const [statHeader = '', ...statLines] = said.stat.split('\n')
  if (!statHeader.startsWith('# pxname,')) throw unreadable(socket, 'show stat')
  const stats = rowsOf(statHeader.slice(2), statLines, ',')
  return { socket, servers: states.map((row) => serverOf(socket, row, stats)) }
}

/** Texts in quotes, which may hold a comma, stand in columns after those that are used, but for the last check's words. */
function rowsOf(header: string, lines: readonly string[], separator: ' ' | ','): readonly Row[] {
  const names = header.split(separator)
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const values = line.split(separator)
      return new Map(names.map((name, index) => [name, values[index] ?? '']))
    })
}

function serverOf(socket: string, state: Row, stats: readonly Row[]): ServerFacts {
  const name = state.get('srv_name') ?? ''
  const stat = stats.find((row) => row.get('svname') === name)
  const bits = Number.parseInt(state.get('srv_admin_state') ?? '', 10)
  if (!stat || Number.isNaN(bits)) throw unreadable(socket, 'show stat')
  const admin = adminOf(bits)
  const check = (stat.get('check_status') ?? '').replace(/^\* /, '')
  const status = stat.get('status') ?? ''
  const health = healthOf(admin, status, check)
  const fqdn = state.get('srv_fqdn') ?? '-'
  const host = fqdn === '-' ? (state.get('srv_addr') ?? '') : fqdn
  return {
    name,
    address: `${host.includes(':') ? `[${host}]` : host}:${state.get('srv_port') ?? ''}`,
    admin,
    health,
    status: health === 'down' && check !== '' ? `${status} ${check}` : status,
    weight: countIn(state, 'srv_uweight'),
    sessions: countIn(stat, 'scur') + countIn(stat, 'qcur'),
  }
}

function adminOf(bits: number): ServerFacts['admin'] {
  if ((bits & forcedMaintenance) !== 0) return 'maint'
  return (bits & forcedDrain) !== 0 ? 'drain' : 'ready'
}

/**
 * A server that comes out of maintenance counts as UP at HAProxy before it was checked once: `UP 1/3`, or `UP` with
 * the check `INI` where one failure is enough. That is not taken for health.
 */
function healthOf(admin: ServerFacts['admin'], status: string, check: string): ServerFacts['health'] {
  if (status === 'no check') return 'unchecked'
  if (status === 'MAINT' && admin === 'maint') return 'unasked'
  if (/^(?:UP|DRAIN)(?: \d+\/\d+)?$/.test(status)) {
    const whole = status === 'UP' || status === 'DRAIN'
    return whole && (check === '' || passed.test(check)) ? 'up' : 'unproven'
  }
  return 'down'
}

function countIn(row: Row, column: string): number {
  const value = Number.parseInt(row.get(column) ?? '', 10)
  return Number.isNaN(value) ? 0 : value
}

function unreadable(socket: string, command: string): RetryableError {
  return new RetryableError(
    `The load balancer ${balancerName(socket)} answers ${command} with something that cannot be read.`,
  )
}
