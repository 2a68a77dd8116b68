import { defineConfig } from 'vitest/config'

/** Two cores: at most two files at once, and files that start HAProxy, processes and crashes by the dozen come one at a time, last. */
const HEAVY = [
  'test/e2e/**/*.test.ts',
  'test/crash/**/*.test.ts',
  'test/faults/**/*.test.ts',
  'test/postgres/**/*.test.ts',
]
/** On a real incusd, in its network: `npm run incus -- run FILE` (test/incus/main.ts). */
const INCUS = ['test/incus/**/*.test.ts']

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // A test without an assertion proves nothing.
    expect: { requireAssertions: true },
    projects: [
      {
        extends: true,
        test: {
          name: 'house',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts', 'examples/**/*.test.ts'],
          exclude: [...HEAVY, ...INCUS],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'heavy',
          include: HEAVY,
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'incus',
          include: INCUS,
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
