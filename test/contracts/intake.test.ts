// Notifications as Nagios really sends them become alerts; what cannot be read is refused by the field's name.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { notificationTypes } from '../../src/intake/alert.ts'
import { readForm } from '../../src/intake/form.ts'
import { parseNotification } from '../../src/intake/parse.ts'
import type { Alert } from '../../src/intake/alert.ts'
import type { NotificationFields } from '../../src/intake/parse.ts'

const fixtures = join(import.meta.dirname, '../fixtures/nagios')
const names = readdirSync(fixtures)
  .filter((name) => name.endsWith('.form.txt'))
  .map((name) => name.replace('.form.txt', ''))
const receivedAt = 1_795_500_000_000

function fieldsOf(body: Uint8Array | string): NotificationFields {
  const read = readForm(body)
  if ('error' in read) throw new Error(`${read.error.field} ${read.error.message}`)
  return read.fields
}

function fixture(name: string): NotificationFields {
  const request = readFileSync(join(fixtures, `${name}.form.txt`))
  return fieldsOf(request.subarray(request.indexOf('\n\n') + 2))
}

function alertOf(fields: NotificationFields): Alert {
  const parsed = parseNotification(fields, receivedAt)
  if ('error' in parsed) throw new Error(`${parsed.error.field} ${parsed.error.message}`)
  return parsed.alert
}

function errorOf(fields: NotificationFields): string {
  const parsed = parseNotification(fields, receivedAt)
  return 'error' in parsed ? `${parsed.error.field} ${parsed.error.message}` : ''
}

const problem = {
  NOTIFICATIONTYPE: 'PROBLEM',
  HOSTNAME: 'lb1',
  SERVICEDESC: 'HAProxy',
  SERVICESTATE: 'CRITICAL',
  SERVICESTATETYPE: 'HARD',
  SERVICEPROBLEMID: '7',
  SERVICENOTIFICATIONID: '12',
  TIMET: '1795406945',
}

describe('notifications captured from Nagios', () => {
  test('there are fifteen kinds of them', () => {
    const kinds = new Set(names.map((name) => name.replace(/^\d+-/, '')))

    expect(kinds.size).toBe(15)
  })

  test.each(names)('%s is read the same from its form and from JSON', (name) => {
    const fromForm = fixture(name)
    const fromJson = fieldsOf(readFileSync(join(fixtures, `${name}.json`)))

    expect(fromForm).toEqual(fromJson)
  })

  test.each(names)('%s becomes an alert of its kind, at the time Nagios sent it', (name) => {
    const fields = fixture(name)
    const [, object, type] = name.split('-')

    const alert = alertOf(fields)

    expect(alert.type).toBe(type)
    expect(alert.key).toBe(
      object === 'host' ? fields['HOSTNAME'] : `${fields['HOSTNAME']};${fields['SERVICEDESC']}`,
    )
    expect(alert.at).toBe(Number(fields['TIMET']) * 1_000)
    expect(alert.hostGroups).toContain('prod')
  })

  test('each has an id of its own', () => {
    const ids = names.map((name) => alertOf(fixture(name)).id)

    expect(new Set(ids).size).toBe(names.length)
    expect(ids.every((id) => /^A-[0-9a-f]{16}$/.test(id))).toBe(true)
  })

  test('a service problem has everything that Nagios knows of it', () => {
    expect(alertOf(fixture('02-service-PROBLEM'))).toEqual({
      id: expect.stringMatching(/^A-/),
      receivedAt,
      type: 'PROBLEM',
      host: 'web01',
      service: 'HTTP',
      key: 'web01;HTTP',
      state: 'CRITICAL',
      hard: true,
      at: 1_795_406_945_000,
      lastGoodAt: 1_795_406_943_000,
      changedAt: 1_795_406_945_000,
      problemId: '1',
      hostGroups: ['web', 'prod'],
      serviceGroups: ['frontend'],
      output: 'HTTP CRITICAL - cant connect: brefused/b  5: id 100%',
      longOutput: 'long one\nlong two',
    })
  })

  test("a host's recovery has no problem id but the last one, and a service's still has its own", () => {
    const host = alertOf(fixture('50-host-RECOVERY'))
    const service = alertOf(fixture('07-service-RECOVERY'))

    expect([host.problemId, host.lastProblemId]).toEqual([undefined, '10'])
    expect(service.problemId).toBe('1')
  })

  test('an acknowledgement says who and why', () => {
    expect(alertOf(fixture('03-service-ACKNOWLEDGEMENT'))).toMatchObject({
      author: 'alice',
      comment: 'looking into it (DR-1)',
    })
  })
})

describe('what Nagios leaves open', () => {
  test('the names of Icinga and Naemon mean the same types', () => {
    expect(alertOf({ ...problem, NOTIFICATIONTYPE: 'FLAPPINGEND' }).type).toBe('FLAPPINGSTOP')
    expect(alertOf({ ...problem, NOTIFICATIONTYPE: 'DOWNTIMEREMOVED' }).type).toBe('DOWNTIMECANCELLED')
  })

  test('without a time it is now; zero times and ids are absent', () => {
    const { TIMET: _, ...timeless } = problem

    const alert = alertOf({
      ...timeless,
      LASTSERVICEOK: '0',
      SERVICEPROBLEMID: '0',
      LASTSERVICEPROBLEMID: '',
    })

    expect(alert.at).toBe(receivedAt)
    expect(alert).not.toHaveProperty('lastGoodAt')
    expect(alert).not.toHaveProperty('problemId')
    expect(alert).not.toHaveProperty('lastProblemId')
  })

  test('the author of an acknowledgement is found where only the ACK macros were sent', () => {
    expect(alertOf({ ...problem, SERVICEACKAUTHOR: 'ann', SERVICEACKCOMMENT: 'mine' })).toMatchObject({
      author: 'ann',
      comment: 'mine',
    })
  })

  test('without a state type it is HARD, since Nagios notifies of nothing else', () => {
    expect(alertOf({ ...problem, SERVICESTATETYPE: '' }).hard).toBe(true)
    expect(alertOf({ ...problem, SERVICESTATETYPE: 'SOFT' }).hard).toBe(false)
  })
})

