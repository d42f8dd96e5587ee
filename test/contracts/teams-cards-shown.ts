// What a person sees of an Adaptive Card, as text: for reviewers beside the JSON, and for tests that ask what can be read.
import type { Action, AdaptiveCard, Element, TextRun } from '../../src/chat/teams/render/elements.ts'

/** A card as a reader in `zone` sees it, with all of its forms open. */
export function shownCard(card: Pick<AdaptiveCard, 'body'>, zone: string): string {
  return card.body.map((element) => shown(element, zone)).join('\n\n')
}

function shown(element: Element, zone: string): string {
  switch (element.type) {
    case 'RichTextBlock':
      return element.inlines.map(shownRun).join('')
    case 'TextBlock':
      return moments(element.text, zone)
    case 'ColumnSet':
      return element.columns
        .map(({ items, style }) => (style ? `(${style})` : items.map((each) => shown(each, zone)).join('\n')))
        .join(' | ')
    case 'Container':
      return `${element.bleed ? '# ' : ''}${element.items.map((each) => shown(each, zone)).join('\n')}`
    case 'Input.Text':
      return `${element.label}${element.isRequired ? '' : ' (optional)'}: [${element.id}]`
    case 'ActionSet':
      return element.actions.map((action) => shownAction(action, zone)).join('\n')
    default:
      return element satisfies never
  }
}

function shownRun({ text, weight, fontType, selectAction }: TextRun): string {
  if (selectAction) return `[${text}](${selectAction.url})`
  if (fontType) return `\`${text}\``
  return weight && text.trim() !== '' ? `**${text}**` : text
}

function shownAction(action: Action, zone: string): string {
  switch (action.type) {
    case 'Action.OpenUrl':
      return `[${action.title ?? ''}] ${action.url}`
    case 'Action.Execute':
      return `[${action.title ?? ''}]${style(action)} ${JSON.stringify(action.data)}`
    case 'Action.ShowCard': {
      const { body, actions } = action.card
      const asked = [
        ...body.map((each) => shown(each, zone)),
        ...actions.map((each) => shownAction(each, zone)),
      ]
      return [`[${action.title}]${style(action)} opens:`, ...asked.map((line) => `    ${line}`)].join('\n')
    }
    default:
      return action satisfies never
  }
}

function style({ style }: { readonly style?: string }): string {
  return style ? ` ${style}` : ''
}

function moments(text: string, zone: string): string {
  return text.replaceAll(/\{\{(DATE|TIME)\(([^,)]+)(?:, SHORT)?\)\}\}/g, (_all, kind: string, at: string) => {
    const local = Temporal.Instant.from(at).toZonedDateTimeISO(zone)
    return kind === 'DATE' ? local.toPlainDate().toString() : local.toPlainTime().toString().slice(0, 5)
  })
}
