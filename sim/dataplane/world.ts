// What the simulated Data Plane API knows: a backend's servers at run time and in the file, and what each request does.

/** A server's line of the file. What is not known here must come back unchanged, or HAProxy is reloaded. */
export interface FileServer {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly check?: 'enabled' | 'disabled'
  readonly maintenance?: 'enabled' | 'disabled'
  readonly [more: string]: unknown
}

/** A server as HAProxy has it. */
export interface Server {
  line: FileServer
  admin: 'ready' | 'drain' | 'maint'
  /** Whether HAProxy takes it for healthy, and how many checks have passed since it was not. */
  up: boolean
  passed: number
  health: 'well' | 'sick'
  sessions: number
}

export interface State {
  readonly backend: string
  readonly servers: Server[]
  version: number
  reloads: number
}

/** How many checks in a row make a server UP. Each question for the statistics counts as one check. */
const rise = 2

/** A server as HAProxy starts with it. */
export function fresh(line: FileServer): Server {
  const admin = line.maintenance === 'enabled' ? 'maint' : 'ready'
  return { line, admin, up: admin === 'ready', passed: 0, health: 'well', sessions: 0 }
}

/** Reads the file again: what was set at run time is gone. */
export function reload(state: State): void {
  for (const [index, { line, health }] of state.servers.entries())
    state.servers[index] = { ...fresh(line), health }
}

interface Said {
  readonly status: number
  readonly body: unknown
}

/** Answers a question or a change; the path is without the API's own beginning. */
export function route(state: State, method: string, url: URL, body: unknown): Said {
  const path = url.pathname.replace(/^\/v3\/services\/haproxy\//, '')
  if (method === 'GET' && path === 'configuration/version') return { status: 200, body: state.version }
  if (method === 'GET' && path === 'stats/native') return stats(state, url)
  const match = /^(runtime|configuration)\/backends\/([^/]+)\/servers(?:\/([^/]+))?$/.exec(path)
  if (!match) return error(404, `path ${url.pathname} was not found`)
  const [, part, backend = '', name] = match.map((text) => text && decodeURIComponent(text))
  if (name === undefined) return servers(state, backend, `${method} ${part}`)
  const server = backend === state.backend && state.servers.find((one) => one.line.name === name)
  if (!server) return error(404, `server ${name} not found in backend ${backend}`)
  return part === 'runtime' ? atRuntime(server, method, body) : inFile(state, server, { method, url, body })
}

/** The real one answers an empty list for a backend that it does not have. */
function servers(state: State, backend: string, asked: string): Said {
  if (asked !== 'GET runtime') return error(405, `${asked} is not allowed`)
  return { status: 200, body: backend === state.backend ? state.servers.map(runtimeOf) : [] }
}

function atRuntime(server: Server, method: string, body: unknown): Said {
  if (method === 'GET') return { status: 200, body: runtimeOf(server) }
  return method === 'PUT' ? putRuntime(server, body) : error(405, `method ${method} is not allowed`)
}

function inFile(
  state: State,
  server: Server,
  { method, url, body }: { readonly method: string; readonly url: URL; readonly body: unknown },
): Said {
  if (method === 'GET') return { status: 200, body: server.line }
  return method === 'PUT' ? putFile(state, server, url, body) : error(405, `method ${method} is not allowed`)
}

function runtimeOf({ line, admin, up }: Server): unknown {
  return {
    id: '1',
    name: line.name,
    address: line.address,
    port: line.port,
    admin_state: admin,
    operational_state: up ? 'up' : 'down',
  }
}

function putRuntime(server: Server, body: unknown): Said {
  const { admin_state: admin, operational_state: operational, ...other } = record(body)
  if (admin !== 'ready' && admin !== 'drain' && admin !== 'maint')
    return error(422, 'admin_state in body should be one of [ready maint drain]')
  if (operational !== 'up' && operational !== 'down' && operational !== 'stopping')
    return error(422, 'operational_state in body should be one of [up down stopping]')
  if (Object.keys(other).length > 0) return error(422, `${Object.keys(other)[0]} in body is readOnly`)
  if ((operational === 'up') !== server.up) {
    server.up = operational === 'up'
    server.passed = 0
  }
  // Out of maintenance a server counts as up, whatever it was before.
  if (server.admin === 'maint' && admin !== 'maint') server.up = true
  if (admin === 'maint') server.up = false
  server.admin = admin
  return { status: 200, body: runtimeOf(server) }
}

function putFile(state: State, server: Server, url: URL, body: unknown): Said {
  const version = url.searchParams.get('version')
  if (version === null) return error(400, 'version or transaction not specified, specify only one')
  if (version !== String(state.version))
    return error(
      409,
      `version mismatch: version in configuration file is ${state.version}, given version is ${version}`,
    )
  const line = record(body)
  if (line['name'] !== server.line.name) return error(400, 'validation error: name does not match')
  const { maintenance: wanted, ...rest } = line
  const { maintenance: had, ...was } = server.line
  if (wanted !== 'enabled' && wanted !== 'disabled' && wanted !== undefined)
    return error(422, 'maintenance in body should be one of [enabled disabled]')
  server.line = line as FileServer
  state.version += 1
  if (JSON.stringify(rest) !== JSON.stringify(was)) {
    state.reloads += 1
    reload(state)
    return { status: 202, body: line }
  }
  if (wanted !== had)
    putRuntime(server, { ...states(server), admin_state: wanted === 'enabled' ? 'maint' : 'ready' })
  return { status: 200, body: line }
}

function states({ up }: Server): object {
  return { operational_state: up ? 'up' : 'down' }
}

function stats(state: State, url: URL): Said {
  if (url.searchParams.get('type') !== 'server') return error(400, 'Type required')
  if (url.searchParams.get('parent') !== state.backend) return { status: 200, body: { stats: [] } }
  const rows = state.servers.map((server) => {
    check(server)
    const { line, up, health, sessions } = server
    const checked = line.check === 'enabled' && server.admin !== 'maint'
    return {
      type: 'server',
      name: line.name,
      backend_name: state.backend,
      stats: {
        status: statusOf(server),
        ...(checked ? { check_status: up || health === 'well' ? 'L7OK' : 'L7STS' } : {}),
        weight: 1,
        scur: sessions,
        qcur: 0,
      },
    }
  })
  return { status: 200, body: { runtimeAPI: '/run/haproxy/admin.sock', stats: rows } }
}

function check(server: Server): void {
  if (server.admin === 'maint' || server.line.check !== 'enabled') return
  if (server.health === 'sick') {
    server.up = false
    server.passed = 0
  } else if (!server.up) {
    server.passed += 1
    server.up = server.passed >= rise
  }
}

function statusOf({ line, admin, up, passed }: Server): string {
  if (admin === 'maint') return 'MAINT'
  if (line.check !== 'enabled') return admin === 'drain' ? 'DRAIN' : 'no check'
  if (!up) return passed > 0 ? `DOWN ${passed}/${rise}` : 'DOWN'
  return admin === 'drain' ? 'DRAIN' : 'UP'
}

function record(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
}

function error(status: number, message: string): Said {
  return { status, body: { code: status, message } }
}
