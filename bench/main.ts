/**
 * `npm run bench -- <name> [--json] [--requests N] [--flips N] [--entries N]`; without a name, all of them that need no Incus. `flip --transport
 * incus` measures the edge in a container, `incus` a deploy in containers, both on a real daemon: `npm run incus -- exec node bench/main.ts incus`.
 */
const BENCHES = ['flip', 'cli', 'deploy', 'journal', 'lint', 'check', 'backfill', 'incus'] as const

export interface BenchOptions {
  readonly json: boolean
  readonly requests: number
  readonly flips: number
  readonly entries: number
}

const args = process.argv.slice(2)
const number = (flag: string, fallback: number) => {
  const at = args.indexOf(flag)
  const value = at === -1 ? fallback : Number(args[at + 1])
  if (!Number.isInteger(value) || value < 1) throw new Error(`${flag} takes a whole number`)
  return value
}
const options: BenchOptions = {
  json: args.includes('--json'),
  requests: number('--requests', 200_000),
  flips: number('--flips', 200),
  entries: number('--entries', 1_000_000),
}
const named = args.filter(
  (arg, index) =>
    !arg.startsWith('--') && !(args[index - 1]?.startsWith('--') === true && args[index - 1] !== '--json'),
)
const isIncus = args[args.indexOf('--transport') + 1] === 'incus' && args.includes('--transport')
const unknown = named.find((name) => !BENCHES.some((one) => one === name))
if (unknown !== undefined) throw new Error(`there is no bench ${JSON.stringify(unknown)}: ${BENCHES.join(', ')}`)

for (const name of BENCHES) {
  if (named.length === 0 ? name === 'incus' : !named.includes(name)) continue
  const { run } = (await import(name === 'flip' && isIncus ? './flip-incus.ts' : `./${name}.ts`)) as {
    readonly run: (options: BenchOptions) => Promise<void>
  }
  await run(options)
}
