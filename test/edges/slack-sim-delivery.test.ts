// The Slack simulator delivers what people do as Slack does: to one socket, or signed over HTTP, with its retries.
import { once } from 'node:events'
import { App, HTTPReceiver, LogLevel, SocketModeReceiver } from '@slack/bolt'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { startSlack, type SimSlack, type SimSlackOptions } from '../../sim/slack.ts'
import { callSlack } from '../servers/slack.ts'

type Body = Readonly<Record<string, unknown>>

const people = [
  { id: 'U0ANN', name: 'ann' },
  { id: 'U0BOB', name: 'bob' },
]
let sim: SimSlack
let stops: (() => unknown)[]

beforeEach(async () => {
  stops = []
  await open()
})
afterEach(async () => {
  for (const stop of stops) await stop()
  await sim.stop()
})

async function open(more: SimSlackOptions = {}): Promise<void> {
  sim = await startSlack({ people, limits: false, retryAfter: [0, 0, 0], ...more })
}

async function reopen(more: SimSlackOptions): Promise<void> {
  await sim.stop()
  await open(more)
}

interface Plug {
  readonly socket: WebSocket
  readonly envelopes: Body[]
}

/** Connects a socket that acknowledges what `acks` says, with that payload; undefined: not at all. */
async function plug(acks: (envelope: Body) => Body | undefined = () => ({})): Promise<Plug> {
  const { url } = await callSlack(sim, 'apps.connections.open', {}, sim.appToken)
  const socket = new WebSocket(String(url))
  const envelopes: Body[] = []
  stops.push(() => socket.terminate())
  socket.on('message', (data: Buffer) => {
    const envelope = JSON.parse(data.toString()) as Body
    envelopes.push(envelope)
    const payload = envelope['envelope_id'] === undefined ? undefined : acks(envelope)
    if (payload !== undefined) socket.send(JSON.stringify({ envelope_id: envelope['envelope_id'], payload }))
  })
  await vi.waitFor(() => expect(envelopes).toMatchObject([{ type: 'hello' }]))
  envelopes.length = 0
  return { socket, envelopes }
}

/** What a bot does in these tests: answers the command, asks for a reason when a button is pressed. */
async function startApp(receiver: HTTPReceiver | SocketModeReceiver): Promise<App> {
  const app = new App({
    token: sim.botToken,
    botId: sim.botId,
    botUserId: sim.botUserId,
    clientOptions: { slackApiUrl: sim.apiUrl },
    receiver,
    logLevel: LogLevel.ERROR,
  })
  app.command('/dr', async ({ ack, command }) => ack(`you said ${command.text}`))
  app.action('dr:1', async ({ ack, body, client }) => {
    await ack()
    const words = (text: string) => ({ type: 'plain_text' as const, text })
    const element = { type: 'plain_text_input' as const, action_id: 'text', min_length: 3 }
    await client.views.open({
      trigger_id: (body as { readonly trigger_id: string }).trigger_id,
      view: {
        type: 'modal',
        callback_id: 'reason',
        title: words('Reason'),
        submit: words('Send'),
        blocks: [{ type: 'input', block_id: 'reason', label: words('Why?'), element }],
      },
    })
  })
  app.view('reason', async ({ ack, view }) => {
    const why = view.state.values['reason']?.['text']?.value
    if (why === 'because') await ack({ response_action: 'errors', errors: { reason: 'say more' } })
    else await ack()
  })
  app.event('app_mention', async ({ event, client }) => {
    await client.apiCall('chat.postMessage', { channel: event.channel, text: `heard ${event.text}` })
  })
  return app
}

async function appBySocket(): Promise<void> {
  const receiver = new SocketModeReceiver({
    appToken: sim.appToken,
    installerOptions: { clientOptions: { slackApiUrl: sim.apiUrl } },
    logLevel: LogLevel.ERROR,
  })
  const app = await startApp(receiver)
  await app.start()
  stops.push(() => app.stop())
}

async function appByHttp(): Promise<void> {
  const app = await startApp(new HTTPReceiver({ signingSecret: sim.signingSecret, logLevel: LogLevel.ERROR }))
  const server = await app.start(0)
  const address = (server as { address: () => unknown }).address() as { readonly port: number }
  sim.setRequestUrl(`http://127.0.0.1:${address.port}/slack/events`)
  stops.push(() => app.stop())
}

