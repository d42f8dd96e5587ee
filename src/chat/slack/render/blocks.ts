// The blocks the bot writes, as Slack's Block Kit has them, and how large they may be.

/**
 * Slack's limits in characters and pieces (docs.slack.dev/reference/block-kit). `whole` is what all blocks of a message
 * or view may take as JSON, in bytes: Slack refuses at about 13,000 (`msg_blocks_too_long`) and documents no number.
 */
export const limits = {
  blocks: 50,
  viewBlocks: 100,
  text: 3_000,
  header: 150,
  label: 75,
  value: 2_000,
  url: 3_000,
  actions: 25,
  context: 10,
  confirmTitle: 100,
  confirmText: 300,
  confirmButton: 30,
  viewTitle: 24,
  inputLabel: 150,
  placeholder: 150,
  metadata: 3_000,
  options: 100,
  option: 75,
  whole: 10_000,
} as const

/** Text that Slack shows as it is. Emoji are written as characters: `:fire:` in somebody's text stays what it is. */
export interface Plain {
  readonly type: 'plain_text'
  readonly text: string
  readonly emoji: false
}

export interface TextStyle {
  readonly bold?: true
  readonly code?: true
}

/** A piece of rich text. There is no mention, no broadcast and no emoji among them: the bot writes none from data. */
export type Rich =
  | { readonly type: 'text'; readonly text: string; readonly style?: TextStyle }
  | { readonly type: 'link'; readonly url: string; readonly text: string }
  | {
      readonly type: 'date'
      /** Seconds since the epoch. */
      readonly timestamp: number
      readonly format: string
      readonly fallback: string
      readonly style?: TextStyle
    }

export interface RichSection {
  readonly type: 'rich_text_section'
  readonly elements: readonly Rich[]
}

export type RichPart =
  | RichSection
  | {
      readonly type: 'rich_text_list'
      readonly style: 'bullet'
      readonly elements: readonly RichSection[]
    }
  | {
      readonly type: 'rich_text_preformatted'
      readonly elements: readonly { readonly type: 'text'; readonly text: string }[]
    }

export interface RichText {
  readonly type: 'rich_text'
  readonly elements: readonly RichPart[]
}

export interface Header {
  readonly type: 'header'
  readonly text: Plain
}

/** Small print. The only parsed text anywhere: a moment of our own, never data. */
export interface Context {
  readonly type: 'context'
  readonly elements: readonly (Plain | { readonly type: 'mrkdwn'; readonly text: string })[]
}

export interface Confirm {
  readonly title: Plain
  readonly text: Plain
  readonly confirm: Plain
  readonly deny: Plain
  readonly style?: 'primary' | 'danger'
}

export interface ButtonElement {
  readonly type: 'button'
  readonly action_id: string
  readonly text: Plain
  readonly value?: string
  readonly url?: string
  readonly style?: 'primary' | 'danger'
  readonly confirm?: Confirm
}

export interface Actions {
  readonly type: 'actions'
  readonly elements: readonly ButtonElement[]
}

export interface Divider {
  readonly type: 'divider'
}

/** What a message and the home tab are made of. */
export type Block = Header | RichText | Context | Actions | Divider

/** A message: `text` for notifications and screen readers, `blocks` for everybody who sees it. */
export interface SlackMessage {
  readonly text: string
  readonly blocks: readonly Block[]
}

export interface Option {
  readonly text: Plain
  readonly value: string
}

/** A question of a modal; its answer comes back under `block_id`, which is its `action_id` too. */
export interface Input {
  readonly type: 'input'
  readonly block_id: string
  readonly label: Plain
  readonly optional: boolean
  readonly element:
    | {
        readonly type: 'plain_text_input'
        readonly action_id: string
        readonly multiline: boolean
        readonly max_length: number
        readonly initial_value?: string
        readonly focus_on_load?: true
      }
    | {
        readonly type: 'static_select'
        readonly action_id: string
        readonly options: readonly Option[]
        readonly initial_option?: Option
      }
}

export interface ModalView {
  readonly type: 'modal'
  readonly callback_id: string
  readonly title: Plain
  readonly submit?: Plain
  readonly close: Plain
  readonly private_metadata: string
  readonly blocks: readonly (Block | Input)[]
}

export interface HomeView {
  readonly type: 'home'
  readonly blocks: readonly Block[]
}
