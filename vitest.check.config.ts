// The guards of `npm run check`: the import rules of the sources, and documents held equal to the code.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/architecture.test.ts', 'test/docs*.test.ts'],
    pool: 'threads',
    maxWorkers: 2,
    reporters: ['default'],
  },
})