describe.each([
  ['Socket Mode', 'socket', appBySocket],
  ['signed HTTP', 'http', appByHttp],
] as const)('a Bolt app over %s', (_, by, start) => {
  beforeEach(start)

  test('answers a command to the one who typed it', async () => {
    const answer = await sim.command('U0ANN', 'status @bob in #general <now> & then')

    const text = 'you said status <@U0BOB|bob> in <#C0GENERAL|general> &lt;now&gt; &amp; then'
    expect(answer).toMatchObject({ by, ok: true })
    expect(sim.ephemerals('U0ANN')).toMatchObject([{ channel: 'C0GENERAL', text }])
  })

  test('hears a mention in a channel that it is in', async () => {
    sim.join(sim.botUserId, 'C0GENERAL')

    expect(await sim.mention('U0ANN', 'C0GENERAL', 'status of @bob')).toMatchObject({ by, ok: true })

    const said = { user: sim.botUserId, text: `heard <@${sim.botUserId}> status of <@U0BOB>` }
    await vi.waitFor(() => expect(sim.messages('C0GENERAL').at(-1)).toMatchObject(said))
  })

  test('opens a modal from a button, and takes what is put in only when it is right', async () => {
    const button = { type: 'button', text: { type: 'plain_text', text: 'Escalate' }, action_id: 'dr:1' }
    const blocks = [{ type: 'actions', elements: [button] }]
    const { ts } = await callSlack(sim, 'chat.postMessage', { channel: 'C0GENERAL', text: 'INC-1', blocks })
    const at = { channel: 'C0GENERAL', ts: String(ts) }
    expect(sim.buttons(sim.message(at.channel, at.ts))).toEqual(['Escalate'])

    expect(await sim.press('U0ANN', { ...at, label: 'Escalate' })).toMatchObject({ by, ok: true })

    const view = await vi.waitFor(() => sim.modals('U0ANN')[0]?.id ?? expect.fail('no modal yet'))
    await expect(sim.submitView('U0ANN', view, {})).rejects.toThrow('Why? must be filled in')
    await expect(sim.submitView('U0ANN', view, { 'Why?': 'no' })).rejects.toThrow('2 characters, not 3 to')
    const refused = await sim.submitView('U0ANN', view, { 'Why?': 'because' })
    expect(refused.body).toEqual({ response_action: 'errors', errors: { reason: 'say more' } })
    expect(sim.modals('U0ANN')).toHaveLength(1)
    expect(await sim.submitView('U0ANN', view, { 'Why?': 'lb2 burns' })).toMatchObject({ ok: true })
    expect(sim.modals('U0ANN')).toEqual([])
    await expect(sim.press('U0ANN', { ...at, label: 'Resolve' })).rejects.toThrow('there is: Escalate (dr:1)')
  })
})

