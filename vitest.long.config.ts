// The long tests of `npm run test:long`: kills at random moments, storms, restarts. One file at a time.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/long/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 20 * 60_000,
    hookTimeout: 60_000,
    reporters: ['default'],
    passWithNoTests: false,
  },
})
