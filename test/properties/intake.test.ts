// Whatever is sent, intake neither throws nor lets a text out of its bounds; the same notification has the same id.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { notificationTypes, serviceStates } from '../../src/intake/alert.ts'
import { readForm } from '../../src/intake/form.ts'
import { parseNotification } from '../../src/intake/parse.ts'

const macros = [
  'NOTIFICATIONTYPE',
  'HOSTNAME',
  'SERVICEDESC',
  'HOSTSTATE',
  'SERVICESTATE',
  'SERVICESTATETYPE',
  'SERVICEPROBLEMID',
  'TIMET',
  'LASTSERVICEOK',
  'HOSTGROUPNAMES',
  'SERVICEOUTPUT',
  'LONGSERVICEOUTPUT',
  'NOTIFICATIONAUTHOR',
  'NOTIFICATIONCOMMENT',
]
const anyText = fc.string({ unit: 'binary', maxLength: 60 })
const anyFields = fc.dictionary(fc.oneof(fc.constantFrom(...macros), fc.string()), anyText)
const name = fc.stringMatching(/^[A-Za-z0-9 ._-]{1,20}$/)
const number = fc.nat({ max: 1_000_000 }).map(String)

/** Notifications that can be read, with hostile texts. */
const notification = fc.record({
  NOTIFICATIONTYPE: fc.constantFrom(...notificationTypes),
  HOSTNAME: name,
  SERVICEDESC: name,
  SERVICESTATE: fc.constantFrom(...serviceStates),
  SERVICESTATETYPE: fc.constantFrom('HARD', 'SOFT'),
  SERVICEPROBLEMID: number,
  LASTSERVICEPROBLEMID: number,
  SERVICENOTIFICATIONID: number,
  SERVICENOTIFICATIONNUMBER: number,
  TIMET: fc.integer({ min: 1, max: 4_000_000_000 }).map(String),
  SERVICEOUTPUT: anyText,
  LONGSERVICEOUTPUT: anyText,
  NOTIFICATIONAUTHOR: anyText,
  NOTIFICATIONCOMMENT: anyText,
})

function idOf(fields: Readonly<Record<string, string>>, receivedAt = 0): string {
  const parsed = parseNotification(fields, receivedAt)
  return 'alert' in parsed ? parsed.alert.id : `refused: ${parsed.error.field}`
}

describe('intake', () => {
  test('never throws, whatever the fields', () => {
    fc.assert(
      fc.property(anyFields, (fields) => {
        const parsed = parseNotification(fields, 1)
        expect('alert' in parsed || parsed.error.message !== '').toBe(true)
      }),
    )
  })

  test('never throws, whatever the bytes of the body', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.string(), fc.json()), (body) => {
        const read = readForm(body)
        expect('fields' in read || read.error.field !== '').toBe(true)
      }),
    )
  })

  test('reads every notification there can be, with no control character left in any text', () => {
    fc.assert(
      fc.property(notification, (fields) => {
        const parsed = parseNotification(fields, 1)
        const { longOutput = '', ...rest } = 'alert' in parsed ? parsed.alert : { id: '' }
        const texts = [...Object.values(rest).flat().map(String), longOutput.replaceAll('\n', '')]
        expect(rest.id).toMatch(/^A-[0-9a-f]{16}$/)
        expect(texts.filter((text) => /\p{Cc}/u.test(text) || !text.isWellFormed())).toEqual([])
      }),
    )
  })

  test('gives a redelivered notification the same id, whenever it comes', () => {
    fc.assert(
      fc.property(notification, fc.nat(), fc.nat(), (fields, first, second) => {
        expect(idOf(fields, first)).toBe(idOf({ ...fields }, second))
      }),
    )
  })

  test('gives notifications that differ in what identifies them different ids', () => {
    const identifying = fc.constantFrom(
      'TIMET',
      'SERVICEPROBLEMID',
      'SERVICENOTIFICATIONID',
      'HOSTNAME',
      'SERVICEDESC',
    )
    fc.assert(
      fc.property(notification, identifying, (fields, field) => {
        expect(idOf({ ...fields, [field]: `${fields[field]}1` })).not.toBe(idOf(fields))
      }),
    )
  })

  test('a host and a service are told apart whatever their names', () => {
    fc.assert(
      fc.property(notification, (fields) => {
        expect(idOf({ ...fields, SERVICEDESC: '', HOSTSTATE: 'UP' })).not.toBe(idOf(fields))
      }),
    )
  })

  test('fields survive being encoded as a form by anybody: by the URL standard, byte by byte, or as JSON', () => {
    fc.assert(
      fc.property(notification, (fields) => {
        const wellFormed = Object.fromEntries(
          Object.entries(fields).map(([key, value]) => [key, value.toWellFormed()]),
        )
        const bytewise = Object.entries(wellFormed)
          .map(([key, value]) => `${key}=${Buffer.from(value).toString('hex').replaceAll(/../g, '%$&')}`)
          .join('&')

        expect(readForm(new URLSearchParams(wellFormed).toString())).toEqual({ fields: wellFormed })
        expect(readForm(Buffer.from(bytewise))).toEqual({ fields: wellFormed })
        expect(readForm(JSON.stringify(wellFormed))).toEqual({ fields: wellFormed })
      }),
    )
  })
})
