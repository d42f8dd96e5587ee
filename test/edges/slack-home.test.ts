// The home tab in Slack: what is open, what waits for the reader, whose turn it is; what to do for who is not known.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { oneRedis } from '../servers/one-redis.ts'
import { openDoorHouse, shown } from './slack-door-house.ts'
import type { DoorHouse } from './slack-door-house.ts'

const redis = oneRedis()
let house: DoorHouse
beforeEach(async () => {
  house = await openDoorHouse(redis())
})
afterEach(() => house.stop())

/** What the tab of somebody shows once it says `text`. */
async function tab(user: string, text: string): Promise<string> {
  return vi.waitFor(() => {
    const all = shown(house.slack.home(user))
    expect(all).toContain(text)
    return all
  }, 3_000)
}

test('shows that nothing is broken, and whose turn it is', async () => {
  await house.slack.openHome('U0ANN')

  const all = await tab('U0ANN', 'Nothing is broken')

  expect(all).toContain('primary')
  expect(all).toContain('Your next turn')
})

test('says what status says when an incident was closed over what Nagios still reports', async () => {
  const id = await house.outage()
  const at = house.engine.now()
  const broke = { alert: 'A-1', key: 'lb1;HAProxy', system: 'lb', state: 'CRITICAL', output: 'x' } as const
  const attached = [{ ...broke, at, since: at, change: 'broke', text: 'lb1 is CRITICAL' }] as const
  await house.incidents.input(id, { kind: 'alerts', attached })
  await house.slack.command('U0ANN', `resolve ${id} a drill`)

  await house.slack.openHome('U0ANN')

  const all = await tab('U0ANN', 'No incident is open, but not all is well')
  expect(all).toContain(`${id} is resolved, but Nagios still reports 1 problem`)
  expect(all).not.toContain('Nothing is broken')
})

test('shows open incidents, and the approvals that are the reader’s to give', async () => {
  const id = await house.outage()
  await house.engine.runs().propose({
    system: 'lb',
    direction: 'failover',
    recovery: 'last',
    incident: id,
    by: { person: 'ann', door: 'slack' },
    overrides: [],
  })

  await house.slack.openHome('U0MIA')
  await house.slack.openHome('U0ANN')

  expect(await tab('U0MIA', id)).toContain('R-1')
  expect(await tab('U0ANN', id)).not.toContain('R-1')
})

test('a button of the tab is carried out, answered, and the tab follows', async () => {
  await house.outage()
  await house.slack.openHome('U0ANN')
  await tab('U0ANN', 'INC-1')

  await house.slack.press('U0ANN', { home: true, label: 'I have it' })

  await vi.waitFor(() => expect(shown(house.slack.modals('U0ANN').at(-1))).toContain('You have it'), 3_000)
  await vi.waitFor(
    () => expect(house.slack.buttons(house.slack.home('U0ANN') ?? {})).not.toContain('I have it'),
    3_000,
  )
  expect(house.said).toEqual(['ann: ack INC-1'])
})

test('says that recoveries are frozen', async () => {
  await house.slack.command('U0CEM', 'freeze the provider is down')

  await house.slack.openHome('U0ANN')

  expect(await tab('U0ANN', 'Recoveries are frozen')).toContain('by Cem Celik')
})

test('tells a stranger what to do, and nothing of what is open', async () => {
  await house.outage()

  await house.slack.openHome('U0STRANGER')

  const all = await tab('U0STRANGER', 'slack: U0STRANGER')
  expect(all).not.toContain('INC-1')
  expect(all).not.toContain('Nothing is broken')
})

test('does not draw the messages tab', async () => {
  const before = house.slack.calls.length

  await house.slack.openHome('U0ANN')
  await tab('U0ANN', 'On call')

  expect(house.slack.calls.slice(before).filter(({ method }) => method === 'views.publish')).toHaveLength(1)
})

test('goes on in the modal that answers a button of the tab', async () => {
  await house.outage()
  await house.slack.openHome('U0ANN')
  await tab('U0ANN', 'INC-1')
  const modal = () => house.slack.modals('U0ANN').at(-1)

  await house.slack.press('U0ANN', { home: true, label: 'Fail over to backup' })
  await vi.waitFor(() => expect(shown(modal())).toContain('R-1'), 5_000)
  await house.slack.press('U0ANN', { view: modal()?.id ?? '', label: 'Approve' })

  await vi.waitFor(() => expect(shown(modal())).toContain('R-1 is approved'), 5_000)
  expect(house.slack.modals('U0ANN')).toHaveLength(1)
})
