// The event streams of open pages: after a change each page gets its newest content, at most once a second.
import type { FastifyReply } from 'fastify'
import { reasonOf } from '../errors.ts'
import type { PersonId } from '../ids.ts'
import type { Changes, Clock, Log } from '../ports.ts'
import { createTurns } from './turns.ts'

/** Milliseconds of real time between two updates of one page; while changes keep coming, the longer one. */
const gap = 1_000
const stormGap = 2_000
/** The browser takes silence of twice this long for a lost connection. */
const beat = 15_000
/** A page that has read nothing for so many beats is let go of: what waits for it is kept in memory. */
const mostMissed = 2
/** As many pages are open at once, of all people and of one; the browser of a further one goes on trying. */
const most = 500
const mostOfPerson = 10
/** As many pages are made at a time: a change that concerns all of them leaves room for alerts and commands. */
const rendersAtOnce = 8

export interface StreamDeps {
  readonly changes: Changes
  readonly clock: Clock
  readonly log: Log
  readonly counted: (open: number) => void
}

export interface Streams {
  /**
   * Answers `person` with an event stream, or with 503 when too many are open. `render` gives the page's newest
   * markup; undefined when the person may not see it
   * any more, which ends the stream.
   */
  readonly open: (reply: FastifyReply, person: PersonId, render: () => Promise<string | undefined>) => void
  readonly close: () => void
}

interface Stream {
  readonly person: PersonId
  readonly render: () => Promise<string | undefined>
  readonly write: (text: string) => boolean
  readonly end: () => void
  /** Ends it without waiting for what was written to be read. */
  readonly cut: () => void
  readonly isGone: () => boolean
  sent: string
  /** Beats in a row that it did not take. */
  missed: number
  dirty: boolean
  /** The last time it could not be made. */
  failed: boolean
  /** Waiting for its next turn, or writing. */
  timer: NodeJS.Timeout | undefined
  busy: boolean
}

export function createStreams(deps: StreamDeps): Streams {
  const streams = new Set<Stream>()
  const inTurn = createTurns(rendersAtOnce)
  const unsubscribe = deps.changes.subscribe(() => {
    for (const stream of streams) touch(stream, deps.log)
  })
  const heart = setInterval(() => {
    for (const stream of streams) {
      if (stream.isGone()) drop(stream)
      else checkUp(stream, deps)
    }
  }, beat)
  heart.unref()
  const drop = (stream: Stream): void => {
    clearTimeout(stream.timer)
    if (streams.delete(stream)) deps.counted(streams.size)
  }

  return {
    open: (reply, person, render) => {
      // It may have been closed while the person was looked up: nobody would tell of its end any more.
      if (reply.raw.destroyed) {
        reply.hijack()
        return
      }
      const own = [...streams].filter((stream) => stream.person === person)
      if (streams.size >= most || own.length >= mostOfPerson) {
        void reply.code(503).header('retry-after', 5).send()
        return
      }
      reply.hijack()
      // A page that was closed while it waited is not made any more.
      const stream: Stream = streamOn(reply, person, () =>
        inTurn(async () => (streams.has(stream) ? render() : undefined)),
      )
      streams.add(stream)
      deps.counted(streams.size)
      reply.raw.on('close', () => drop(stream))
      touch(stream, deps.log)
    },
    close: () => {
      unsubscribe()
      clearInterval(heart)
      for (const stream of streams) stream.end()
    },
  }
}

function streamOn(reply: FastifyReply, person: PersonId, render: Stream['render']): Stream {
  const { raw } = reply
  const headers = Object.entries(reply.getHeaders()).filter(([, value]) => value !== undefined)
  raw.writeHead(200, {
    ...Object.fromEntries(headers),
    'content-type': 'text/event-stream; charset=utf-8',
    'x-accel-buffering': 'no',
  })
  raw.write(': hello\n\n')
  return {
    person,
    render,
    write: (text) => {
      if (raw.writableNeedDrain) return false
      raw.write(text)
      return true
    },
    end: () => raw.end(),
    cut: () => raw.destroy(),
    isGone: () => raw.destroyed,
    sent: '',
    missed: 0,
    dirty: false,
    failed: false,
    timer: undefined,
    busy: false,
  }
}

/** Notes that something changed; the page hears of it at its next turn, which may be now. */
function touch(stream: Stream, log: Log): void {
  stream.dirty = true
  if (stream.timer === undefined && !stream.busy) void update(stream, log)
}

async function update(stream: Stream, log: Log): Promise<void> {
  const first = stream.sent === ''
  const waited = stream.timer !== undefined
  stream.timer = undefined
  stream.busy = true
  stream.dirty = false
  await send(stream, log)
  stream.busy = false
  stream.timer = setTimeout(
    () => {
      if (stream.dirty) void update(stream, log)
      else stream.timer = undefined
    },
    (waited && !first) || stream.failed ? stormGap : gap,
  )
}

async function send(stream: Stream, log: Log): Promise<void> {
  try {
    const markup = await stream.render()
    stream.failed = false
    if (markup === undefined) return stream.end()
    if (markup === stream.sent) return
    const data = markup
      .split('\n')
      .map((line) => `data: ${line}`)
      .join('\n')
    // A page that does not read fast enough misses this update and gets the next.
    if (stream.write(`${data}\n\n`)) stream.sent = markup
    else stream.dirty = true
  } catch (error) {
    // It still shows what was; nobody may ever change anything again and so remind us of it.
    stream.dirty = true
    if (!stream.failed) log.warn('a page could not be brought up to date yet', { reason: reasonOf(error) })
    stream.failed = true
  }
}

/**
 * Tells the browser that the bot is there, and looks at the page once more: whoever is not let in any more is shown out,
 * and what has changed without a word of it (in another process, or by the clock) is shown.
 */
function checkUp(stream: Stream, { clock, log }: StreamDeps): void {
  const taken = stream.write(`event: beat\ndata: ${clock.now()}\n\n`)
  stream.missed = taken ? 0 : stream.missed + 1
  if (stream.missed >= mostMissed) return stream.cut()
  touch(stream, log)
}
