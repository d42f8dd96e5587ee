// The commands in the bot's own sentences: shown as they are typed at each door, and nothing else is taken for one.
import { expect, test } from 'vitest'
import { plain } from '../../src/message.ts'
import type { Line } from '../../src/message.ts'
import { withCommands } from '../../src/command/typed.ts'
import { told } from '../../src/told.ts'

test.each([
  ['There is no INC-99. What there is: status', ['status']],
  ['INC-1 is resolved. For the review: report INC-1', ['report INC-1']],
  ['Type the name of its target to confirm: approve R-2 backup', ['approve R-2 backup']],
  ['It has: failover lb to backup, failover lb to spare', ['failover lb to backup', 'failover lb to spare']],
  ['R-1 is done already. To undo it: failback lb. Nothing was changed.', ['failback lb']],
  ['When a1 works again: failback storage (another failover)', ['failback storage']],
  ['Say what was done: deny R-3 "what was done"', ['deny R-3 "what was done"']],
  ['Look (type: status) and try again.', ['status']],
])('a sentence shows its commands as they are typed: %s', (text, commands) => {
  const line = withCommands(text)

  expect(
    line.flatMap((span) => (typeof span !== 'string' && 'command' in span ? [span.command] : [])),
  ).toEqual(commands)
  expect(bare(line)).toBe(text)
})

test.each(['HAProxy said: status 409', 'Ann Onken: open the door', 'The file is gone: report lost'])(
  'what cannot be read as a command is left as it is: %s',
  (text) => {
    expect(withCommands(text)).toEqual([text])
  },
)

test.each([
  [
    'R-1 (failover lb to backup) is proposed: x points at y. To let it run: approve R-1 backup',
    'R-1 (failover lb to backup) is proposed: x points at y. To let it run: dr approve R-1 backup',
  ],
  ['4m left. More time: extend INC-1 10m REASON', '4m left. More time: dr extend INC-1 10m REASON'],
  [
    'Order a recovery: failover lb. Or say what is known: note INC-1 WORDS',
    'Order a recovery: dr failover lb. Or say what is known: dr note INC-1 WORDS',
  ],
  ['Look at it, then: retry R-7, or cancel R-7', 'Look at it, then: dr retry R-7, or dr cancel R-7'],
  [
    'Ask support, or take another way: db geo-restore.',
    'Ask support, or take another way: dr db geo-restore.',
  ],
  ['Add an override: oncall override PERSON FROM TO', 'Add an override: dr oncall override PERSON FROM TO'],
])('what is told and kept names its commands as they are typed: %s', (text, typed) => {
  expect(plain(told(text))).toBe(typed)
})

test.each([
  'Escalated to the dev team: help',
  'R-1 (failover lb to backup) was denied: status is unclear',
  'lb1/HAProxy CRITICAL: open files at 100 %',
  'Ann Onken: note that the log is full',
])('words of people and of Nagios are no commands: %s', (text) => {
  expect(told(text)).toEqual([text])
})

function bare(line: Line): string {
  return line
    .map((span) => (typeof span === 'string' ? span : 'command' in span ? span.command : ''))
    .join('')
}
