import { writeFileAtomic } from '../../../src/lib/atomic-file.ts'

/** Writes once; what happens at which system call is the tracer's business. */
const [path = '', text = ''] = process.argv.slice(2)
try {
  await writeFileAtomic(path, text.repeat(2_000))
} catch (error) {
  process.stderr.write(`${(error as NodeJS.ErrnoException).code ?? 'no code'}\n`)
  process.exitCode = 3
}
