// The commands in the bot's own sentences: shown as they are typed at each door, and nothing else is taken for one.
import { expect, test } from 'vitest'
import { plain } from '../../src/message.ts'
import { withCommands } from '../../src/command/typed.ts'

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
  expect(plain(line)).toBe(text)
})

test.each(['HAProxy said: status 409', 'Ann Onken: open the door', 'The file is gone: report lost'])(
  'what cannot be read as a command is left as it is: %s',
  (text) => {
    expect(withCommands(text)).toEqual([text])
  },
)
