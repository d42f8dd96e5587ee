// The settings of the demo as a file for another window's shell, so that every `npx dr ...` there is about the demo.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface DemoSettings {
  /** Where the files go; removed with the demo. */
  readonly dir: string
  /** The bot's own settings. */
  readonly settings: Readonly<Record<string, string>>
  /** PEM of what the simulated Azure shows; another process trusts it only when it is told to as it starts. */
  readonly certificates: readonly string[]
  /** Where the bot is, and who types. */
  readonly terminal: { readonly url: string; readonly token: string }
}

/** Writes the file; answers with its path, to be read by `. PATH`. */
export async function writeEnvironment(of: DemoSettings): Promise<string> {
  const authorities = join(of.dir, 'azure.pem')
  await writeFile(authorities, of.certificates.join('\n'))
  const all = {
    ...of.settings,
    NODE_EXTRA_CA_CERTS: authorities,
    DR_URL: of.terminal.url,
    DR_TOKEN: of.terminal.token,
  }
  const file = join(of.dir, 'env')
  const lines = Object.entries(all).map(([name, value]) => `export ${name}=${quoted(value)}`)
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 })
  return file
}

/** For a POSIX shell. */
function quoted(value: string): string {
  return `'${value.replaceAll("'", String.raw`'\''`)}'`
}
