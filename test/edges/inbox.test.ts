// Alerts between the door and triage: what one failure of triage means for those that were handed over together.
import { expect, test } from 'vitest'
import { RetryableError } from '../../src/errors.ts'
import type { Alert } from '../../src/intake/alert.ts'
import { readForm } from '../../src/intake/form.ts'
import { createInbox } from '../../src/intake/inbox.ts'
import { parseNotification } from '../../src/intake/parse.ts'
import { silent } from '../servers/redis.ts'

const alerts = Array.from({ length: 500 }, (_, index) => alertOf(`web${index}`))

function alertOf(host: string): Alert {
  const body = `NOTIFICATIONTYPE=PROBLEM&HOSTNAME=${host}&HOSTSTATE=DOWN&HOSTSTATETYPE=HARD&TIMET=1795406945`
  const read = readForm(body)
  const parsed = 'error' in read ? read : parseNotification(read.fields, 1_795_406_946_000)
  if ('error' in parsed) throw new Error(parsed.error.message)
  return parsed.alert
}

/** Triage that throws for hands with `bad` in them; how large each hand was, and what the log said. */
async function sweepOf(bad: Alert, thrown: Error) {
  const hands: number[] = []
  const errors: string[] = []
  const inbox = createInbox({
    store: { accept: async () => [], untriaged: async () => alerts },
    log: { ...silent, error: (text) => errors.push(text) },
    triage: async (hand) => {
      hands.push(hand.length)
      if (hand.includes(bad)) throw thrown
    },
  })
  await inbox.sweep()
  await inbox.idle()
  return { hands, errors }
}

test('one alert that cannot be dealt with does not hold up those that were handed over with it', async () => {
  const [, bad = alertOf('web1')] = alerts

  const { hands, errors } = await sweepOf(bad, new Error('no case for this'))

  expect(hands).toEqual([500, ...alerts.map(() => 1)])
  expect(errors).toHaveLength(2)
})

test('a store that is away is not asked for each of them, and the log says it once', async () => {
  const [, bad = alertOf('web1')] = alerts

  const { hands, errors } = await sweepOf(bad, new RetryableError('Redis does not answer'))

  expect(hands).toEqual([500])
  expect(errors).toHaveLength(1)
})
