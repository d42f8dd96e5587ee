// What phones, chats and hurried people make of a command is understood; what is not gets an example.
import { describe, expect, test } from 'vitest'
import { parseCommand } from '../../src/command/parse.ts'

const options = { yes: false, overrides: [] }

describe('understands', () => {
  test.each([
    ['', { verb: 'help' }],
    ['/dr', { verb: 'help' }],
    ['/dr status', { verb: 'status' }],
    ['@dr Status LB', { verb: 'status', system: 'lb' }],
    ['  DR   ack   inc-3 ', { verb: 'ack', incident: 'INC-3' }],
    ['ack inc3', { verb: 'ack', incident: 'INC-3' }],
    ['ack INC\u20113', { verb: 'ack', incident: 'INC-3' }],
    ['dr\u00a0ack\u00a0INC-3', { verb: 'ack', incident: 'INC-3' }],
    ['dr&nbsp;status&nbsp;lb', { verb: 'status', system: 'lb' }],
    ['note a &lt;b&gt; &amp;amp; c', { verb: 'note', text: 'a <b> &amp; c' }],
    ['note “typographic quotes”', { verb: 'note', text: 'typographic quotes' }],
    ['note „deutsche Anführung“', { verb: 'note', text: 'deutsche Anführung' }],
    ['note can\'t reach 5" disk', { verb: 'note', text: 'can\'t reach 5" disk' }],
    ['db restore 10 minutes ago', { verb: 'db restore', time: '10m ago', options }],
    ['db restore 1 Hour ago orders', { verb: 'db restore', time: '1h ago', database: 'orders', options }],
    ['db restore 45 sec ago', { verb: 'db restore', time: '45s ago', options }],
    ['note it says "no" here', { verb: 'note', text: 'it says "no" here' }],
    ['note "unfinished business', { verb: 'note', text: '"unfinished business' }],
    ['note INC-3 one\n  two', { verb: 'note', incident: 'INC-3', text: 'one\n  two' }],
    ['note "INC-3 is back"', { verb: 'note', text: 'INC-3 is back' }],
    ['extend 10M no idea', { verb: 'extend', duration: 600_000, reason: 'no idea' }],
    ['extend INC-1 1h30m "x"', { verb: 'extend', incident: 'INC-1', duration: 5_400_000, reason: 'x' }],
    ['failover lb', { verb: 'failover', system: 'lb', options }],
    ['Failover LB To backup', { verb: 'failover', system: 'lb', to: 'backup', options }],
    ['failover lb backup', { verb: 'failover', system: 'lb', to: 'backup', options }],
    ['failover lb —yes', { verb: 'failover', system: 'lb', options: { ...options, yes: true } }],
    ['failover --yes lb', { verb: 'failover', system: 'lb', options: { ...options, yes: true } }],
    [
      'failback lb –override target-healthy “I know”',
      {
        verb: 'failback',
        system: 'lb',
        options: { yes: false, overrides: [{ rule: 'target-healthy', reason: 'I know' }] },
      },
    ],
    ['approve 7', { verb: 'approve', run: 'R-7' }],
    ['approve r7 api.example.com', { verb: 'approve', run: 'R-7', typed: 'api.example.com' }],
    [
      'timeline inc-3 --head 9F2C41D07A3B',
      { verb: 'timeline', incident: 'INC-3', verify: true, head: '9f2c41d07a3b' },
    ],
    ['timeline r-7 —verify', { verb: 'timeline', run: 'R-7', verify: true }],
    [
      'OnCall Override ann 2026-12-24T09:00 2026-12-26T09:00',
      { verb: 'oncall override', person: 'ann', from: '2026-12-24T09:00', to: '2026-12-26T09:00' },
    ],
    ['oncall "a"b', { verb: 'oncall', rotation: '"a"b' }],
    ['DNS Show', { verb: 'dns show' }],
    ['dns bypass quick —yes', { verb: 'dns bypass', to: 'quick', options: { ...options, yes: true } }],
    ['dns protect', { verb: 'dns protect', options }],
    ['workers show', { verb: 'workers show' }],
    ['workers scale auto', { verb: 'workers scale', size: 'auto', options }],
    ['workers scale pool 8', { verb: 'workers scale', pool: 'pool', size: { to: 8 }, options }],
    [
      'workers scale —4 —yes',
      { verb: 'workers scale', size: { by: -4 }, options: { ...options, yes: true } },
    ],
    ['workers scale pool +4', { verb: 'workers scale', pool: 'pool', size: { by: 4 }, options }],
    ['failover dns', { verb: 'failover', system: 'dns', options }],
    [
      'retry R-7 --override check-query I looked at it',
      { verb: 'retry', run: 'R-7', override: { rule: 'check-query', reason: 'I looked at it' } },
    ],
  ])('%j', (text, command) => {
    expect(parseCommand(text)).toEqual({ command })
  })
})

