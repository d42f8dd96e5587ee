// The life of this process among those that share one Redis: its name, its signs of life, and what a life before it left.
import { randomUUID } from 'node:crypto'
import { mkdir, readFile, readlink, rename, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { loadScripts, root } from './scripts.ts'
import { toStoreError } from './errors.ts'
import { reasonOf } from '../errors.ts'
import type { Clock, Log } from '../ports.ts'
import type { RedisClient } from './connect.ts'

export interface Life {
  /** Under this name the process holds effects; no other process, and no other life of it, has had it. */
  readonly name: string
  /** Gives a sign of life; who gives none for five seconds is taken for dead, and what it held is lent to others. */
  readonly beat: () => Promise<void>
  /** Whether a process of that name gives signs of life; one that never was does not. */
  readonly lives: (name: string) => Promise<boolean>
  /** Hands what it still holds to the others, at once. */
  readonly end: () => Promise<void>
}

export interface LifeOptions {
  readonly redis: RedisClient
  readonly dataDir: string
  /** Nobody else can use this Redis: whoever is known to it is gone. */
  readonly alone: boolean
  readonly clock?: Pick<Clock, 'shown'>
  readonly log: Log
}

/** Who a process was, so that a later one can see that it is gone: numbers of processes are given again. */
const Mark = z.object({
  name: z.string().min(1),
  pid: z.int(),
  /** Where the number counts: the machine, its start, and the namespace. */
  place: z.string(),
  /** When it began, in the machine's own measure; undefined where that cannot be known. */
  began: z.string().optional(),
})
type Mark = z.infer<typeof Mark>

/**
 * Begins a life. What the life before it on this `dataDir` held is taken from it when it is certainly gone: a process
 * that starts again does not wait for its own death to be noticed. Throws RetryableError when Redis does not answer.
 */
export async function beginLife({ redis, dataDir, alone, clock, log }: LifeOptions): Promise<Life> {
  const name = randomUUID()
  const script = loadScripts(redis)
  async function ask(...[which, args]: Parameters<typeof script>): Promise<void> {
    try {
      await script(which, args)
    } catch (thrown) {
      throw toStoreError(thrown)
    }
  }
  const beat = (): Promise<void> => ask('beat', [name, clock?.shown?.() ?? ''])
  const file = join(dataDir, 'process.json')
  const before = await markIn(file)
  await beat()
  if (alone) await ask('bury', [name, '*'])
  const fate = await fateOf(before)
  if (before && fate === 'gone') await ask('bury', [name, before.name])
  const own = { name, pid: process.pid, place: await placeHere(), began: await beganAt(process.pid) }
  // The mark of a process that lives stays its own: this one, which shares its directory, is noticed by its silence.
  async function mark(now: Mark): Promise<void> {
    if (fate === 'lives') return
    await write(file, now).catch((thrown: unknown) => {
      log.warn(
        'DATA_DIR cannot be written: after a crash the next start waits five seconds for its effects',
        {
          reason: reasonOf(thrown),
        },
      )
    })
  }
  await mark(own)
  return {
    name,
    beat,
    lives: async (other) => {
      try {
        return (await redis.zscore(`${root}:processes`, other)) !== null
      } catch (thrown) {
        throw toStoreError(thrown)
      }
    },
    end: async () => {
      await mark({ ...own, pid: 0 })
      await ask('bury', [name, name])
    },
  }
}

async function markIn(file: string): Promise<Mark | undefined> {
  try {
    return Mark.safeParse(JSON.parse(await readFile(file, 'utf8'))).data
  } catch {
    // None yet, or one that was being written when the machine lost its power: then time tells.
    return undefined
  }
}

/** In one step: a reader finds the old one or the new one. */
async function write(file: string, mark: Mark): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true, mode: 0o700 })
  const fresh = `${file}.${mark.name}`
  await writeFile(fresh, `${JSON.stringify(mark)}\n`, { mode: 0o600 })
  await rename(fresh, file)
}

/** `unknown`: on another machine, or in another container; only its silence can tell. */
async function fateOf(mark: Mark | undefined): Promise<'gone' | 'lives' | 'unknown'> {
  if (mark === undefined || mark.pid === 0) return 'gone'
  if (mark.place !== (await placeHere())) return 'unknown'
  try {
    process.kill(mark.pid, 0)
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH' ? 'gone' : 'lives'
  }
  return mark.began === (await beganAt(mark.pid)) ? 'lives' : 'gone'
}

async function placeHere(): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')
  const space = await readlink('/proc/self/ns/pid').catch(() => '')
  return [hostname(), boot.trim(), space].join(' ')
}

/**
 * Field 22 of Linux' /proc/PID/stat (proc(5)): ticks since the machine's start; the name before it may hold anything.
 * Undefined for one that has ended and only waits for its parent to notice, and where there is no such file.
 */
async function beganAt(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? undefined : fields[19]
}
