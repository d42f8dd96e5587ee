// The elements of an Adaptive Card 1.5 that the bot writes, and how large they may be.

/**
 * Characters and pieces. `whole` is what a card may take as JSON, in bytes: Teams refuses a message with cards of more
 * than about 28 KB (learn.microsoft.com, "Format your bot messages"), and counts its own envelope too.
 */
export const limits = {
  whole: 20_000,
  parts: 60,
  text: 3_000,
  title: 150,
  label: 60,
  command: 2_000,
  input: 1_000,
  inputLabel: 150,
  url: 3_000,
  /** Buttons of a card, and of one row of them: a row shows no more than six (adaptivecards.io, host configuration). */
  actions: 20,
  row: 6,
  refreshed: 60,
  summary: 300,
} as const

export type Colour = 'Accent' | 'Attention' | 'Good' | 'Warning'
type Spacing = 'None' | 'Small' | 'Medium'
export type ContainerStyle = 'accent' | 'attention' | 'emphasis' | 'good' | 'warning'

export interface TextStyle {
  readonly weight?: 'Bolder'
  readonly fontType?: 'Monospace'
  readonly color?: Colour
  readonly size?: 'Small' | 'Large'
  readonly isSubtle?: true
}

/** Text as it is: no client reads Markdown in it, unlike in a TextBlock, a fact or an error message. */
export interface TextRun extends TextStyle {
  readonly type: 'TextRun'
  readonly text: string
  readonly underline?: true
  readonly selectAction?: OpenUrl
}

export interface RichTextBlock {
  readonly type: 'RichTextBlock'
  readonly inlines: readonly TextRun[]
  readonly spacing?: Spacing
}

/** The only parsed text: the bot's own words with moments that the reader's Teams writes in the reader's zone. */
export interface TextBlock {
  readonly type: 'TextBlock'
  readonly text: string
  readonly wrap: true
  readonly color?: Colour
  readonly weight?: 'Bolder'
}

export interface Column {
  readonly type: 'Column'
  /** A share of the width, beside the other columns' shares. */
  readonly width: number
  readonly items: readonly Element[]
  readonly style?: ContainerStyle
  readonly minHeight?: string
  readonly verticalContentAlignment?: 'Center'
}

export interface ColumnSet {
  readonly type: 'ColumnSet'
  readonly columns: readonly Column[]
  readonly spacing?: Spacing
}

export interface Container {
  readonly type: 'Container'
  readonly items: readonly Element[]
  readonly style?: ContainerStyle
  readonly bleed?: true
  readonly spacing?: Spacing
  readonly separator?: true
}

/** A question; its answer comes back under `id`, which is unlike any other of the card. */
export interface InputText {
  readonly type: 'Input.Text'
  readonly id: string
  readonly label: string
  readonly maxLength: number
  readonly isRequired?: true
  /** Shown by Teams where the answer is not as required. Parsed as Markdown, so never anybody's text. */
  readonly errorMessage?: string
  readonly regex?: string
  readonly isMultiline?: true
}

export interface ActionSet {
  readonly type: 'ActionSet'
  readonly actions: readonly Action[]
  readonly spacing?: Spacing
}

export type Element = RichTextBlock | TextBlock | ColumnSet | Container | InputText | ActionSet

type ActionStyle = 'positive' | 'destructive'
type Data = Readonly<Record<string, string>>

export interface OpenUrl {
  readonly type: 'Action.OpenUrl'
  readonly title?: string
  readonly url: string
}

/** What clients that know no Action.Execute do instead. */
export interface Submit {
  readonly type: 'Action.Submit'
  readonly title: string
  readonly data: Data
  readonly style?: ActionStyle
}

export interface Execute {
  readonly type: 'Action.Execute'
  readonly verb: 'dr'
  readonly title?: string
  readonly data: Data
  readonly style?: ActionStyle
  readonly fallback?: Submit
}

/** Opens what must be asked first, under the button. */
export interface ShowCard {
  readonly type: 'Action.ShowCard'
  readonly title: string
  readonly style?: ActionStyle
  readonly card: {
    readonly type: 'AdaptiveCard'
    readonly body: readonly Element[]
    readonly actions: readonly Execute[]
  }
}

export type Action = OpenUrl | Execute | ShowCard

export interface AdaptiveCard {
  readonly type: 'AdaptiveCard'
  readonly $schema: 'http://adaptivecards.io/schemas/adaptive-card.json'
  readonly version: '1.5'
  readonly fallbackText: string
  readonly body: readonly Element[]
  /** Asks for each of these people's own view when they look at the card; Teams names people by their MRI. */
  readonly refresh?: { readonly action: Execute; readonly userIds: readonly string[] }
  /** Teams' own: the card is as wide as the conversation. */
  readonly msteams: { readonly width: 'Full' }
}
