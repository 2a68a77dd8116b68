import { parseArgs } from 'node:util'
import { Coverage } from './coverage.ts'
import { runSchedule } from './schedule.ts'
import { simulate } from './simulate.ts'

/** `npm run simulate -- --schedules N --seed S`; `--only I` tells one story of the seed, line by line. */
const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string' },
    from: { type: 'string', default: '0' },
    'stop-after': { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
})

const seed = Number(values.seed)

if (values.only !== undefined) {
  const { violations, lines } = await runSchedule(seed, Number(values.only), new Coverage(), true)
  for (const line of lines ?? []) console.log(line)
  process.exitCode = violations.length > 0 ? 1 : 0
} else {
  const report = await simulate({
    seed,
    from: Number(values.from),
    schedules: Number(values.schedules),
    stopAfter: Number(values['stop-after']),
  })
  if (values.json) console.log(JSON.stringify(report))
  else for (const line of report.text) console.log(line)
  process.exitCode = report.failed ? 1 : 0
}
