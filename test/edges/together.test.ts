// Looks that are taken at once: what is told when more than one of them fails.
import { expect, test } from 'vitest'
import { together } from '../../src/together.ts'

test('of looks that fail, the first of the list is told, whichever failed first', async () => {
  const slow = Promise.withResolvers<number>()
  const told = together([Promise.resolve(1), slow.promise, Promise.reject(new Error('the third'))]).catch(
    String,
  )
  slow.reject(new Error('the second'))
  expect(await told).toBe('Error: the second')
})

test('nothing goes on behind a failure: it is told when the last look has ended', async () => {
  const slow = Promise.withResolvers<number>()
  let ended = false
  const told = together([Promise.reject(new Error('the first')), slow.promise]).catch((thrown: unknown) => {
    ended = true
    return String(thrown)
  })
  // Longer than any chain of promises of a rejection takes.
  await new Promise((resolve) => setImmediate(resolve))
  expect(ended).toBe(false)
  slow.resolve(2)
  expect(await told).toBe('Error: the first')
})

test('looks that all succeed are told in the order of the list', async () => {
  const slow = Promise.withResolvers<string>()
  const both = together([slow.promise, Promise.resolve(2)])
  slow.resolve('one')
  expect(await both).toEqual(['one', 2])
})
