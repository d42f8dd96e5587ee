// Finding what a person can use in a message or a view: buttons and menus by their label or id, inputs to fill in.
import type { Block } from './workspace.ts'

type Body = Readonly<Record<string, unknown>>

/** Which button or menu is meant: by what stands on it, its action id, or its value. `option`: what is chosen in a menu. */
export interface Aim {
  readonly label?: string
  readonly action?: string
  readonly value?: string
  readonly option?: string
}

interface Usable {
  readonly block: Block
  readonly element: Body
}

/** The action that using it sends to the app; throws with what there is when nothing fits. */
export function actionOf(blocks: readonly Block[], aim: Aim): Body {
  const all = usable(blocks)
  const found = all.find(({ element }) => fits(element, aim))
  if (!found) {
    const there = all.map(({ element }) => `${labelOf(element)} (${String(element['action_id'])})`).join(', ')
    throw new Error(`there is no ${aimed(aim)}; there is: ${there || 'nothing to press'}`)
  }
  const { block, element } = found
  const { type, value, text, action_id: id, style } = element
  const common = { type, block_id: block.block_id, action_id: id ?? 'a0' }
  if (type === 'button') {
    return { ...common, text, ...(value !== undefined && { value }), ...(style !== undefined && { style }) }
  }
  return { ...common, ...choice(element, aim.option ?? '') }
}

function aimed({ label, action, value }: Aim): string {
  return [label, action, value].filter((part) => part !== undefined).join(' ')
}

/** What stands on the buttons and menus, in their order. */
export function labels(blocks: readonly Block[]): readonly string[] {
  return usable(blocks).map(({ element }) => labelOf(element))
}

function usable(blocks: readonly Block[]): readonly Usable[] {
  return blocks.flatMap((block) => {
    const { type, elements, accessory } = block
    const inside = type === 'actions' && Array.isArray(elements) ? (elements as readonly Body[]) : []
    const aside = typeof accessory === 'object' ? [accessory as Body] : []
    return [...inside, ...aside]
      .filter((element) => element['type'] !== 'image')
      .map((element) => ({ block, element }))
  })
}

function fits(element: Body, aim: Aim): boolean {
  if (aim.label !== undefined && labelOf(element) !== aim.label) return false
  if (aim.action !== undefined && element['action_id'] !== aim.action) return false
  return aim.value === undefined || element['value'] === aim.value
}

function labelOf(element: Body): string {
  const text = (element['text'] ?? element['placeholder']) as { readonly text?: string } | undefined
  return text?.text ?? String(element['type'])
}

/** What choosing `option` (its value or its words) makes of an element, as in a payload's state. */
function choice(element: Body, option: string): Body {
  switch (element['type']) {
    case 'users_select':
      return { selected_user: option }
    case 'channels_select':
      return { selected_channel: option }
    case 'datetimepicker':
      return { selected_date_time: Number(option) }
    case 'checkboxes':
      return { selected_options: option.split(',').map((one) => optionOf(element, one)) }
    default:
      return { selected_option: optionOf(element, option) }
  }
}

function optionOf(element: Body, wanted: string): Body {
  const groups = (element['option_groups'] ?? []) as readonly { readonly options: readonly Body[] }[]
  const options = [
    ...((element['options'] ?? []) as readonly Body[]),
    ...groups.flatMap((group) => group.options),
  ]
  const found = options.find(
    (option) => option['value'] === wanted || (option['text'] as { readonly text: string }).text === wanted,
  )
  if (!found)
    throw new Error(
      `there is no option ${wanted}; there is: ${options.map((one) => one['value']).join(', ')}`,
    )
  return found
}

/**
 * The `state.values` of a modal that a person filled in. `filled` is by label, action id or block id. Throws for what
 * Slack's client would not let them submit.
 */
export function stateOf(blocks: readonly Block[], filled: Readonly<Record<string, string>>): Body {
  const used = new Set<string>()
  const entries = blocks.flatMap((block) => {
    if (block['type'] !== 'input') return []
    const element = block['element'] as Body
    const label = (block['label'] as { readonly text: string }).text
    const action = (element['action_id'] as string | undefined) ?? 'a0'
    const key = [label, action, block.block_id].find((key) => key in filled)
    if (key !== undefined) used.add(key)
    const given = key === undefined ? undefined : filled[key]
    const value = inputValue(element, given)
    if (value === undefined && block['optional'] !== true) throw new Error(`${label} must be filled in`)
    return [
      [block.block_id, { [action]: { type: element['type'], ...(value ?? emptyValue(element)) } }] as const,
    ]
  })
  const unknown = Object.keys(filled).find((key) => !used.has(key))
  if (unknown !== undefined) throw new Error(`there is no input ${unknown}`)
  return Object.fromEntries(entries)
}

function inputValue(element: Body, given: string | undefined): Body | undefined {
  const type = String(element['type'])
  if (!type.endsWith('_input')) return given === undefined ? initialChoice(element) : choice(element, given)
  const value = given ?? (element['initial_value'] as string | undefined)
  if (value === undefined || value === '') return undefined
  const least = Number(element['min_length'] ?? 0)
  const most = Number(element['max_length'] ?? 3_000)
  if (value.length < least || value.length > most)
    throw new Error(`${value.length} characters, not ${least} to ${most}`)
  return { value }
}

function initialChoice(element: Body): Body | undefined {
  const chosen = Object.entries(element).find(([key]) => key.startsWith('initial_'))
  return chosen && { [chosen[0].replace('initial_', 'selected_')]: chosen[1] }
}

function emptyValue(element: Body): Body {
  return String(element['type']).endsWith('_input') ? { value: null } : { selected_option: null }
}
