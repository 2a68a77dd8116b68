import { homedir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config, EnvironmentConfig } from './config/types.ts'
import type { AppName, OperationId } from './domain/ids.ts'
import { artifactCache } from './drivers/directory/cache.ts'
import { directoryRegistry } from './drivers/directory/registry.ts'
import { type HaproxyEdgeAsk, haproxyEdge } from './drivers/haproxy/edge.ts'
import { systemClock } from './drivers/local/clock.ts'
import { folderHooks } from './drivers/local/hooks.ts'
import { localLiveness } from './drivers/local/liveness.ts'
import { httpProbe } from './drivers/local/probe.ts'
import { localSharedLock } from './drivers/local/shared-lock.ts'
import { folderTextStore } from './drivers/local/text-store.ts'
import { localTransport } from './drivers/local/transport.ts'
import { folderUsageStore } from './drivers/local/usage-store.ts'
import { processRuntime } from './drivers/process/runtime.ts'
import type { ShadowAsk } from './drivers/shadow/shadow.ts'
import { ensureUncommittedFolder } from './lib/safe-folder.ts'
import { uuid7 } from './lib/uuid7.ts'
import type { Environment, Surroundings } from './operations/environment.ts'
import type { Clock } from './ports/clock.ts'
import type { DataService } from './ports/data-service.ts'
import type { Database } from './ports/database.ts'
import type { Runtime } from './ports/runtime.ts'
import type { Shadow } from './ports/shadow.ts'
import type { StatementRecorder } from './ports/statement-recorder.ts'
import { openSqliteJournal } from './store/sqlite/journal.ts'

/** The only place where drivers and stores are chosen. Opens the environment's journal; connects to nothing else yet. */
export async function compose(
  config: Config,
  settings: EnvironmentConfig,
  actor: string = localActor(),
): Promise<Environment> {
  ensureUncommittedFolder(settings.stateFolder)
  const { app } = config
  const { name: environment, stateFolder } = settings
  return {
    ...(await composeWithoutJournal(config, settings, actor)),
    journal: await openSqliteJournal({
      file: join(stateFolder, 'journal.sqlite'),
      app,
      environment,
      now: systemClock.now,
      newId: () => uuid7(),
    }),
  }
}

/** For a look when the journal cannot be read. Opens and makes nothing. */
export async function composeWithoutJournal(
  config: Config,
  settings: EnvironmentConfig,
  actor: string = localActor(),
): Promise<Surroundings> {
  const { app } = config
  const { name: environment, stateFolder, registry } = settings
  const clock = systemClock
  const liveness = localLiveness()
  const sharedLock = localSharedLock(sharedFolder(settings), clock, liveness)
  return {
    config,
    settings,
    edge: haproxyEdge({
      config: settings.edge,
      app,
      environment,
      ...(await edgeTransport(settings)),
      sharedLock,
      clock,
    }),
    runtime: await chooseRuntime(app, settings),
    registry: directoryRegistry({ config: registry, app }),
    cache: artifactCache({ folder: join(stateFolder, 'cache'), app }),
    probe: httpProbe(clock),
    data: await dataServices(settings),
    texts: folderTextStore(join(stateFolder, 'texts')),
    locks: localSharedLock(stateFolder, clock, liveness),
    usage: folderUsageStore(join(stateFolder, 'usage')),
    liveness,
    hooks: folderHooks(settings.hooksFolder),
    clock,
    newOperationId: (after) => uuid7(undefined, after) as OperationId,
    actor,
  }
}