describe('texts of plugins and people', () => {
  test('control characters and what turns the reading direction become spaces', () => {
    const alert = alertOf({ ...problem, SERVICEOUTPUT: 'a\u0000b\u001b[31mc\nd\u202ee\u2066f\u200eg\u061ch' })

    expect(alert.output).toBe('a b [31mc d e f g h')
  })

  test('long output has its line breaks back, and its backslashes', () => {
    const alert = alertOf({ ...problem, LONGSERVICEOUTPUT: String.raw`one\ntwo \\n three\\\nfour` })

    expect(alert.longOutput).toBe('one\ntwo \\n three\\\nfour')
  })

  test('long texts are cut and say so', () => {
    const alert = alertOf({
      ...problem,
      SERVICEOUTPUT: '😀'.repeat(5_000),
      LONGSERVICEOUTPUT: 'x'.repeat(50_000),
    })

    expect(alert.output.length).toBeLessThanOrEqual(2_000)
    expect(alert.output.endsWith('…')).toBe(true)
    expect(alert.output.isWellFormed()).toBe(true)
    expect(alert.longOutput).toHaveLength(8_000)
  })
})

describe('what cannot be read', () => {
  test.each([
    [{ NOTIFICATIONTYPE: 'ALARM' }, /^NOTIFICATIONTYPE "ALARM" is unknown; it is one of PROBLEM, RECOVERY,/],
    [{ NOTIFICATIONTYPE: '' }, /^NOTIFICATIONTYPE is missing/],
    [{ NOTIFICATIONTYPE: 'constructor' }, /^NOTIFICATIONTYPE "constructor" is unknown/],
    [{ HOSTNAME: '' }, /^HOSTNAME is missing; send \$HOSTNAME\$/],
    [{ HOSTNAME: 'lb1;x' }, /^HOSTNAME "lb1;x" contains ";"/],
    [{ SERVICEDESC: 'a\nb' }, /^SERVICEDESC "a b" contains control characters/],
    [{ SERVICEDESC: 'x'.repeat(513) }, /^SERVICEDESC is longer than 512/],
    [
      { SERVICESTATE: 'DOWN' },
      /^SERVICESTATE "DOWN" is unknown; it is one of OK, WARNING, CRITICAL, UNKNOWN$/,
    ],
    [
      { SERVICEDESC: '', HOSTSTATE: 'CRITICAL' },
      /^HOSTSTATE "CRITICAL" is unknown; it is one of UP, DOWN, UNREACHABLE$/,
    ],
    [{ SERVICESTATETYPE: 'FIRM' }, /^SERVICESTATETYPE "FIRM" is unknown/],
    [{ TIMET: 'yesterday' }, /^TIMET "yesterday" is not a time in seconds/],
  ])('%j is refused with its name and what to send', (change, message) => {
    expect(errorOf({ ...problem, ...change })).toMatch(message)
  })

  test('an unknown type is answered with all ten', () => {
    const message = errorOf({ ...problem, NOTIFICATIONTYPE: 'X' })

    expect(notificationTypes.every((type) => message.includes(type))).toBe(true)
  })
})

describe('the body', () => {
  test('bytes that are not UTF-8 are replaced, escaped or raw', () => {
    expect(fieldsOf('A=%ff%C3%A9%zz'.replace('%zz', '%C3'))['A']).toBe('\ufffdé\ufffd')
    expect(fieldsOf(Buffer.from([0x41, 0x3d, 0xff, 0x62]))['A']).toBe('\ufffdb')
    expect(fieldsOf(Buffer.from([0x41, 0x3d, 0xc3, 0xa9, 0x25, 0x66, 0x66]))['A']).toBe('é\ufffd')
  })

  test('a plus is a space, and an escaped one a plus', () => {
    expect(fieldsOf('A=a+b%2Bc')['A']).toBe('a b+c')
  })

  test('JSON may hold numbers', () => {
    expect(fieldsOf(' {"TIMET": 1795406945, "HOSTOUTPUT": null}')).toEqual({
      TIMET: '1795406945',
      HOSTOUTPUT: '',
    })
  })

  test.each([
    ['A=1&A=2', 'A', 'is there twice'],
    ['A=%4', 'A', 'has a "%" that is not followed by two hex digits'],
    ['A-B=1', 'body', 'has a field whose name is not that of a macro'],
    ['<xml/>', 'body', 'has a field whose name is not that of a macro'],
    ['{"A": {"B": 1}}', 'A', 'is neither a text nor a number'],
    ['{"A": 1', 'body', 'is not a JSON object of macro names and values'],
  ])('%s is refused', (body, field, message) => {
    expect(readForm(body)).toEqual({ error: { field, message } })
  })

  test('a field called __proto__ is a field like any other', () => {
    const fields = fieldsOf('__proto__=x&HOSTNAME=h')

    expect(Object.keys(fields)).toEqual(['__proto__', 'HOSTNAME'])
    expect(Object.getPrototypeOf({})).toBe(Object.prototype)
  })
})
