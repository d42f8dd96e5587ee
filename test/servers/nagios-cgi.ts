// A web server that runs Nagios' real CGIs (cmd.cgi, statusjson.cgi) for a Nagios of the tests.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RunningNagios } from './nagios.ts'

export interface NagiosWeb {
  /** What NAGIOS_CGI_URL would be. */
  readonly url: string
  readonly stop: () => Promise<void>
}

/** Where Debian's nagios4-cgi has them. */
const programs = '/usr/lib/cgi-bin/nagios4'

/** Starts it on a free port; HTTP Basic with this one user, whom Nagios knows as a contact if it has that name. */
export async function startNagiosWeb(
  nagios: RunningNagios,
  account: { readonly user: string; readonly password: string },
): Promise<NagiosWeb> {
  const basic = `Basic ${Buffer.from(`${account.user}:${account.password}`).toString('base64')}`
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    const program = /^\/cgi-bin\/nagios4\/(cmd|statusjson)\.cgi$/.exec(path)?.[1]
    if (request.headers.authorization !== basic) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="Nagios"' }).end()
    } else if (program === undefined) {
      response.writeHead(404).end()
    } else {
      runCgi(request, `${program}.cgi`, { directory: nagios.directory, user: account.user }).then(
        (body) => response.writeHead(200, { 'content-type': 'text/html' }).end(body),
        () => response.writeHead(500).end(),
      )
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/cgi-bin/nagios4`, stop: () => close(server) }
}

/** RFC 3875, as much of it as these programs read; gives the document without its CGI header. */
async function runCgi(
  request: IncomingMessage,
  program: string,
  as: { readonly directory: string; readonly user: string },
): Promise<Buffer> {
  const body = await buffer(request)
  const cgi = spawn(join(programs, program), {
    env: {
      GATEWAY_INTERFACE: 'CGI/1.1',
      REQUEST_METHOD: request.method ?? 'GET',
      QUERY_STRING: new URL(request.url ?? '/', 'http://localhost').search.slice(1),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      CONTENT_LENGTH: String(body.length),
      HTTP_COOKIE: request.headers.cookie ?? '',
      SCRIPT_NAME: `/cgi-bin/nagios4/${program}`,
      REMOTE_ADDR: '127.0.0.1',
      REMOTE_USER: as.user,
      NAGIOS_CGI_CONFIG: join(as.directory, 'cgi.cfg'),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  // A program asked with GET may end without reading its input; that is no failure.
  cgi.stdin.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') cgi.stdout.destroy(error)
  })
  cgi.stdin.end(body)
  const output = await buffer(cgi.stdout)
  // cmd.cgi ends its header's lines with LF, statusjson.cgi with CR LF.
  const end = /\r?\n\r?\n/.exec(output.toString('latin1'))
  return output.subarray(end === null ? 0 : end.index + end[0].length)
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}
