import { type ErrorRecord, toErrorRecord } from '../domain/errors.ts'
import type { DataService } from '../ports/data-service.ts'
import type { Shortcoming } from '../ports/shortcoming.ts'
import { unfitForSnapshot } from '../steps/a-prepare/check-data.ts'
import type { Environment } from './environment.ts'
import { isUnseen, look } from './look.ts'

/** For all of it: a container is asked for many things, one after the other. */
const LOOK_MS = 15_000

const KEEP_INSIDE = 'what must come back in a restore belongs on the root disk of the instance'

/** Where it was found: `edge`, `instances`, or a data service by its name. */
export type Found = Shortcoming & { readonly where: string }

/** Of this nothing can be said, because nobody answered in time, or because of what the error says. */
export interface Unanswered {
  readonly where: string
  readonly error: ErrorRecord
}

export interface Shortcomings {
  readonly shortcomings: readonly Found[]
  readonly unanswered: readonly Unanswered[]
}

type Question = { readonly where: string; readonly ask: () => Promise<readonly Shortcoming[]> }

/** Everything that an operation would run into, asked at once and bounded. */
export async function findShortcomings(environment: Environment): Promise<Shortcomings> {
  const answers = await Promise.all(
    questions(environment).map(async ({ where, ask }) => ({ where, answer: await look(environment, ask(), LOOK_MS) })),
  )
  return {
    shortcomings: answers.flatMap(({ where, answer }) =>
      isUnseen(answer) ? [] : answer.map((one) => ({ ...one, where })),
    ),
    unanswered: answers.flatMap(({ where, answer }) => (isUnseen(answer) ? [{ where, error: answer.unseen }] : [])),
  }
}

function questions({ edge, runtime, data, settings }: Environment): readonly Question[] {
  return [
    { where: 'edge', ask: () => edge.shortcomings() },
    { where: 'instances', ask: () => runtime.shortcomings() },
    ...data.map((service) => ({ where: service.name, ask: () => ofService(service, settings.snapshots) })),
  ]
}

/** What phase B would refuse, then what the database itself lacks. */
async function ofService(
  service: DataService,
  settings: Environment['settings']['snapshots'],
): Promise<readonly Shortcoming[]> {
  const seen = await service.look()
  const unfit = unfitForSnapshot(service, seen, settings)
  const own: readonly Shortcoming[] = [
    ...(unfit === null ? [] : [{ message: unfit.message, hint: unfit.hint ?? 'backflip snapshots list' }]),
    ...seen.reservations.map((message) => ({ message, hint: KEEP_INSIDE, isAdvice: true as const })),
  ]
  const database = seen.state === 'running' ? service.database() : null
  return database === null ? own : [...own, ...(await ofDatabase(service, database))]
}

/** One that does not answer is a shortcoming of its service: the service itself did. */
async function ofDatabase(
  service: DataService,
  database: NonNullable<ReturnType<DataService['database']>>,
): Promise<readonly Shortcoming[]> {
  try {
    return [...(await database.shortcomings()), ...((await service.recovery()?.shortcomings()) ?? [])]
  } catch (error) {
    const {
      message,
      details = [],
      hint = `look at the server of ${service.name} and at its log`,
    } = toErrorRecord(error)
    return [{ message: [message, ...details].join('; '), hint }]
  }
}