describe('answers with what to type instead', () => {
  test.each([
    ['statsu lb', 'status lb'],
    ['fail-over lb', 'failover lb'],
    ['akc', 'ack'],
    ['lb', 'help lb'],
    ['storage', 'help storage'],
    ['db', 'db restore 10m ago'],
    ['db restor 10m ago', 'db restore 10m ago'],
    ['plan check', 'help plan'],
    ['xyzzy', 'help'],
    ['"status"', 'status'],
    ['ack now please', 'ack'],
    ['open', 'open lb'],
    ['open website', 'open lb'],
    ['note', 'note rolled back the HAProxy configuration'],
    ['extend 10 reason', 'extend 10m waiting for the hoster'],
    ['extend 10m', 'extend 10m waiting for the hoster'],
    ['extend 0m x', 'extend 10m waiting for the hoster'],
    ['failover', 'failover lb'],
    ['failover lb to', 'failover lb'],
    ['failover lb --yse', 'failover lb'],
    ['failover lb --override rule', 'failover lb'],
    ['failover lb --override --yes', 'failover lb'],
    ['failback lb to api', 'failback lb'],
    ['approve', 'approve R-7'],
    ['retry R-7 --override check-query', 'retry R-7'],
    ['retry R-7 --yes', 'retry R-7'],
    ['approve INC-7', 'approve R-7'],
    ['oncall override ann', 'oncall override ann 2026-12-24T09:00 2026-12-26T09:00'],
    ['unfreeze now', 'unfreeze'],
    ['dns', 'dns show'],
    ['dns bypas', 'dns bypass'],
    ['dns show all', 'dns show'],
    ['workers', 'workers show'],
    ['workers scale', 'workers scale auto'],
    ['workers scale pool', 'workers scale auto'],
    ['workers scale pool +0', 'workers scale auto'],
    ['workers scale pool 8 9', 'workers scale auto'],
    ['dns bypass to', 'dns bypass'],
    ['constructor', 'help'],
    ['__proto__ x', 'help'],
  ])('%j', (text, example) => {
    expect(parseCommand(text)).toMatchObject({ problem: expect.any(String), example })
  })

  test('says what is wrong with the word that is wrong', () => {
    expect(parseCommand('open website')).toMatchObject({
      problem: expect.stringContaining('“website” is no system. The systems are dns, '),
    })
    expect(parseCommand('workers scale pool 99999')).toMatchObject({
      problem: expect.stringMatching(/^“99999” is too many: the most is .* in the DR plan, 1000 or less/),
    })
    expect(parseCommand('ack now')).toMatchObject({ problem: '“now” means nothing here.' })
    expect(parseCommand('failover lb --yse')).toMatchObject({
      problem: expect.stringContaining('no option --yse'),
    })
  })

  test('a text that is too long is refused with the limit, not cut', () => {
    expect(parseCommand(`note ${'x'.repeat(1_995)}`)).toHaveProperty('command')
    expect(parseCommand(`note ${'x'.repeat(1_996)}`)).toMatchObject({
      problem: 'That is 2001 characters; 2000 are read at most.',
    })
  })
})
