// The file .env: reads it, and says which of its names mean nothing.
import { readFileSync } from 'node:fs'
import { distance } from 'fastest-levenshtein'
import { UserError } from '../errors.ts'

/** Names that mean something to the process that reads the file itself: a shell, systemd, Node. */
const ofTheProcess = /^(?:NODE_|npm_|TZ$|LANG$|LC_|PATH$|HOME$|(?:https?|no|all)_proxy$|SSL_)/i

/** The names that are no setting, each as a sentence with what may be meant. */
export function unknownNames(names: readonly string[], settings: readonly string[]): readonly string[] {
  const unknown = names.filter((name) => !settings.includes(name) && !ofTheProcess.test(name))
  return unknown.map((name) => {
    const [near] = settings
      .map((known) => ({ known, far: distance(known, name) }))
      .filter(({ known, far }) => far <= 5 && far < known.length / 2)
      .toSorted((a, b) => a.far - b.far)
    const meant = near === undefined ? '.env.example has all of them.' : `Did you mean ${near.known}?`
    return `${name} in .env is no setting, and nothing reads it. ${meant}`
  })
}

/** The text of the file; empty when there is none. @throws UserError (`config`) when it cannot be read. */
export function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    const text = `.env cannot be read: ${String(error)}. Make it readable for the user of the bot.`
    throw new UserError('config', text, { cause: error })
  }
}
