// What every provider promises, as a suite: each provider's own description of its world is run through it.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { RetryableError } from '../../src/errors.ts'
import { timeLimit } from '../../src/limit.ts'
import type { Clock, Provider } from '../../src/ports.ts'
import type { ActionOf, ProviderName } from '../../src/recovery/action.ts'

/** hang: takes the request and never answers. reset: closes the connection, or says no where there is none. error: 5xx. limit: 429. */
export type Failure = 'hang' | 'reset' | 'error' | 'limit'

/**
 * A failure of the other side that `observe` reports as a RetryableError; `after` in ms where the other side named a
 * time.
 */
export interface Retryable {
  readonly failure: Failure
  readonly says: RegExp
  readonly after?: number
}

/** A failure that is what was looked for: `observe` says that it is not good, and `check` does not pass. */
export interface Finding {
  readonly failure: Failure
  readonly says: RegExp
}

/** A provider, one action, and a real world behind it in which the action is not done yet. */
export interface Bench<N extends ProviderName> {
  readonly provider: Provider<N>
  readonly action: ActionOf<N>
  /** What happens outside between `start` and `check`, for actions that only wait for it. */
  readonly happens: () => void
  /** Requests so far that change something, and requests of any kind. */
  readonly changes: () => number
  readonly requests: () => number
  readonly fail: (failure: Failure) => void
  /** Texts that must not turn up in any error, fact or operation. */
  readonly secrets: readonly string[]
  readonly close: () => Promise<void>
}

/** A provider's own description: how to open its world, and what becomes of each failure. */
export interface ProviderCase<N extends ProviderName> {
  readonly name: N
  readonly open: (options: BenchOptions) => Promise<Bench<N>>
  readonly retryable: readonly Retryable[]
  readonly findings: readonly Finding[]
}

export interface BenchOptions {
  /** The provider's own limit for one request, in milliseconds. */
  readonly timeout: number
  readonly clock: Pick<Clock, 'now'>
}

/** A clock that stands until it is moved. */
export function standingClock(): Pick<Clock, 'now'> & { readonly move: (duration: number) => void } {
  let now = Date.UTC(2026, 10, 1)
  return {
    now: () => now,
    move: (duration) => {
      now += duration
    },
  }
}

/** The limit of a process that was stopped for a minute and has only just gone on. */
function limitThatIsOver(): AbortSignal {
  let stopped = 0
  const limit = timeLimit(30_000, { wall: () => stopped, running: () => stopped })
  stopped = 60_000
  return limit
}

/** Long enough on any machine, in milliseconds; only what never answers is waited for shortly. */
const patient = 10_000
const timeoutFor = (failure: Failure): number => (failure === 'hang' ? 1_000 : patient)

