// The hooks of a file of tests that share one Redis.
import { afterAll, beforeAll } from 'vitest'
import { startTestRedis } from './redis.ts'
import type { TestRedis } from './redis.ts'

/** Starts a Redis before the file's first test and stops it after the last: there for its tests and later hooks. */
export function oneRedis(config: Readonly<Record<string, string>> = {}): () => TestRedis {
  let redis: TestRedis
  beforeAll(async () => {
    redis = await startTestRedis(config)
  })
  afterAll(() => redis.stop())
  return () => redis
}
