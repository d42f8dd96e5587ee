// Adaptive Cards as Microsoft's own renderer draws them, with the sizes and colours of Teams, in headless Chromium.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { startBrowser } from '../servers/browser.ts'

/** A card as it was drawn: what can be read, and what the renderer and the page had to say against it. */
export interface Drawn {
  readonly text: string
  readonly buttons: readonly string[]
  /** Titles of buttons that are cut, so that not all of them can be read. */
  readonly cut: readonly string[]
  readonly links: readonly string[]
  /** Texts that were read as Markdown. */
  readonly parsed: readonly string[]
  readonly complaints: readonly string[]
  /** Pixels by which something stands out of the card. */
  readonly overflow: number
  readonly png: Uint8Array
}

export interface DrawOptions {
  readonly width?: number
  /** The titles of the forms that are open in the picture. */
  readonly open?: string
}

export interface Drawer {
  readonly draw: (card: unknown, options?: DrawOptions) => Promise<Drawn>
  readonly close: () => Promise<void>
}

const colours = (text: string): object => ({
  default: { default: text, subtle: '#616161' },
  accent: { default: '#4f52b2', subtle: '#5b5fc7' },
  good: { default: '#0e700e', subtle: '#107c10' },
  warning: { default: '#8a3707', subtle: '#bc4b09' },
  attention: { default: '#c4314b', subtle: '#a4262c' },
})
const container = (backgroundColor: string): object => ({
  backgroundColor,
  foregroundColors: colours('#242424'),
})

/** What Teams gives its renderer, as near as its documents say. */
const hostConfig = {
  supportsInteractivity: true,
  fontFamily: 'Segoe UI, DejaVu Sans, sans-serif',
  spacing: { none: 0, small: 6, default: 8, medium: 12, large: 20, extraLarge: 30, padding: 12 },
  fontSizes: { small: 12, default: 14, medium: 14, large: 18, extraLarge: 24 },
  actions: {
    maxActions: 6,
    actionsOrientation: 'horizontal',
    actionAlignment: 'left',
    buttonSpacing: 8,
    showCard: { actionMode: 'inline', inlineTopMargin: 12 },
  },
  containerStyles: {
    default: container('#ffffff'),
    emphasis: container('#ebebeb'),
    accent: container('#9ea2ff'),
    good: container('#dbf5db'),
    warning: container('#fde9c9'),
    attention: container('#f9dcdf'),
  },
}

const styles = `
  body { margin: 16px; background: #f5f5f5; font: 14px 'DejaVu Sans', sans-serif; }
  #card { background: #fff; border: 1px solid #d1d1d1; border-radius: 6px; overflow: hidden; }
  .ac-pushButton { border: 1px solid #d1d1d1; border-radius: 4px; background: #fff; padding: 6px 12px; font: inherit;
    font-weight: 600; overflow: hidden; margin-bottom: 6px; }
  .ac-pushButton.style-positive { background: #5b5fc7; color: #fff; }
  .ac-pushButton.style-destructive { color: #c4314b; border-color: #c4314b; }
  .ac-input { border: 1px solid #d1d1d1; border-radius: 4px; padding: 6px; width: 100%; box-sizing: border-box; font: inherit; }
  .ac-container, .ac-adaptiveCard { outline: none; }
`

/** Starts Chromium with the renderer in it, for a reader in Berlin. */
export async function startDrawer(): Promise<Drawer> {
  const browser = await startBrowser()
  const file = fileURLToPath(import.meta.resolve('adaptivecards/dist/adaptivecards.min.js'))
  const renderer = await readFile(file, 'utf8')
  return {
    close: browser.close,
    draw: async (card, { width = 720, open = '' } = {}) => {
      const { page, complaints, close } = await browser.open({
        viewport: { width, height: 600 },
        timezoneId: 'Europe/Berlin',
        locale: 'en-GB',
      })
      try {
        await page.setContent(`<style>${styles}</style><div id="card"></div>`)
        await page.addScriptTag({ content: renderer })
        const found = await page.evaluate(drawIn, { card, hostConfig, open })
        const png = await page.screenshot({ fullPage: true })
        return { ...found, complaints: [...complaints, ...found.complaints], png }
      } finally {
        await close()
      }
    },
  }
}

interface Wanted {
  readonly card: unknown
  readonly hostConfig: object
  readonly open: string
}

/** The part of the renderer's library that is used; it runs in the page. */
interface Library {
  readonly Versions: { readonly v1_5: unknown }
  readonly SerializationContext: new (version: unknown) => {
    readonly eventCount: number
    readonly getEventAt: (index: number) => { readonly message: string }
  }
  readonly HostConfig: new (config: object) => unknown
  readonly AdaptiveCard: {
    onProcessMarkdown: (text: string, result: { outputHtml: string; didProcess: boolean }) => void
    new (): {
      hostConfig: unknown
      readonly parse: (card: unknown, context: unknown) => void
      readonly render: () => HTMLElement | undefined
      readonly validateProperties: () => {
        readonly validationEvents: readonly { readonly message: string }[]
      }
    }
  }
}

function drawIn({ card, hostConfig, open }: Wanted): Omit<Drawn, 'png'> {
  const library = (globalThis as unknown as { readonly AdaptiveCards: Library }).AdaptiveCards
  const parsed: string[] = []
  library.AdaptiveCard.onProcessMarkdown = (text, result) => {
    parsed.push(text)
    result.outputHtml = text
    result.didProcess = true
  }
  const context = new library.SerializationContext(library.Versions.v1_5)
  const drawn = new library.AdaptiveCard()
  drawn.hostConfig = new library.HostConfig(hostConfig)
  drawn.parse(card, context)
  const complaints = Array.from(
    { length: context.eventCount },
    (_, index) => context.getEventAt(index).message,
  )
  const place = document.querySelector('#card')
  const element = drawn.render()
  if (!place || !element) throw new Error(`not drawn: ${complaints.join(', ')}`)
  place.append(element)
  const buttons = [...place.querySelectorAll('button')]
  buttons.find((each) => each.textContent === open)?.click()
  const right = place.getBoundingClientRect().right
  const edges = [...place.querySelectorAll('*')].map((each) => each.getBoundingClientRect().right - right)
  return {
    text: (place as HTMLElement).innerText,
    buttons: buttons.map((each) => each.textContent ?? ''),
    cut: buttons
      .filter((each) =>
        [each, ...each.querySelectorAll('*')].some(
          ({ scrollWidth, clientWidth }) => scrollWidth > clientWidth && clientWidth > 0,
        ),
      )
      .map((each) => each.textContent ?? ''),
    links: [...place.querySelectorAll('a')].map((each) => each.href),
    parsed,
    complaints: [...complaints, ...drawn.validateProperties().validationEvents.map(({ message }) => message)],
    overflow: Math.max(0, ...edges),
  }
}
