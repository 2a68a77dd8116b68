import { dirname } from 'node:path'
import { usageError } from '../../domain/errors.ts'
import { quote } from '../../domain/ids.ts'

/**
 * Several programs one after the other, each only when the one before succeeded, without a shell: `find` goes on to its next `-exec` only after
 * success, and its `-print` at the end proves that all of them did. GNU's and busybox' do so alike.
 */
export function inOrder(commands: readonly (readonly string[])[]): readonly string[] {
  return ['find', '/', '-maxdepth', '0', ...inTurn(commands), '-print']
}

/**
 * The bytes on standard input become the file, as a whole: made aside with its mode, synced, renamed, folder synced. The file aside is the second
 * starting point, looked at when the first is done: only with exactly `size` bytes it is renamed, so a stream that was cut off (a killed
 * operator, a killed daemon) changes nothing. Prints the file aside when all succeeded; removes it otherwise.
 */
export function replaceFile(ask: {
  readonly path: string
  readonly aside: string
  readonly mode: number
  readonly size: number
}): readonly string[] {
  const { path, aside, mode, size } = ask
  const write = inTurn([
    ['touch', aside],
    ['chmod', mode.toString(8), aside],
    ['dd', `of=${aside}`, 'bs=65536', 'conv=notrunc,fsync', 'status=none'],
  ])
  const settle = inTurn([
    ['mv', '-fT', aside, path],
    ['sync', dirname(path)],
  ])
  const start = ['find', '/', aside, '-maxdepth', '0', '(', '-type', 'd', ...write, ')']
  const end = ['-o', '(', '-type', 'f', '-size', `${size}c`, ...settle, '-print', ')']
  return [...start, ...end, '-o', '(', '-type', 'f', '-exec', 'rm', '-f', aside, ';', ')']
}

function inTurn(commands: readonly (readonly string[])[]): readonly string[] {
  return commands.flatMap((command) => ['-exec', ...command, ';'])
}

/** Absolute, so that it is no option; without `{}`, which find would replace. */
export function assertPath(path: string): void {
  if (/^\/[^\0\n]*$/.test(path) && !path.includes('{}')) return
  throw usageError(
    `${quote(path)} cannot be a path in a container: it begins with / and holds no line break and no {}`,
    {
      code: 'bad-container-path',
    },
  )
}
