// The test suite of `npm test`: everything but the long tests and the guards of `npm run check`.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/long/**', 'test/architecture.test.ts', 'test/docs*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    reporters: ['default'],
    coverage: { include: ['src/**', 'commands/**', 'sim/**'], reporter: ['text', 'json-summary'] },
  },
})
