// What a real HAProxy says of the rights at its sockets.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { createHaproxyReader } from '../../src/providers/haproxy-level.ts'

test('tells the level of each socket, and that a silent one is silent', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'dr-haproxy-'))
  const levels = ['admin', 'operator', 'user'] as const
  const sockets = levels.map((level) => `stats socket ${join(dir, level)} level ${level}`)
  const file = join(dir, 'haproxy.cfg')
  const front = `frontend f\n  bind unix@${join(dir, 'front')}\n  mode http\n  timeout client 1s\n`
  await writeFile(file, `global\n  ${sockets.join('\n  ')}\n${front}`)
  const child = spawn('haproxy', ['-q', '-db', '-f', file], { stdio: 'ignore' })
  await vi.waitFor(() => expect(existsSync(join(dir, 'front'))).toBe(true), 10_000)
  const { level } = createHaproxyReader()
  const signal = AbortSignal.timeout(10_000)

  const seen = await Promise.all(levels.map((name) => level(`unix:${join(dir, name)}`, signal)))

  expect(seen).toEqual(['admin', 'operator', 'user'])
  await expect(level(`unix:${join(dir, 'nobody')}`, signal)).rejects.toThrow('there is no such socket')
  child.kill()
  await once(child, 'exit')
  await rm(dir, { recursive: true, force: true })
})
