// The bot as a process of its own that says the commands on its command line, and then which packages it has loaded.
import { registerHooks } from 'node:module'

const loaded = new Set<string>()
registerHooks({
  load: (url, context, next) => {
    const name = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1]
    if (name !== undefined) loaded.add(name)
    return next(url, context)
  },
})

const { startApp } = await import('../../src/app.ts')
const { readConfig } = await import('../../src/config.ts')
const { createSigner } = await import('../../src/web/session.ts')

const config = readConfig(process.env)
const quiet = (): void => {}
const app = await startApp(config, { log: { debug: quiet, info: quiet, warn: quiet, error: quiet } })
const authorization = `Bearer ${createSigner(config.CONSOLE_SECRET).token('ann', Date.now())}`
const said: string[] = []
for (const text of process.argv.slice(2)) {
  const response = await fetch(`${app.url}/api/commands`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ text }),
  })
  said.push(await response.text())
}
await app.close()
process.stdout.write(JSON.stringify({ loaded: [...loaded], said }))
