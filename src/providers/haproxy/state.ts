// What HAProxy says of a backend, read: `show servers state` for the exact state, `show stat` for health and sessions.
import type { BalancerFacts, ServerFacts } from '../../recovery/kinds/haproxy.ts'
import { noBackend, unreadable } from './errors.ts'

/** Bits of srv_admin_state (HAProxy's management guide): maintenance that was set here, and drain that was set here. */
const forcedMaintenance = 0x01
const forcedDrain = 0x08
/** Bits of srv_check_state: the configuration has a check, and it is not switched off. */
const checkOn = 0x02 | 0x04

/** Words of `check_status` for a check that passed. */
const passed = /^(?:L4OK|L6OK|L7OK|L7OKC|PROCOK)$/

/** The columns that are used, by their names in HAProxy's own headers. */
type Row = ReadonlyMap<string, string>

/** Joins both answers. Throws UserError for a backend that this load balancer does not have. */
export function readBackend(
  from: { readonly control: string; readonly backend: string },
  said: { readonly state: string; readonly stat: string },
): BalancerFacts {
  const { control } = from
  if (/can't find backend|no such (?:backend|proxy)/i.test(`${said.state}\n${said.stat}`)) {
    throw noBackend(from)
  }
  const [version, header = '', ...lines] = said.state.split('\n')
  if (version !== '1' || !header.startsWith('# ')) throw unreadable(control, 'show servers state')
  const states = rowsOf(header.slice(2), lines, ' ')
  const [statHeader = '', ...statLines] = said.stat.split('\n')
  if (!statHeader.startsWith('# pxname,')) throw unreadable(control, 'show stat')
  const stats = rowsOf(statHeader.slice(2), statLines, ',')
  return { control, servers: states.map((row) => serverOf(control, row, stats)) }
}

/** Whether HAProxy checks this server when it is not in maintenance, out of `show servers state`. */
export function isChecked(state: string, server: string): boolean {
  const [, header = '', ...lines] = state.split('\n')
  const row = rowsOf(header.slice(2), lines, ' ').find((one) => one.get('srv_name') === server)
  return row !== undefined && (countIn(row, 'srv_check_state') & checkOn) === checkOn
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

function serverOf(control: string, state: Row, stats: readonly Row[]): ServerFacts {
  const name = state.get('srv_name') ?? ''
  const stat = stats.find((row) => row.get('svname') === name)
  const bits = Number.parseInt(state.get('srv_admin_state') ?? '', 10)
  if (!stat || Number.isNaN(bits)) throw unreadable(control, 'show stat')
  const admin = adminOf(bits)
  const check = withoutStar(stat.get('check_status') ?? '')
  const status = stat.get('status') ?? ''
  const health = healthOf(admin, { status, check, tracked: stat.get('tracked') ?? '' })
  const fqdn = state.get('srv_fqdn') ?? '-'
  const host = fqdn === '-' ? (state.get('srv_addr') ?? '') : fqdn
  return {
    name,
    address: `${host.includes(':') ? `[${host}]` : host}:${state.get('srv_port') ?? ''}`,
    admin,
    health,
    status: statusText(health, status, check),
    weight: countIn(state, 'srv_uweight'),
    sessions: countIn(stat, 'scur') + countIn(stat, 'qcur'),
  }
}

function adminOf(bits: number): ServerFacts['admin'] {
  if ((bits & forcedMaintenance) !== 0) return 'maint'
  return (bits & forcedDrain) !== 0 ? 'drain' : 'ready'
}

/** HAProxy's own words on a server: `check` is `L7OK` and the like, `tracked` the server whose check counts for it. */
export interface StatWords {
  readonly status: string
  readonly check: string
  readonly tracked: string
}

/**
 * A server that comes out of maintenance counts as UP at HAProxy before it was checked once: `UP 1/3`, or `UP` with
 * the check `INI`. That is not taken for health.
 */
export function healthOf(
  admin: ServerFacts['admin'],
  { status, check, tracked }: StatWords,
): ServerFacts['health'] {
  if (status === 'MAINT' && admin === 'maint') return 'unasked'
  // Drained by its weight, or with a server that it tracks: it takes no traffic, whatever its own state says.
  if (status.startsWith('DRAIN') && admin === 'ready') return 'down'
  if (status === 'no check') return 'unchecked'
  if (!/^(?:UP|DRAIN)(?: \d+\/\d+)?$/.test(status)) return 'down'
  if (check === '' && tracked === '') return 'unchecked'
  const whole = status === 'UP' || status === 'DRAIN'
  return whole && (check === '' || passed.test(check)) ? 'up' : 'unproven'
}

/** `DOWN L4CON`: the status, and why when it is down. */
export function statusText(health: ServerFacts['health'], status: string, check: string): string {
  return health === 'down' && check !== '' ? `${status} ${check}` : status
}

/** HAProxy marks a check that is going on just now. */
export function withoutStar(check: string): string {
  return check.replace(/^\* /, '')
}

function countIn(row: Row, column: string): number {
  const value = Number.parseInt(row.get(column) ?? '', 10)
  return Number.isNaN(value) ? 0 : value
}
