// The Slack simulator refuses the blocks that Slack refuses, with the reason and the place.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startSlack, type SimSlack } from '../../sim/slack.ts'

type Body = Readonly<Record<string, unknown>>

let sim: SimSlack

beforeAll(async () => {
  sim = await startSlack({ limits: false })
})
afterAll(() => sim.stop())

async function post(blocks: unknown): Promise<Body> {
  const headers = { authorization: `Bearer ${sim.botToken}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ channel: 'C0GENERAL', text: 'x', blocks })
  return (await (
    await fetch(`${sim.apiUrl}chat.postMessage`, { method: 'POST', headers, body })
  ).json()) as Body
}

function plain(text: string): Body {
  return { type: 'plain_text', text }
}

function mrkdwn(text: string): Body {
  return { type: 'mrkdwn', text }
}

function section(text: string): Body {
  return { type: 'section', text: mrkdwn(text) }
}

function button(more: Body = {}): Body {
  return { type: 'button', text: plain('Ack'), action_id: 'dr:1', value: 'ack INC-1', ...more }
}

function actions(...elements: readonly Body[]): Body {
  return { type: 'actions', elements }
}

function rich(...elements: readonly Body[]): Body {
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements }] }
}

function many(count: number, block: Body): readonly Body[] {
  return Array.from({ length: count }, () => block)
}

test('takes a card with everything that a card has', async () => {
  const confirm = {
    title: plain('Sure?'),
    text: mrkdwn('*really*'),
    confirm: plain('Yes'),
    deny: plain('No'),
  }
  const item = {
    type: 'rich_text_section',
    elements: [{ type: 'link', url: 'https://example.com', text: 'wiki' }],
  }
  const date = { type: 'date', timestamp: 1_795_403_520, format: '{time}', fallback: '03:12' }
  const blocks = [
    { type: 'header', text: plain('INC-1 lb is down') },
    { type: 'section', fields: [mrkdwn('*Objective* 10m'), plain('since 03:12')], accessory: button() },
    rich({ type: 'text', text: 'CRITICAL', style: { bold: true } }, date, { type: 'user', user_id: 'U0ANN' }),
    { type: 'rich_text', elements: [{ type: 'rich_text_list', style: 'bullet', elements: [item] }] },
    {
      type: 'rich_text',
      elements: [{ type: 'rich_text_preformatted', elements: [{ type: 'text', text: 'log' }] }],
    },
    { type: 'divider' },
    {
      type: 'context',
      elements: [mrkdwn('INC-1'), { type: 'image', image_url: 'https://example.com/a.png', alt_text: 'a' }],
    },
    actions(button({ style: 'danger', confirm }), button({ action_id: 'dr:2', url: 'https://example.com' })),
  ]

  expect(await post(blocks)).toMatchObject({ ok: true })
})

test.each([
  ['51 blocks', many(51, { type: 'divider' }), 'no more than 50 items allowed [json-pointer:/blocks]'],
  [
    'a long text',
    [section('x'.repeat(3_001))],
    'must be less than 3001 characters [json-pointer:/blocks/0/text/text]',
  ],
  ['an empty text', [section('')], 'must be more than 0 characters [json-pointer:/blocks/0/text/text]'],
  ['an empty section', [{ type: 'section' }], 'missing required field: text [json-pointer:/blocks/0]'],
  ['a foreign block', [{ type: 'card' }], 'unsupported type [json-pointer:/blocks/0/type]'],
  [
    'a foreign key',
    [{ type: 'divider', text: 'x' }],
    'invalid additional property: text [json-pointer:/blocks/0]',
  ],
  [
    'a long header',
    [{ type: 'header', text: plain('x'.repeat(151)) }],
    'must be less than 151 characters [json-pointer:/blocks/0/text/text]',
  ],
  ['markup in a header', [{ type: 'header', text: mrkdwn('*x*') }], /plain_text.*\/blocks\/0\/text\/type/],
  [
    '11 fields',
    [{ type: 'section', fields: many(11, plain('x')) }],
    'no more than 10 items allowed [json-pointer:/blocks/0/fields]',
  ],
  [
    '26 buttons',
    [actions(...many(26, { type: 'button', text: plain('x') }))],
    'no more than 25 items allowed [json-pointer:/blocks/0/elements]',
  ],
  ['no buttons', [actions()], 'no fewer than 1 items required [json-pointer:/blocks/0/elements]'],
  [
    'a long button',
    [actions(button({ text: plain('x'.repeat(76)) }))],
    'must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]',
  ],
  [
    'a long value',
    [actions(button({ value: 'x'.repeat(2_001) }))],
    'must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]',
  ],
  [
    'a long question',
    [actions(button({ confirm: { text: plain('x'.repeat(301)) } }))],
    'must be less than 301 characters [json-pointer:/blocks/0/elements/0/confirm/text/text]',
  ],
  [
    'two buttons with one id',
    [actions(button(), button())],
    '`action_id` "dr:1" already exists [json-pointer:/blocks]',
  ],
  [
    'two blocks with one id',
    many(2, { type: 'divider', block_id: 'a' }),
    '`block_id` "a" already exists [json-pointer:/blocks]',
  ],
  [
    '11 parts of a context',
    [{ type: 'context', elements: many(11, plain('x')) }],
    'no more than 10 items allowed [json-pointer:/blocks/0/elements]',
  ],
  [
    'a picture that Slack cannot fetch',
    [{ type: 'image', alt_text: 'x', image_url: 'http://127.0.0.1/a.png' }],
    'downloading image failed [json-pointer:/blocks/0]',
  ],
  [
    'a picture from nowhere',
    [{ type: 'image', alt_text: 'x' }],
    'must have exactly one of image_url and slack_file [json-pointer:/blocks/0]',
  ],
  [
    'a file nobody uploaded',
    [{ type: 'image', alt_text: 'x', slack_file: { id: 'F0NONE' } }],
    'invalid slack file [json-pointer:/blocks]',
  ],
  [
    'rich text of nothing',
    [rich({ type: 'text', text: '' })],
    /must be more than 0 characters.*\/elements\/0\/text\]/,
  ],
  [
    'a time in milliseconds',
    [rich({ type: 'date', timestamp: 1_795_403_520_000, format: '{time}' })],
    /\/elements\/0\/timestamp\]/,
  ],
  ['a link that is none', [rich({ type: 'link', url: 'javascript:alert(1)' })], /\/elements\/0\/url\]/],
])('refuses %s, and says where', async (_, blocks, reason) => {
  const answer = await post(blocks)

  expect(answer).toMatchObject({ ok: false, error: 'invalid_blocks' })
  const [first] = answer['errors'] as readonly string[]
  if (typeof reason === 'string') expect(first).toBe(reason)
  else expect(first).toMatch(reason)
  expect(answer['response_metadata']).toMatchObject({ messages: [`[ERROR] ${first}`] })
})

test('refuses blocks that are too long altogether, though each is short enough', async () => {
  expect(await post(many(4, section('x'.repeat(3_000))))).toMatchObject({ ok: true })

  expect(await post(many(5, section('x'.repeat(2_900))))).toMatchObject({ error: 'msg_blocks_too_long' })
})

test('tells blocks that are no list from bad ones', async () => {
  expect(await post('not JSON')).toMatchObject({ error: 'invalid_blocks_format' })
  expect(await post({ type: 'divider' })).toMatchObject({ error: 'invalid_blocks_format' })
})
