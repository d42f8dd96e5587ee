import { createHaproxy } from './src/providers/haproxy.ts'
import { lookAtBalancers } from './src/recovery/ways/haproxy-look.ts'
import { moveSteps, rowsOf } from './src/recovery/ways/haproxy-move.ts'
import { serverIn } from './src/recovery/kinds/haproxy.ts'
const p: any = createHaproxy({ clock: Date, timeout: 1000 })
const s = new AbortController().signal
const socket = 'tcp://127.0.0.1:19901'
const calls: any = { observe: (a: any) => p[a.provider].observe(a, s) }
const l = await lookAtBalancers({ calls }, { backend: 'api', sockets: [socket, 'tcp://127.0.0.1:19999'], servers: ['main', 'standby'] })
console.log('silent', l.silent)
const b = l.balancers[0]!
const turn = (server: string, after: any) => ({ socket, server, before: serverIn(b, server).admin, after })
const move = { backend: 'api', drain: 2000, on: [turn('standby', 'ready')], off: [turn('main', 'maint')], askFirst: true }
console.log(rowsOf(move, l.balancers))
for (const step of moveSteps(move)) {
  const a: any = step.action, q = p[a.provider]
  const before = q.settled(a, await q.observe(a, s))
  const op = await q.start(a, 'k', s)
  let r: any
  do { r = await q.check(a, op, Date.now(), s); if (r.state === 'running') await new Promise((f) => setTimeout(f, 300)) } while (r.state === 'running')
  console.log(step.title, '|', before, '->', r.state, r.note ?? r.reason)
}
for (const [port, server, backend] of [[19902, 'main', 'api'], [19901, 'nope', 'api'], [19901, 'main', 'nope']] as const) {
  const a: any = { provider: 'haproxy-server', socket: `tcp://127.0.0.1:${port}`, backend, server, before: 'ready', after: 'drain' }
  console.log(await p['haproxy-server'].observe(a, s).catch((e: Error) => `${e.name}: ${e.message}`))
}
