// What the bot says when Teams refuses a channel: the advice names what that channel is written in.
import { expect, test } from 'vitest'
import { aboutAnnounce, advice } from '../../src/chat/teams/refusals.ts'

test.each(['ConversationNotFound', 'NotFound'])(
  'a refused announcement channel leads to the DR plan, and to no setting: %s',
  (code) => {
    expect(advice(code, '')).toContain('TEAMS_CHANNEL_ID')
    expect(aboutAnnounce(advice(code, ''))).toMatch(/^Check teams\.announce in the DR plan[.:]/)
    expect(aboutAnnounce(advice(code, ''))).not.toContain('TEAMS_CHANNEL_ID')
  },
)
