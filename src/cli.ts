#!/usr/bin/env node
// `dr`: the door of those who sit at a terminal; imports as little as it can, so that it answers at once.
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { createInterface } from 'node:readline/promises'
import { text as readAll } from 'node:stream/consumers'
import { z } from 'zod'
import { runCli } from './cli/main.ts'
import { createClock } from './clock.ts'
import { calledAs, loadEnvironment } from './config.ts'

const { stdin, stdout, stderr } = process

// `dr report | head` ends the pipe early; that is no error.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: stdin, output: stdout })
  try {
    return await lines.question(question)
  } finally {
    lines.close()
  }
}

const packageFile = new URL('../package.json', import.meta.url)
const Version = z.object({ version: z.string() })

const clock = createClock()
process.exitCode = await runCli(process.argv.slice(2), {
  env: () => loadEnvironment(),
  home: homedir(),
  now: clock.now,
  after: clock.after,
  out: (text) => void stdout.write(text),
  err: (text) => void stderr.write(text),
  terminal: {
    name: calledAs(),
    width: stdout.columns || 80,
    // Refusals go to standard error: when that is a file, it gets no colours.
    colour: stdout.isTTY && stderr.isTTY && stdout.hasColors(),
  },
  ask: stdin.isTTY && stdout.isTTY ? ask : undefined,
  input: () => readAll(stdin),
  version: () => Version.parse(JSON.parse(readFileSync(packageFile, 'utf8'))).version,
  systems: async () => {
    const { createSystems } = await import('./providers.ts')
    return (config) => createSystems(config, { clock })
  },
  chat: async (chat) => {
    if (chat === 'slack') {
      const { checkSlack } = await import('./chat/slack/check.ts')
      return (want, tell) => checkSlack(clock, want, tell)
    }
    const { checkTeams } = await import('./chat/teams/check.ts')
    return (want, tell) => checkTeams(clock, want, tell)
  },
  signer: async () => (await import('./web/session.ts')).createSigner,
})
