// Modals and the home tab in Slack: what they ask, what comes back, and what each person sees first.
import { describe, expect, test } from 'vitest'
import { schemaErrors, ViewBlocks } from '../../sim/slack/blocks.ts'
import { sizeOf } from '../../src/chat/fit.ts'
import { limits } from '../../src/chat/slack/render/blocks.ts'
import type { Block, Input, ModalView } from '../../src/chat/slack/render/blocks.ts'
import { readButton } from '../../src/chat/slack/render/buttons.ts'
import { homeView } from '../../src/chat/slack/render/home.ts'
import { messageOf } from '../../src/chat/slack/render/message.ts'
import {
  answerView,
  askView,
  noteView,
  openIncidentView,
  readSubmission,
  wrongName,
} from '../../src/chat/slack/render/views.ts'
import { BugError } from '../../src/errors.ts'
import { systemIds } from '../../src/ids.ts'
import type { Button, Card } from '../../src/message.ts'
import { cards } from './stage-cards.ts'
import { shownBlocks } from './slack-render-shown.ts'

const zone = 'Europe/Berlin'

function refusals(blocks: readonly unknown[]): readonly string[] {
  const read = ViewBlocks.safeParse(blocks)
  return read.success ? [] : schemaErrors(read.error, '/blocks')
}

function shown({ blocks }: { readonly blocks: readonly (Block | Input)[] }): string {
  return shownBlocks(blocks, zone)
}

function inputsOf({ blocks }: ModalView): readonly Input[] {
  return blocks.filter((block) => block.type === 'input')
}

/** What Slack sends when a modal is submitted with these answers. */
function submitted(view: ModalView, answers: Readonly<Record<string, string | null>>): unknown {
  const values = inputsOf(view).map(({ block_id, element }) => {
    const value = answers[block_id] ?? null
    const answer =
      element.type === 'static_select'
        ? { type: element.type, selected_option: value === null ? null : { text: {}, value } }
        : { type: element.type, value }
    return [block_id, { [element.action_id]: answer }]
  })
  return { ...view, id: 'V1', state: { values: Object.fromEntries(values) } }
}

const approve = { command: 'approve R-7', label: 'Approve', typed: 'api.example.com' }

describe('the modal of a button', () => {
  test('asks for the name, and says what will run', () => {
    const view = askView(approve, '{"channel":"C1"}', [['api.example.com: 192.0.2.1 → 192.0.2.2']])

    expect(refusals(view.blocks)).toEqual([])
    expect(shown(view)).toBe(
      'api.example.com: 192.0.2.1 → 192.0.2.2\n\nThis runs `/dr approve R-7 …`\n\nTo go on, type `api.example.com`\n\nThe name, exactly as above: [plain_text_input]',
    )
    expect(view).toMatchObject({ private_metadata: '{"channel":"C1"}', submit: { text: 'Approve' } })
  })

  test('asks for a reason, which may be left out, and once more whether to go on', () => {
    const view = askView({ command: 'deny R-7', label: 'Deny', input: 'Why not?', confirm: 'Really?' }, '')

    expect(shown(view)).toBe(
      'Really?\n\nThis runs `/dr deny R-7 …`\n\nWhy not? (optional): [plain_text_input]',
    )
  })

  test('does not call optional what the command needs', () => {
    const view = askView({ command: 'extend INC-1 10m', label: 'More time', input: 'Why?', needed: true }, '')

    expect(shown(view)).toContain('Why?: [plain_text_input]')
    expect(view.blocks.at(-1)).toMatchObject({ type: 'input', optional: false })
  })

  test('gives back what was said, trimmed, and nothing for what was left empty', () => {
    const view = askView({ ...approve, input: 'Why?' }, 'm')

    expect(readSubmission(submitted(view, { typed: ' api.example.com ', input: 'go' }))).toEqual({
      kind: 'ask',
      metadata: 'm',
      typed: 'api.example.com',
      input: 'go',
    })
    expect(readSubmission(submitted(view, { typed: 'x', input: '  ' }))).toEqual({
      kind: 'ask',
      metadata: 'm',
      typed: 'x',
    })
  })

  test('stays open with a word on what to type when the name is another one', () => {
    expect(wrongName('api.example.com')).toEqual({
      response_action: 'errors',
      errors: { typed: 'Type exactly: api.example.com' },
    })
  })

  test('refuses to remember more than Slack does, instead of forgetting its end', () => {
    expect(() => askView(approve, 'x'.repeat(3_001))).toThrow(BugError)
  })

  test.each<[string, Button]>([
    ['a bare command', { label: 'I have it', command: 'ack INC-12', style: 'primary' }],
    ['a name to be typed', { ...approve, style: 'danger', confirm: 'Really?' }],
    ['a reason', { label: 'Deny', command: 'deny R-7', style: 'plain', input: 'Why not?' }],
    ['what looks like data', { label: 'Odd', command: '{"command":"approve R-1"}', style: 'plain' }],
  ])('comes from a button that says all of it: %s', (_what, button) => {
    const { blocks } = messageOf({ title: 't', tone: 'quiet', buttons: [button] })
    const [element] = blocks.flatMap((block) => (block.type === 'actions' ? block.elements : []))
    const asks = 'typed' in button || 'input' in button

    const { label, command, typed, input } = button
    expect(readButton(element?.value ?? '')).toMatchObject({
      command,
      ...(asks && { label }),
      ...(typed && { typed }),
      ...(input && { input }),
    })
    expect(element?.text.text).toBe(asks ? `${label}…` : label)
  })

  test('is not asked for by Slack’s own dialog as well', () => {
    const button: Button = { ...approve, style: 'danger', confirm: 'Really?' }
    const { blocks } = messageOf({ title: 't', tone: 'quiet', buttons: [button] })

    expect(JSON.stringify(blocks)).not.toContain('"confirm":{')
    expect(JSON.stringify(blocks)).toContain(String.raw`\"confirm\":\"Really?\"`)
  })
})

