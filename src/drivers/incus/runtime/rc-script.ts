import type { InnerPaths } from './files-in-container.ts'

/** A text as one word of a POSIX shell. */
export function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

export interface ScriptAsk {
  readonly paths: InnerPaths
  readonly argv: readonly string[]
}

/**
 * For an init that runs the files of /etc/rc.d again whenever they end. It is there before the container starts first, and waits until it is told
 * to go. How the release ended is left in a file, for whoever watches the start.
 */
export function serviceScript({ paths, argv }: ScriptAsk): string {
  return `#!/bin/sh
cd ${quoteForShell(paths.base)} 2>/dev/null && [ -e go ] || { sleep 0.1; exit 0; }
rm -f exit
${run(argv)}
`
}

/** Runs the command once: of two that make the claim one succeeds, and after a restart nobody does. */
export function oneOffScript({ paths, argv, timeoutMs }: ScriptAsk & { readonly timeoutMs: number }): string {
  const limited = ['timeout', '-k', '5', (timeoutMs / 1000).toFixed(3), ...argv]
  return `#!/bin/sh
cd ${quoteForShell(paths.base)} 2>/dev/null && [ -e go ] && mkdir claimed 2>/dev/null || { sleep 0.1; exit 0; }
${run(limited)}
`
}

function run(argv: readonly string[]): string {
  return `( set -a; . ./environment; . ./secrets; set +a; cd release && exec ${argv.map(quoteForShell).join(' ')} ) </dev/null >>log 2>&1 &
echo $! >pid
wait $!
echo "exit-code exited $?" >exit.part && sync && mv exit.part exit`
}

/** Ends the service politely: argument 1 is how many tenths of a second it has. Exit code 1: it did not go. */
export const STOP_SCRIPT = `#!/bin/sh
cd "\${0%/*}" || exit 2
rm -f go
pid=$(cat pid) || exit 0
kill -TERM "$pid" 2>/dev/null || exit 0
tenths=0
while kill -0 "$pid" 2>/dev/null; do
  [ "$tenths" -lt "$1" ] || exit 1
  tenths=$((tenths + 1))
  sleep 0.1
done
`
