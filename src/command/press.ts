// What pressing a button says: its command, then the name or the words that it asked for.
import { printWord } from './words.ts'

/** What the person typed when the button asked: `typed` is the target's name, `input` free text. */
export interface Filled {
  readonly typed?: string | undefined
  readonly input?: string | undefined
}

/** The command as the person would have typed it. */
export function pressedText(command: string, filled: Filled): string {
  const typed = filled.typed?.trim()
  return [command, typed && printWord(typed), filled.input?.trim()].filter(Boolean).join(' ')
}