/** Runs the suite for one provider; a fresh world is opened for each test. */
export function providerContract<N extends ProviderName>(providerCase: ProviderCase<N>): void {
  describe(`the provider ${providerCase.name}`, () => {
    const clock = standingClock()
    const calm = new AbortController().signal
    let bench: Bench<N>
    const use = async (timeout: number): Promise<void> => {
      await bench.close()
      bench = await providerCase.open({ timeout, clock })
    }
    beforeEach(async () => {
      bench = await providerCase.open({ timeout: patient, clock })
    })
    afterEach(() => bench.close())

    test('only reads when it observes, and sees the same facts twice', async () => {
      const first = await bench.provider.observe(bench.action, calm)
      const second = await bench.provider.observe(bench.action, calm)

      expect(second).toEqual(first)
      expect(JSON.parse(JSON.stringify(first))).toEqual(first)
      expect(bench.changes()).toBe(0)
    })

    test('says not-done before, and done after it was started and checked', async () => {
      const { provider, action } = bench
      const before = provider.settled(action, await provider.observe(action, calm))

      const operation = await provider.start(action, 'R-1-s1', calm)
      bench.happens()
      const progress = await provider.check(action, operation, clock.now(), calm)

      expect(before).toBe('not-done')
      expect(progress.state).toBe('done')
      expect(provider.settled(action, await provider.observe(action, calm))).toBe('done')
    })

    test('can be checked after a restart: the operation is plain JSON with the key in it', async () => {
      const operation = await bench.provider.start(bench.action, 'R-1-s1', calm)
      bench.happens()

      const revived = JSON.parse(JSON.stringify(operation)) as typeof operation
      const progress = await bench.provider.check(bench.action, revived, clock.now(), calm)

      expect(revived).toEqual(operation)
      expect(operation.id).toBe('R-1-s1')
      expect(progress.state).toBe('done')
      expectNoSecret(bench.secrets, operation)
    })

    test('starts nothing when it was told to stop before', async () => {
      const stopped = AbortSignal.abort()

      await expect(bench.provider.start(bench.action, 'R-1-s1', stopped)).rejects.toThrow(RetryableError)
      await expect(bench.provider.observe(bench.action, stopped)).rejects.toThrow(RetryableError)

      expect(bench.changes()).toBe(0)
    })

    test('sends no change once its time is over, although no timer has said so yet; it still looks', async () => {
      const { provider, action } = bench
      const over = limitThatIsOver()
      const asked = bench.requests()

      await provider.observe(action, over)
      const looked = bench.requests()
      const outcome = await provider.start(action, 'R-1-s1', over).catch((thrown: unknown) => thrown)
      const sent = bench.changes()
      await provider.start(action, 'R-1-s1', calm)

      expect(looked).toBeGreaterThan(asked)
      expect(sent).toBe(0)
      expect(outcome instanceof RetryableError).toBe(bench.changes() > 0)
    })

    test('stops in the middle of a request when it is told to, long before its own time is up', async () => {
      await use(60_000)
      const stop = new AbortController()
      const operation = await bench.provider.start(bench.action, 'R-1-s1', calm)
      bench.fail('hang')
      const asked = bench.requests()

      let outcome: unknown
      const check = bench.provider
        .check(bench.action, operation, clock.now(), stop.signal)
        .catch((thrown: unknown) => {
          outcome = thrown
        })
      await vi.waitFor(() => expect(bench.requests()).toBeGreaterThan(asked))
      stop.abort()

      await vi.waitFor(() => expect(outcome).toBeInstanceOf(RetryableError), { timeout: 10_000 })
      await check
    })

    test.each(providerCase.retryable)(
      'asks to be tried again after $failure, and shows no secret',
      async (given) => {
        await use(timeoutFor(given.failure))
        bench.fail(given.failure)

        const thrown = await bench.provider.observe(bench.action, calm).catch((error: unknown) => error)

        expect(thrown).toBeInstanceOf(RetryableError)
        expect(thrown).toMatchObject({ message: expect.stringMatching(given.says) })
        expect((thrown as RetryableError).after).toBe(given.after)
        expectNoSecret(bench.secrets, thrown)
      },
    )

    test.each(providerCase.findings)('does not pass on $failure, and says why', async (given) => {
      await use(timeoutFor(given.failure))
      const operation = await bench.provider.start(bench.action, 'R-1-s1', calm)
      bench.fail(given.failure)

      const facts = await bench.provider.observe(bench.action, calm)
      const progress = await bench.provider.check(bench.action, operation, clock.now(), calm)

      expect(bench.provider.settled(bench.action, facts)).toBe('not-done')
      expect(progress.state).not.toBe('done')
      expect(JSON.stringify(progress)).toMatch(given.says)
      expectNoSecret(bench.secrets, [facts, progress])
    })

    test('is tried with a hanging and with a refusing other side', () => {
      const tried = [...providerCase.retryable, ...providerCase.findings].map(({ failure }) => failure)

      expect(tried).toEqual(expect.arrayContaining(['hang', 'reset']))
    })
  })
}

/** Looks through everything that a log could print of a value. */
export function expectNoSecret(secrets: readonly string[], value: unknown): void {
  const texts = [JSON.stringify(value) ?? '']
  for (let error = value; error instanceof Error; error = error.cause) {
    texts.push(error.message, error.stack ?? '', JSON.stringify(Object.entries(error)))
  }
  for (const secret of secrets) expect(texts.join('\n')).not.toContain(secret)
}
