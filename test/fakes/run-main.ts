import type { Io } from '../../src/cli/io.ts'
import { main } from '../../src/cli/main.ts'

export interface MainEnd {
  readonly exitCode: number
  readonly out: string
  readonly err: string
}

/** A command line from its first word to its exit code, in a folder, with nobody at a terminal. Ended by `signal`, as Ctrl-C would. */
export async function runMain(
  argv: readonly string[],
  cwd: string,
  { signal = new AbortController().signal, heard = () => undefined }: RunMainOptions = {},
): Promise<MainEnd> {
  let [out, err] = ['', '']
  const io: Io = {
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
      heard(text)
    },
    isTerminal: false,
    columns: 100,
    useColor: false,
    cwd,
    variables: {},
    signal,
    ask: async () => null,
  }
  const exitCode = await main(argv, io, '0')
  return { exitCode, out, err }
}

interface RunMainOptions {
  readonly signal?: AbortSignal
  /** What is written to standard error, as it is. */
  readonly heard?: (text: string) => void
}
