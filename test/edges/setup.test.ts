// The set-up script on a machine of its own: a directory with only the programs that a test puts there.
import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

/** What the script itself uses, taken from this machine. */
const basics = ['sh', 'env', 'id', 'sed', 'grep', 'find', 'dirname', 'touch', 'mkdir']
const script = new URL('../../scripts/setup.sh', import.meta.url).pathname

describe('the set-up', () => {
  let machine: string
  let journal: string

  beforeEach(() => {
    machine = mkdtempSync(join(tmpdir(), 'dr-setup-'))
    journal = join(machine, 'journal')
    for (const directory of ['bin', 'fake', 'project/scripts/azurite'])
      mkdirSync(join(machine, directory), { recursive: true })
    for (const name of basics) {
      symlinkSync(
        execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(),
        join(machine, 'bin', name),
      )
    }
    copyFileSync(script, join(machine, 'project/scripts/setup.sh'))
    for (const directory of ['', 'scripts/azurite'])
      writeFileSync(join(machine, 'project', directory, 'package-lock.json'), '{}')
    writeFileSync(journal, '')
    install('node', 'echo v26.10.0')
    install(
      'npm',
      'echo "npm $* in ${PWD##*/}" >> "$JOURNAL"; mkdir -p node_modules; touch node_modules/.package-lock.json',
    )
    install('sudo', 'exec "$@"')
  })
  afterEach(() => rmSync(machine, { recursive: true }))

  /** Puts a program on the machine. Its file is new, never a link to a real one. */
  function install(name: string, body = ''): void {
    writeFileSync(join(machine, 'fake', name), `#!/bin/sh\n${body}\n`, { mode: 0o755 })
  }

  function withApt(): void {
    install('apt-cache')
    install('apt-get', 'echo "apt-get $* offline=$SYSTEMD_OFFLINE frontend=$DEBIAN_FRONTEND" >> "$JOURNAL"')
  }

  function run(what: string, env: Readonly<Record<string, string>> = {}) {
    const path = `${join(machine, 'fake')}:${join(machine, 'bin')}`
    const done = spawnSync(join(machine, 'bin/sh'), [join(machine, 'project/scripts/setup.sh'), what], {
      env: { PATH: path, JOURNAL: journal, ...env },
      encoding: 'utf8',
    })
    return { status: done.status, said: done.stderr }
  }

  const did = (): string => readFileSync(journal, 'utf8')

  test('installs npm packages and the Debian packages of the command, and starts none of their services', () => {
    withApt()

    const { status } = run('demo')

    expect(status).toBe(0)
    expect(did()).toMatch(
      /^apt-get install .* redis-server curl util-linux bind9-dnsutils(?: haproxy)? offline=1 frontend=noninteractive$/m,
    )
    expect(did()).toMatch(/^npm ci /m)
  })

  test('does nothing when all is there', () => {
    withApt()
    for (const name of ['redis-server', 'curl', 'flock', 'dig', 'haproxy']) install(name)
    run('demo')
    writeFileSync(journal, '')

    const { status, said } = run('demo')

    expect(status).toBe(0)
    expect(did()).toBe('')
    expect(said).toBe('')
  })

  test('installs npm packages again when the lock file has changed since', () => {
    run('check')
    const soon = new Date(Date.now() + 60_000)
    utimesSync(join(machine, 'project/package-lock.json'), soon, soon)
    writeFileSync(journal, '')

    run('check')

    expect(did()).toMatch(/^npm ci /)
  })

  test('installs Azurite for the tests only, once, and goes on without it but in CI', () => {
    withApt()
    const ofAzurite = (): number => did().match(/^npm ci .* in azurite$/gm)?.length ?? 0

    for (const what of ['demo', 'check', 'start', 'bench']) run(what)
    expect(ofAzurite()).toBe(0)
    expect(run('test')).toMatchObject({ status: 0 })
    run('test')
    expect(ofAzurite()).toBe(1)

    rmSync(join(machine, 'project/scripts/azurite/node_modules'), { recursive: true })
    install('npm', 'exit 1')
    expect(run('test')).toMatchObject({
      status: 0,
      said: expect.stringContaining('going on without Azurite'),
    })
    expect(run('test', { CI: 'true' })).toMatchObject({ status: 1 })
  })

  test('without apt-get it says which programs to install, and stops when nothing works without them', () => {
    const { status, said } = run('demo')

    expect(status).toBe(1)
    expect(said).toContain('please install these programs')
    expect(said).toContain('redis-server')
    expect(did()).not.toContain('npm')
  })

  test('without apt-get it goes on when only single tests need what is missing, but not in CI', () => {
    for (const name of ['redis-server', 'curl', 'flock', 'dig', 'nagios4']) install(name)

    expect(run('test')).toMatchObject({ status: 0 })
    expect(run('test').said).toMatch(/chrom/i)
    expect(run('test', { CI: 'true' })).toMatchObject({ status: 1 })
  })

  test('when apt-get cannot install, it reads the lists again once and then says so', () => {
    withApt()
    install('apt-get', 'echo "apt-get $1" >> "$JOURNAL"; [ "$1" = update ]')

    const { status, said } = run('bench')

    expect(status).toBe(1)
    expect(did().trim().split('\n')).toEqual(['apt-get install', 'apt-get update', 'apt-get install'])
    expect(said).toContain('apt-get could not install redis-server prometheus-alertmanager')
  })

  test('an old Node without the one of this project is refused with the command to type', () => {
    install('node', 'echo v20.20.2')

    const { status, said } = run('check')

    expect(status).toBe(1)
    expect(said).toContain("Node 26 is needed and 'v20.20.2' was found")
    expect(said).toContain('npm ci --include=optional')
  })

  test('an unknown command is answered with the ones there are', () => {
    expect(run('everything')).toMatchObject({
      status: 1,
      said: expect.stringContaining('demo|test|check|bench|start'),
    })
  })
})