/** What speaks with Incus is loaded only where instances are containers. */
async function chooseRuntime(app: AppName, settings: EnvironmentConfig): Promise<Runtime> {
  const { name: environment, stateFolder, runtime, incus } = settings
  const common = { app, environment, stateFolder, clock: systemClock }
  if (runtime.driver === 'process')
    return processRuntime({
      ...common,
      config: runtime,
      unpack,
      oneOffEntry: besideUs('./drivers/process/one-off.ts', './one-off.cjs'),
    })
  if (incus === null) throw new Error('a runtime on Incus without an Incus passes no configuration')
  const { clientFromConfig, incusRuntime } = await import('./drivers/incus/apart.ts')
  return incusRuntime({ ...common, config: runtime, client: clientFromConfig(incus) })
}

async function dataServices({ data, incus }: EnvironmentConfig): Promise<readonly DataService[]> {
  if (data.length === 0 || incus === null) return []
  const { clientFromConfig, incusDataService } = await import('./drivers/incus/apart.ts')
  const client = clientFromConfig(incus)
  return data.map((config) => incusDataService({ client, config, clock: systemClock }))
}

/** A program of its own (the runner of one-off commands, a thread's): beside its driver in a checkout, beside the bundle otherwise. */
function besideUs(inCheckout: string, built: string): string {
  return fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? inCheckout : built, import.meta.url))
}

/** The client of Incus is loaded only where an edge lives in a container. */
async function edgeTransport({ edge, edgeTransport: way, incus }: EnvironmentConfig): Promise<EdgeWay> {
  const here = localTransport()
  if (way.driver === 'local' || incus === null) return { transport: here }
  const { checkEdgeTransport, clientFromConfig, edgeTransportOf } = await import('./drivers/incus/apart.ts')
  const { folder } = edge
  const client = clientFromConfig(incus)
  const transport = edgeTransportOf(client, way, { folder, here })
  return { transport, checkTransport: () => checkEdgeTransport(client, way, { folder, transport }) }
}

type EdgeWay = Pick<HaproxyEdgeAsk, 'transport' | 'checkTransport'>

/** Where the apps on one edge meet: beside what they share; for an edge in a container, in this user's own folder. */
function sharedFolder({ edge, edgeTransport: way, incus }: EnvironmentConfig): string {
  if (way.driver === 'incus')
    return join(homedir(), '.local/state/backflip/edges', `${incus?.project ?? ''}-${way.instance}`)
  return edge.mode === 'attached' && edge.masterSocket !== null ? dirname(edge.masterSocket) : edge.folder
}

type ShadowToCompose = Omit<ShadowAsk, 'transport' | 'lockIn' | 'pgliteEntry'>

/** Where migrations are tried. Its driver speaks PostgreSQL's protocol, and only `migrations check` and `migrations usage` load it. */
export async function composeShadow(ask: ShadowToCompose): Promise<Shadow> {
  const { postgresShadow } = await import('./drivers/shadow/shadow.ts')
  const lockIn = (folder: string) => localSharedLock(folder, systemClock, localLiveness())
  const pgliteEntry = besideUs('./drivers/shadow/pglite-worker.ts', './pglite-worker.cjs')
  return postgresShadow({ ...ask, transport: localTransport(), lockIn, pgliteEntry })
}

/** What the database of a connection string was asked. */
export async function composeStatistics(dsn: string): Promise<Pick<Database, 'askedStatements'>> {
  return (await import('./drivers/shadow/shadow.ts')).statementStatistics(dsn)
}

/** What listens in on a test suite. */
export async function composeRecorder(): Promise<{ readonly recorder: StatementRecorder; readonly clock: Clock }> {
  const { recordingProxy } = await import('./drivers/recording/proxy.ts')
  return { recorder: recordingProxy, clock: systemClock }
}

/** Archives are needed only where something is unpacked: a flip does not load their code. */
async function unpack(archivePath: string, folder: string): Promise<void> {
  const { unpackArchive } = await import('./lib/archive/unpack.ts')
  await unpackArchive(archivePath, folder)
}

/** The person by name where the system knows it; in CI the one who triggered the run is given with `--actor`. */
function localActor(): string {
  return process.env.BACKFLIP_ACTOR ?? userInfo().username
}
