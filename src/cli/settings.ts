// Where the command line keeps the bot's address and its token: one file that only its owner can read.
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { UserError, reasonOf } from '../errors.ts'

/** Where the bot is, and the token that says who asks. */
export interface BotAccess {
  readonly url: string
  readonly token: string
}

const Settings = z.object({ url: z.string(), token: z.string() })

/** The path of the file in somebody's home directory. */
export function settingsFile(home: string): string {
  return join(home, '.config', 'dr', 'config.json')
}

/**
 * The environment's address and token, else those of the file. The file's token goes only to the file's address, so
 * that a foreign DR_URL cannot fetch it.
 * @throws UserError (`usage`) when there is no token for the address, or others can read the file.
 */
export function botAccess(
  given: {
    readonly DR_URL?: string | undefined
    readonly DR_TOKEN?: string | undefined
    /** Of the bot on this machine, for when nothing else is said. */
    readonly ownAddress: string
  },
  home: string,
): BotAccess {
  const kept = given.DR_TOKEN === undefined || given.DR_URL === undefined ? readSettings(home) : undefined
  const url = given.DR_URL ?? kept?.url ?? given.ownAddress
  const token = given.DR_TOKEN ?? (kept?.url === url ? kept.token : undefined)
  if (token !== undefined) return { url, token }
  throw new UserError(
    'usage',
    `There is no token for ${url}. On the bot's host, "npx dr token PERSON" prints one; then type: dr setup ${url}`,
  )
}

/** Keeps address and token for the next time. */
export function writeSettings(home: string, access: BotAccess): string {
  const file = settingsFile(home)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(file, `${JSON.stringify(access, undefined, 2)}\n`, { mode: 0o600 })
  // An older file keeps its mode when it is written again.
  chmodSync(file, 0o600)
  return file
}

function readSettings(home: string): BotAccess | undefined {
  const file = settingsFile(home)
  const text = readIfThere(file)
  if (text === undefined) return undefined
  if ((statSync(file).mode & 0o077) !== 0)
    throw new UserError('usage', `Others can read ${file}, which holds your token. Type: chmod 600 ${file}`)
  try {
    return Settings.parse(JSON.parse(text))
  } catch (error) {
    throw new UserError('usage', `${file} cannot be read. Write it again: dr setup ADDRESS`, { cause: error })
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new UserError('usage', `${file} cannot be read: ${reasonOf(error)}. Fix it, or set DR_TOKEN.`, {
      cause: error,
    })
  }
}
