/**
 * What each task runs with Node 24, and which systems it cannot do without. `required` ends the task when one is missing; otherwise the task
 * itself says what could not run, and counts it as failed.
 */
export const TASKS = {
  demo: { argv: ['examples/hello/demo.ts'], systems: ['haproxy'], required: true },
  test: { argv: ['scripts/test.ts'], systems: ['haproxy', 'strace', 'faults', 'postgres', 'incus'], required: false },
  incus: { argv: ['test/incus/main.ts'], systems: ['incus'], required: false },
  veza: { argv: ['examples/veza/create.ts'], systems: ['incus'], required: true },
  check: { argv: ['scripts/test.ts', '--only', 'types,lint,generated'], systems: [], required: false },
  format: { argv: ['node_modules/@biomejs/biome/bin/biome', 'check', '--write', '.'], systems: [], required: false },
  bench: { argv: ['bench/main.ts'], systems: ['haproxy'], required: true },
  simulate: { argv: ['test/crash/simulator/main.ts'], systems: [], required: false },
  build: { argv: ['scripts/build.ts'], systems: [], required: false },
  generate: { argv: ['scripts/generate.ts'], systems: [], required: false },
}
