// The log: what is written, and that no secret is.
import { describe, expect, test } from 'vitest'
import { createLog } from '../../src/log.ts'

const secret = 'p"ss/w&rd-hunter2'

function capture(level: 'debug' | 'info' | 'silent' = 'debug') {
  const written: string[] = []
  const log = createLog(level, [secret, 'hunter2-long', 'hunter2'], {
    write: (line) => void written.push(line),
  })
  return { log, written, entries: () => written.map((line): unknown => JSON.parse(line)) }
}

describe('the log', () => {
  test('writes one JSON object per line, with level, time, message and fields', () => {
    const { log, written, entries } = capture()

    log.warn('page failed', { incident: 'INC-1', attempt: 2 })

    expect(written).toHaveLength(1)
    expect(entries()).toEqual([
      {
        level: 'warn',
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        message: 'page failed',
        incident: 'INC-1',
        attempt: 2,
      },
    ])
  })

  test('leaves out what is below its level', () => {
    const { log, written } = capture('info')

    log.debug('detail')
    log.info('news')

    expect(written.join('')).toContain('news')
    expect(written.join('')).not.toContain('detail')
  })

  test('does not look for a secret so short that every line would give it away', () => {
    const written: string[] = []
    const log = createLog('info', ['a', 'abc', 'abcd'], { write: (line) => void written.push(line) })

    log.info('abc and abcd')

    expect(written.join('')).toContain('"message":"abc and [secret]"')
  })

  test.each([
    ['the message', `login with ${secret} failed`, {}],
    ['a field', 'm', { url: `https://x/?token=${encodeURIComponent(secret)}` }],
    ['a nested list', 'm', { a: [{ b: [secret] }] }],
    ['a key', 'm', { [secret]: 1 }],
    [
      'an error, its stack and its cause',
      'm',
      { error: new Error(`bad ${secret}`, { cause: new Error(secret) }) },
    ],
    ['a map', 'm', { headers: new Map([['authorization', `Bearer ${secret}`]]) }],
    ['an address', 'm', { url: new URL(`http://u:${encodeURIComponent(secret)}@127.0.0.1/`) }],
  ])('no secret is written in %s', (_where, message, fields) => {
    const { log, written, entries } = capture()

    log.error(message, fields)

    expect(entries()).toHaveLength(1)
    expect(written.join('')).toContain('[secret]')
    expect(written.join('')).not.toContain('hunter2')
  })

  test('a secret that holds another one goes as a whole', () => {
    const { log, entries } = capture()

    log.info('hunter2-long')

    expect(entries()).toMatchObject([{ message: '[secret]' }])
  })

  test('a field that refers to itself ends', () => {
    const { log, entries } = capture()
    const round: { self?: object } = {}
    round.self = round

    log.info('round', round)

    expect(JSON.stringify(entries())).toContain('"self":"..."')
  })
})