describe('Socket Mode', () => {
  test('gives each envelope to one of the sockets, in turn', async () => {
    const one = await plug()
    const other = await plug()

    for (let count = 0; count < 4; count += 1) await sim.command('U0ANN', `${count}`)

    expect([one.envelopes.length, other.envelopes.length]).toEqual([2, 2])
    expect(one.envelopes[0]).toMatchObject({ type: 'slash_commands', accepts_response_payload: true })
  })

  test('gives an envelope to another socket when the first goes away before it acknowledged', async () => {
    const silent = await plug(() => undefined)
    const answering = sim.command('U0ANN', 'status')
    await vi.waitFor(() => expect(silent.envelopes).toHaveLength(1))
    const other = await plug(() => ({ text: 'hello' }))

    silent.socket.terminate()

    expect(await answering).toMatchObject({ ok: true, body: { text: 'hello' } })
    expect(other.envelopes[0]?.['envelope_id']).toBe(silent.envelopes[0]?.['envelope_id'])
  })

  test('takes a ticket once', async () => {
    const { url } = await callSlack(sim, 'apps.connections.open', {}, sim.appToken)
    const first = new WebSocket(String(url))
    await once(first, 'open')

    const [error] = (await once(new WebSocket(String(url)), 'error')) as [Error]

    expect(error.message).toContain('401')
    first.terminate()
  })

  test('tries an event that is not acknowledged again, and counts; never a command', async () => {
    await reopen({ ackWithin: 30 })
    const { envelopes } = await plug((envelope) => (envelope['retry_attempt'] === 2 ? {} : undefined))

    expect(await sim.directMessage('U0ANN', 'help')).toMatchObject({ ok: false, error: 'operation_timeout' })

    await vi.waitFor(() => expect(sim.deliveries.map(({ retry, ok }) => [retry, ok])).toHaveLength(3))
    expect(sim.deliveries.map(({ ok }) => ok)).toEqual([false, false, true])
    expect(new Set(envelopes.map((envelope) => (envelope['payload'] as Body)['event_id'])).size).toBe(1)
    expect(await sim.command('U0ANN', 'status')).toMatchObject({ ok: false, error: 'operation_timeout' })
    expect(sim.deliveries.filter(({ type }) => type === 'slash_commands')).toHaveLength(1)
  })

  test('says before it closes a connection, or does not', async () => {
    const { socket, envelopes } = await plug()

    sim.dropSockets('warning')
    await vi.waitFor(() => expect(envelopes).toMatchObject([{ type: 'disconnect', reason: 'warning' }]))
    expect(sim.sockets()).toBe(1)

    sim.dropSockets()
    await once(socket, 'close')
    await vi.waitFor(() => expect(sim.sockets()).toBe(0))
    expect(await sim.command('U0ANN', 'x')).toMatchObject({ by: 'nobody', error: 'dispatch_failed' })
  })

  test('closes connections after a while, again and again, when told to', async () => {
    sim.fault({ kind: 'drop-sockets', ms: 150 })
    const { socket } = await plug()

    await once(socket, 'close')

    const { socket: second } = await plug()
    await once(second, 'close')
    expect(sim.calls.filter(({ method }) => method === 'socket')).toHaveLength(2)
  })

  test('keeps a connection open and dead when told to, and goes on with it afterwards', async () => {
    await reopen({ ackWithin: 50 })
    const { socket, envelopes } = await plug()
    sim.fault({ kind: 'freeze-sockets' })
    let pongs = 0
    socket.on('pong', () => (pongs += 1))

    socket.ping()

    expect(await sim.command('U0ANN', 'x')).toMatchObject({ ok: false, error: 'operation_timeout' })
    expect([envelopes.length, pongs]).toEqual([0, 0])
    sim.fault()
    expect(await sim.command('U0ANN', 'x')).toMatchObject({ ok: true })
    expect(pongs).toBe(1)
  })

  test('tells the app only of what it subscribed to, may see and is there to see', async () => {
    await reopen({ events: ['app_mention', 'message.channels'] })
    await plug()
    const unsubscribed = { by: 'nobody', error: 'not_subscribed' }

    expect(await sim.directMessage('U0ANN', 'help')).toMatchObject(unsubscribed)
    expect(await sim.mention('U0ANN', 'C0GENERAL', 'help')).toMatchObject(unsubscribed)
    sim.join(sim.botUserId, 'C0GENERAL')
    expect(await sim.mention('U0ANN', 'C0GENERAL', 'help')).toMatchObject({ ok: true })
    sim.setScopes(['app_mentions:read'])
    expect(await sim.write('U0ANN', 'C0GENERAL', 'help')).toMatchObject(unsubscribed)
  })
})

describe('signed HTTP', () => {
  beforeEach(appByHttp)

  test('proves the address', async () => {
    expect(await sim.verifyUrl('a-challenge')).toMatchObject({ ok: true, body: { challenge: 'a-challenge' } })
  })

  test.each([
    ['forged', { kind: 'forge' }],
    ['ten minutes old', { kind: 'shift', ms: -600_000 }],
  ] as const)('what is %s is refused by the app', async (_, fault) => {
    sim.fault(fault)

    expect(await sim.command('U0ANN', 'status')).toMatchObject({ ok: false, status: 401 })
  })

  test('can deliver twice, once more later, and as another workspace', async () => {
    sim.fault({ kind: 'twice', times: 1 })
    await sim.command('U0ANN', 'status')
    expect(sim.deliveries).toHaveLength(2)
    const trigger = sim.deliveries[0]?.payload['trigger_id']
    expect(sim.deliveries[1]?.payload['trigger_id']).toBe(trigger)

    expect(await sim.replay()).toMatchObject({ ok: true })

    sim.fault({ kind: 'other-team' })
    await sim.command('U0ANN', 'status')
    expect(sim.deliveries.at(-1)?.payload).toMatchObject({ team_id: 'T0OTHER', user_id: 'U0ANN' })
  })

  test('tries an event again that was not answered well', async () => {
    sim.fault({ kind: 'forge' })

    await sim.directMessage('U0ANN', 'help')

    await vi.waitFor(() => expect(sim.deliveries.map(({ retry }) => retry)).toEqual([0, 1, 2, 3]))
  })
})
