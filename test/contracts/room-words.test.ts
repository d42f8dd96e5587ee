// Words for a room that has missed some: none is said twice because of that, and none is lost.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { loadPlan } from '../../src/drplan/load.ts'
import type { Room } from '../../src/incident/incident.ts'
import { roomEffects } from '../../src/incident/room-effects.ts'
import type { RoomDeps } from '../../src/incident/room-effects.ts'
import type { Chat } from '../../src/ports.ts'
import { incident, noon } from './store-samples.ts'

const loaded = loadPlan(readFileSync('dr-plan.example.yml', 'utf8'), 'dr-plan.example.yml')
if ('errors' in loaded) throw new Error('the example plan is broken')
const { plan } = loaded

/**
 * Says words of a moment, by the number of their event, in a room that was told up to event 20 of what happened from
 * noon on.
 */
async function saidIn(words: { readonly at: number; readonly seq: number }): Promise<readonly string[]> {
  const room: Room = { chat: 'slack', state: 'open', toldTo: 20, toldSince: noon }
  const state = { ...incident('INC-1'), rooms: [room] }
  const said: string[] = []
  const slack: Pick<Chat, 'name' | 'say'> = {
    name: 'slack',
    say: async (_incident, text) => void said.push(text),
  }
  const deps: RoomDeps = {
    store: {
      incident: async () => ({ state, version: 1 }),
      run: async () => undefined,
      runs: async () => [],
      timeline: async () => [],
    },
    incidents: { input: async () => state },
    plan: () => plan,
    clock: { now: () => noon, real: (duration) => duration, after: () => () => {} },
    chats: [slack as Chat],
    publicUrl: 'http://127.0.0.1',
    runCard: () => ({ title: '', tone: 'quiet' }),
  }
  const body = { kind: 'say', incident: 'INC-1', chat: 'slack', text: 'escalated', ...words } as const
  await roomEffects(deps).say.perform(body, 'INC-1-v1-1', new AbortController().signal)
  return said
}

test('what a room was told when it had missed it is not said again', async () => {
  expect(await saidIn({ at: noon + 1_000, seq: 20 })).toEqual([])
})

test('what comes after that is said', async () => {
  expect(await saidIn({ at: noon + 2_000, seq: 21 })).toEqual(['escalated'])
})

test('words from before what the room was told, which waited for their next try meanwhile, are said', async () => {
  expect(await saidIn({ at: noon - 1, seq: 3 })).toEqual(['escalated'])
})
