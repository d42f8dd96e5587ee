// Whose views of a card Teams is told of: it takes 60 people, and those who are called come first.
import { describe, expect, test } from 'vitest'
import { createViewers } from '../../src/chat/teams/viewers.ts'
import type { Viewers } from '../../src/chat/teams/viewers.ts'
import { examplePlan } from './slack-house.ts'

const names = Array.from({ length: 70 }, (_, n) => `p${n}`)
const called = ['p69', 'p65']

/** A plan of 70 people, all of whom Teams has told the bot but these. */
function viewers({ unknown }: { readonly unknown: readonly string[] }): {
  readonly viewers: Viewers
  readonly asked: readonly string[][]
} {
  const people = Object.fromEntries(
    names.map((name) => [name, { name, roles: ['engineer' as const], teams: `ID-${name}` }]),
  )
  const told = names.filter((name) => !unknown.includes(name))
  const asked: string[][] = []
  return {
    asked,
    viewers: createViewers({
      plan: () => ({ ...examplePlan(), people }),
      references: {
        read: async () => ({
          people: Object.fromEntries(told.map((name) => [`id-${name}`, { mri: `29:${name}` }])),
        }),
      },
      api: {
        learnMembers: async (ids) => {
          asked.push([...ids])
          return true
        },
      },
    }),
  }
}

describe('the views of a card', () => {
  test('are for those who are called first, then for everybody else, at most 60', async () => {
    const { viewers: all } = viewers({ unknown: [] })

    const known = await all.known(called)

    expect(known).toEqual(['29:p69', '29:p65', ...names.slice(0, 58).map((name) => `29:${name}`)])
  })

  test('leave no place empty for those whom Teams has not told of', async () => {
    const { viewers: all } = viewers({ unknown: ['p69', 'p0'] })

    const known = await all.known(called)

    expect(known).toEqual(['29:p65', ...names.slice(1, 60).map((name) => `29:${name}`)])
  })

  test('are learned once, of as many as can have them', async () => {
    const { viewers: all, asked } = viewers({ unknown: names })
    const options = { lane: 'room' as const }

    await all.learn(options)
    const again = await all.learn(options)

    expect(asked).toEqual([names.slice(0, 60).map((name) => `id-${name}`)])
    expect(again).toBe(false)
  })
})