describe('the modal that opens an incident', () => {
  test('asks for the system, with the message it was opened from as the summary', () => {
    const view = openIncidentView(systemIds, 'nothing *goes* through\n<!channel>', 'C1')
    const [system, summary] = inputsOf(view)

    expect(refusals(view.blocks)).toEqual([])
    expect(system?.element).toMatchObject({ options: systemIds.map((value) => ({ value })) })
    expect(summary?.element).toMatchObject({ initial_value: 'nothing *goes* through <!channel>' })
    expect(readSubmission(submitted(view, { system: 'lb', summary: null }))).toEqual({
      kind: 'open',
      metadata: 'C1',
      system: 'lb',
    })
  })
})

describe('the modal that keeps a note', () => {
  const incidents = [
    { id: 'INC-12', title: 'lb1 is down' },
    { id: 'INC-13', title: 'x'.repeat(200) },
  ] as const

  test('has the text and the incident filled in, and gives both back', () => {
    const view = noteView(incidents, 'tried a\nrestart', 'm')

    expect(refusals(view.blocks)).toEqual([])
    expect(inputsOf(view).map(({ element }) => element)).toMatchObject([
      { initial_option: { value: 'INC-12', text: { text: 'INC-12 · lb1 is down' } } },
      { initial_value: 'tried a\nrestart', multiline: true },
    ])
    expect(readSubmission(submitted(view, { incident: 'INC-13', text: 'tried a restart' }))).toEqual({
      kind: 'note',
      metadata: 'm',
      incident: 'INC-13',
      text: 'tried a restart',
    })
  })

  test('takes a text of any length, and more incidents than a menu can hold', () => {
    const many = Array.from({ length: 150 }, (_, number) => ({ id: `INC-${number + 1}`, title: '' }) as const)

    expect(refusals(noteView(many, '😀'.repeat(20_000)).blocks)).toEqual([])
  })

  test('says what to do when no incident is open', () => {
    const view = noteView([], 'text')

    expect(view.submit).toBeUndefined()
    expect(shown(view)).toBe('No incident is open. To open one, type `/dr open`')
  })
})

describe('what is submitted', () => {
  test.each([
    ['nothing', undefined],
    ['another view', { callback_id: 'other', private_metadata: '', state: { values: {} } }],
    ['a note without its incident', submitted(noteView([{ id: 'INC-1', title: 't' }], 'x'), { text: 'x' })],
    ['an opening without its system', submitted(openIncidentView(['lb']), {})],
  ])('is not taken for more than it is: %s', (_what, view) => {
    expect(readSubmission(view)).toBeUndefined()
  })
})

describe('an answer in a modal', () => {
  test('is the card', () => {
    const view = answerView(cards['incident-1-nobody-has-it'] ?? { title: '', tone: 'bad' })

    expect(refusals(view.blocks)).toEqual([])
    expect(shown(view)).toContain('# 🔴 INC-12')
  })
})

describe('the home tab', () => {
  const incident = cards['incident-1-nobody-has-it'] ?? ({ title: '', tone: 'bad' } satisfies Card)
  const run = cards['run-2-disruptive'] ?? ({ title: '', tone: 'bad' } satisfies Card)
  const shift = [['You are on call until tomorrow.']]

  test('shows what is open, what waits for the reader, and the shift, each with its buttons', async () => {
    const view = homeView({ open: [incident], approvals: [run], shift, more: 'https://dr.example.com/' })
    const text = shown(view)

    expect(refusals(view.blocks)).toEqual([])
    expect(sizeOf(view.blocks)).toBeLessThan(limits.whole)
    await expect(`${text}\n`).toMatchFileSnapshot('../golden/slack/home.txt')
    await expect(`${JSON.stringify(view, undefined, 2)}\n`).toMatchFileSnapshot('../golden/slack/home.json')
  })

  test('says so when all is quiet', () => {
    expect(shown(homeView({ open: [], approvals: [], shift }))).toBe(
      '**What is open**\nNothing is broken.\n\n**Waiting for you**\nNo approval.\n\n**On call**\nYou are on call until tomorrow.',
    )
  })

  test('says what is not well although no incident is open', () => {
    const text = shown(homeView({ open: [], approvals: [], shift, uneasy: [['lb: 1 problem is left']] }))

    expect(text).toContain('No incident is open, but not all is well.')
    expect(text).toContain('lb: 1 problem is left')
    expect(text).not.toContain('Nothing is broken')
  })

  test('tells no two buttons apart by chance: each has a number of its own', () => {
    const ids = homeView({ open: [incident, incident], approvals: [run], shift }).blocks.flatMap((block) =>
      block.type === 'actions' ? block.elements.map((element) => element.action_id) : [],
    )

    expect(ids.length).toBeGreaterThan(5)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('counts the cards for which there is no room, and keeps the approvals', () => {
    const view = homeView({ open: Array.from({ length: 30 }, () => incident), approvals: [run], shift })
    const text = shown(view)

    expect(sizeOf(view.blocks)).toBeLessThanOrEqual(limits.whole)
    const cardsShown = text.match(/# 🔴 INC-12/g) ?? []
    expect(cardsShown.length).toBeGreaterThan(1)
    expect(text).toContain(`and ${30 - cardsShown.length} more incidents in the console`)
    expect(text).toContain('[Approve…]')
    expect(text).toContain('You are on call')
  })
})
