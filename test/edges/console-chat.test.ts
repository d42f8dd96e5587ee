// The console as a chat: its rooms are pages, so nothing can fail and nothing is sent.
import { describe, expect, test } from 'vitest'
import { createChanges } from '../../src/changes.ts'
import { createConsoleChat } from '../../src/chat/console/chat.ts'
import { chatContract } from '../contracts/chat.ts'
import { incident, run } from '../contracts/store-samples.ts'
import { examplePlan } from './slack-house.ts'

const publicUrl = 'https://dr.example.com'

chatContract('console', async () => ({
  chat: createConsoleChat({ publicUrl, changes: createChanges() }),
  plan: examplePlan,
  know: () => {},
  amount: () => 0,
  alive: () => [],
  stop: async () => {},
}))

describe('the console as a chat', () => {
  test('tells open pages to look again at what has changed', async () => {
    const changes = createChanges()
    const told: string[] = []
    changes.subscribe((id) => told.push(id))
    const chat = createConsoleChat({ publicUrl, changes })

    await chat.say(incident('INC-12'), 'Dan is on it', 'INC-12-v3-1', AbortSignal.timeout(1_000))
    await chat.showRun(run('R-7'), { title: 'R-7', tone: 'warn' }, AbortSignal.timeout(1_000))

    expect(told).toEqual(['INC-12', 'R-7'])
  })
})
