// The Lua scripts of the store, as typed functions: each runs in Redis as one step that nobody can come between.
import { readFileSync } from 'node:fs'
import { BugError } from '../errors.ts'
import type { RedisClient } from './connect.ts'

/** All keys share one hash tag, so that in a Redis Cluster they live on one node and one script may use them all. */
export const root = '{dr}'

const names = [
  'accept',
  'beat',
  'bury',
  'commit',
  'effect-done',
  'effect-later',
  'latest',
  'lend',
  'put-setting',
  'take',
  'time',
] as const
type ScriptName = (typeof names)[number]

/** Runs a script with its arguments; what it answers is described at the head of its file. */
export type RunScript = (name: ScriptName, args: readonly (string | number)[]) => Promise<unknown>

type Command = (root: string, ...args: readonly (string | number)[]) => Promise<unknown>

/** Makes the scripts known to a connection. Redis learns a script's text at its first use after a restart. */
export function loadScripts(redis: RedisClient): RunScript {
  const leases = textOf('leases')
  for (const name of names) {
    const lua = `${leases}\n${textOf(name)}`
    redis.defineCommand(commandName(name), { numberOfKeys: 1, lua })
  }
  const commands = redis as unknown as Readonly<Record<string, Command | undefined>>
  return (name, args) => {
    const command = commands[commandName(name)]
    if (command === undefined) throw new BugError(`no script ${name}`)
    return command.call(redis, root, ...args)
  }
}

function textOf(name: string): string {
  return readFileSync(new URL(`scripts/${name}.lua`, import.meta.url), 'utf8')
}

function commandName(name: ScriptName): string {
  return `dr-${name}`
}
