import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePortRange } from '../examples/hello/demo/free-ports.ts'
import type { BenchOptions } from './main.ts'
import { installPacked, type PackedBackflip, R1, R2 } from './packed.ts'
import { print, ratio, spread } from './stats.ts'

const COMPONENTS = ['web', 'backend', 'stream']
const RUNS = 8
const CONSECUTIVE = 3
const INTERVAL_MS = 200

/**
 * A deploy of three components on local processes as a whole process, beside a shell script that does the same raw work: verify, unpack, start, wait
 * for the same number of good answers at the same interval, components in parallel, flip. Bake 0. The script keeps no journal and could not go back.
 */
export async function run({ json }: BenchOptions): Promise<void> {
  const installed = await installPacked(COMPONENTS, `consecutive: ${CONSECUTIVE}, interval: ${INTERVAL_MS}ms`)
  try {
    installed.run('deploy', R1, '--yes')
    const script = writeScript(installed)
    const own: number[] = []
    const byScript: number[] = []
    for (let index = 0; index < RUNS; index += 1) {
      byScript.push(await timeScript(installed, script))
      own.push(
        timeOf(installed.folder, process.execPath, [installed.program, 'deploy', index % 2 === 0 ? R2 : R1, '--yes']),
      )
    }
    print(
      'deploy',
      [ratio('deploy of three components', spread(own), { name: 'the shell script', spread: spread(byScript) }, 1.3)],
      json,
    )
  } finally {
    installed.close()
  }
}

function writeScript({ folder }: PackedBackflip): string {
  const path = join(folder, 'deploy.sh')
  writeFileSync(
    path,
    `#!/bin/bash
set -euo pipefail
# deploy.sh WORK FIRST_PORT: what a careful team's script does, without a way back.
work=$1; port=$2; registry=${folder}/registry
one() {
  local name=$1 port=$2 file=$registry/bench-$1/${R1}/bench-$1-${R1}.tar.zst
  echo "$(cat $work/$name.sha256)  $file" | sha256sum --check --quiet
  mkdir -p $work/$name
  zstd -dcq $file | tar -x -C $work/$name
  (cd $work/$name && PORT=$port BACKFLIP_SHA=${R1} BACKFLIP_COLOR=blue exec setsid node server.js >$work/$name.log 2>&1 & echo $! >$work/$name.pid)
  local good=0
  while [ $good -lt ${CONSECUTIVE} ]; do
    if curl -sf --max-time 2 http://127.0.0.1:$port/healthz | grep -q ${R1}; then good=$((good + 1)); [ $good -lt ${CONSECUTIVE} ] && sleep ${INTERVAL_MS / 1000} || true
    else good=0; sleep ${INTERVAL_MS / 1000}; fi
  done
}
pids=()
for name in ${COMPONENTS.join(' ')}; do one $name $port & pids+=($!); port=$((port + 1)); done
for pid in "\${pids[@]}"; do wait $pid; done
cp ${folder}/.backflip/local/edge/state.map $work/state.map.new
sync $work/state.map.new
mv $work/state.map.new $work/state.map
curl -sf --max-time 2 --unix-socket ${folder}/.backflip/local/edge/control.sock http://control/ >/dev/null
`,
  )
  chmodSync(path, 0o755)
  return path
}

async function timeScript({ folder }: PackedBackflip, script: string): Promise<number> {
  const work = join(folder, 'script-work')
  mkdirSync(work)
  const manifest = JSON.parse(
    readFileSync(join(folder, 'registry', 'bench-release', R1, `bench-release-${R1}.json`), 'utf8'),
  ) as {
    readonly components: readonly { readonly name: string; readonly artifact: { readonly sha256: string } }[]
  }
  for (const { name, artifact } of manifest.components) writeFileSync(join(work, `${name}.sha256`), artifact.sha256)
  const port = await freePortRange(COMPONENTS.length)
  const took = timeOf(folder, script, [work, String(port)])
  for (const name of COMPONENTS) process.kill(Number(readFileSync(join(work, `${name}.pid`), 'utf8')), 'SIGTERM')
  rmSync(work, { recursive: true })
  return took
}

function timeOf(folder: string, command: string, args: readonly string[]): number {
  const begun = performance.now()
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8', timeout: 60_000 })
  const took = performance.now() - begun
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stdout}${stderr}`)
  return took
}
