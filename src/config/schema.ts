import { z } from 'zod'

/**
 * `backflip.yaml`, as an operator writes it. The JSON Schema for editors, the reference page and the template of `backflip init` are made from
 * this and its descriptions. Names ending in a unit are for us; operators write `30s`.
 */

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}(?<!-)$/, 'lower-case letters, digits and dashes, at most 31, a letter first')
const argv = z.array(z.string().min(1)).min(1).max(256)
const duration = z.string().regex(/^(0|\d{1,9}(\.\d{1,3})?(ms|s|m|h|d))$/, 'a number and ms, s, m, h or d, as in 30s')
const path = z
  .string()
  .regex(/^\/[A-Za-z0-9._~/-]*$/, 'a path that begins with / and holds letters, digits and . _ ~ / - only')
const file = z.string().min(1).max(1024)
const instanceName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and dashes')
const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,60}$/, 'letters, digits and dashes')
  .refine(
    (text) => !text.toLowerCase().startsWith('x-backflip-'),
    'the edge adds these itself: they prove nothing about who answered',
  )

const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,100}$/, 'letters, digits and _: the name of a variable')

const value = z
  .union(
    [
      z.string(),
      z.number().transform(String),
      z.boolean().transform(String),
      z.strictObject({ env: variable }),
      z.strictObject({ file }),
      z.strictObject({ command: argv }),
    ],
    'a plain value, {env: NAME}, {file: path} or {command: [argv]}',
  )
  .describe(
    'A plain value, or where a secret is read when an instance starts: {env: NAME}, {file: path}, {command: [argv]}',
  )

const environment = z.record(variable, value)

const route = z.strictObject({
  path: path.describe('Path prefix: /api covers /api and /api/x. The longest wins'),
  host: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'a host name in lower case')
    .optional()
    .describe('Only requests for this host'),
})

const component = z.strictObject({
  command: argv.describe('What to run, as a list: there is no shell'),
  instances: z.int().min(1).max(16).default(1).describe('How many of it on each color'),
  routes: z.array(route).max(64).default([]).describe('Which public requests reach it; none for a worker'),
  health: z.strictObject({
    path: path.describe('A GET that answers 200 when the instance is well; below one of its routes'),
    timeout: duration.default('2s').describe('For one answer'),
    release: z
      .union([
        z.literal('body'),
        z.strictObject({ header: headerName }),
        z.strictObject({ json: z.string().min(1).max(60) }),
      ])
      .default({ json: 'sha' })
      .describe('Where the answer names the release: a key of a JSON body, a header, or anywhere in the body'),
  }),
  environment: environment.default({}).describe('Recorded with each release: a rollback gets that release’s own'),
  stopTimeout: duration.default('10s').describe('From TERM to KILL'),
})

const edge = z.strictObject({
  driver: z.literal('haproxy').default('haproxy'),
  mode: z
    .enum(['managed', 'attached'])
    .default('managed')
    .describe('managed: Backflip runs HAProxy. attached: it owns one file of a configuration that you run'),
  bind: z
    .string()
    .regex(/^[0-9A-Za-z.*-]+:\d{1,5}$/, 'host:port')
    .describe('Where HAProxy listens for the public'),
  public: z
    .string()
    .regex(
      /^https?:\/\/[A-Za-z0-9.-]+(:\d{1,5})?$/,
      'http://host or https://host, with a port if it is not the usual one',
    )
    .optional()
    .describe('Where clients reach it; default: http:// and bind'),
  folder: file
    .optional()
    .describe(
      'Maps, sockets and the configuration; default: edge in the state folder. Short: a unix socket path has 108 bytes',
    ),
  binary: z
    .string()
    .regex(/^[A-Za-z0-9._/-]+$/)
    .default('haproxy'),
  configFiles: z
    .array(file)
    .max(64)
    .default([])
    .describe('attached: every file HAProxy is started with, ours included, in order'),
  masterSocket: file.optional().describe('attached'),
  adminSocket: file.optional().describe('attached'),
  transport: z
    .discriminatedUnion('driver', [
      z.strictObject({ driver: z.literal('local').default('local') }),
      z.strictObject({
        driver: z.literal('incus'),
        instance: instanceName.describe('The container that HAProxy runs in'),
        sharedFolder: file
          .optional()
          .describe(
            'What a disk device of that container shows as edge.folder, by its name on this host: files and sockets in it are reached without the daemon',
          ),
      }),
    ])
    .default({ driver: 'local' })
    .describe('How the edge’s host is reached'),
  maintenance: z
    .strictObject({
      retryAfter: duration.default('30s'),
      healthPaths: z.array(path).max(16).default([]).describe('Exact paths that are still answered with 200'),
    })
    .prefault({})
    .describe('What the edge says while a restore keeps writers away: 503, Retry-After'),
})

const incus = z.strictObject({
  socket: file.optional().describe('The daemon’s unix socket'),
  url: z
    .string()
    .regex(/^https:\/\/[A-Za-z0-9.-]+(:\d{1,5})?$/, 'https://host, with a port if it is not 8443')
    .optional(),
  fingerprint: z
    .string()
    .regex(/^[0-9a-fA-F:]{64,95}$/, 'SHA-256 in hex')
    .optional()
    .describe('With url: of the server’s certificate. It is pinned'),
  certificate: file.optional().describe('With url: PEM file of the client’s certificate; a restricted one suffices'),
  key: file.optional().describe('With url: PEM file of its key'),
  project: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a project’s name')
    .default('default'),
})

const runtime = z.discriminatedUnion('driver', [
  z.strictObject({
    driver: z.literal('process').default('process'),
    ports: z
      .string()
      .regex(/^\d{2,5}-\d{2,5}$/, 'first-last')
      .describe('Loopback ports for the instances of both colors'),
  }),
  z.strictObject({
    driver: z.literal('incus'),
    image: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/:-]{0,120}$/, 'an image’s alias or fingerprint'),
    profiles: z.array(instanceName).max(16).default(['default']),
    name: z
      .string()
      .regex(/^[a-z0-9{}-]{1,120}$/, 'letters, digits, dashes and {app} {environment} {component} {color}')
      .default('{app}-{environment}-{component}-{color}')
      .describe('How containers are called'),
    port: z.int().min(1).max(65_535).default(8080).describe('Where each component listens, in its container'),
    addresses: z
      .strictObject({
        range: z.string().regex(/^\d{1,3}(\.\d{1,3}){3}-\d{1,3}(\.\d{1,3}){3}$/, 'first-last'),
        gateway: z
          .string()
          .regex(/^\d{1,3}(\.\d{1,3}){3}$/, 'an IPv4 address')
          .optional()
          .describe('With it the image may set its address itself; without it the network leases it, by DHCP'),
        prefix: z.int().min(8).max(30).optional().describe('With a gateway; default 24'),
      })
      .optional()
      .describe('Needed: which addresses containers get. The edge knows them before they run'),
    network: z
      .strictObject({ device: instanceName.default('eth0'), name: instanceName })
      .optional()
      .describe('The device that gets the address, and its network; needed when the network leases it'),
    folder: path.default('/opt/app').describe('Where the release is unpacked, in the container'),
    service: z
      .enum(['systemd', 'script'])
      .default('systemd')
      .describe('systemd: a unit. script: an executable in /etc/rc.d that the image’s init keeps running'),
    user: z
      .string()
      .regex(/^[a-z_][a-z0-9_-]{0,31}$/)
      .default('root'),
    limits: z
      .record(z.string().regex(/^limits\.[a-z0-9.]{1,40}$/, 'a key that begins with limits.'), z.string().max(40))
      .default({}),
    targets: z.array(instanceName).max(64).default([]).describe('Members of a cluster to spread over'),
  }),
])

const dataService = z.strictObject({
  driver: z.literal('incus').default('incus'),
  kind: z.enum(['postgres', 'files']),
  instance: instanceName.describe('The container that it lives in'),
  database: z.string().min(1).max(63).optional().describe('postgres: the app’s database'),
  role: z.string().min(1).max(63).default('postgres').describe('postgres: a superuser of the server'),
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}$/)
    .default('postgres')
    .describe('postgres: the system’s user that owns the server'),
  socketFolder: path.default('/var/run/postgresql'),
  port: z.int().min(1).max(65_535).default(5432),
  dataFolder: path.optional().describe('postgres: PGDATA, in the container'),
  binFolder: path.optional().describe('postgres: default: Debian’s for the version in dataFolder'),
  control: z
    .strictObject({ start: argv, stop: argv })
    .optional()
    .describe('postgres: how the server is started and stopped, in the container; default: pg_ctl'),
  schemaVersionQuery: z.string().min(1).max(2_000).optional().describe('One text: what your migrations say'),
  pgbackrest: z
    .strictObject({ stanza: z.string().regex(/^[A-Za-z0-9_-]{1,60}$/), configFile: path.optional() })
    .optional()
    .describe('postgres: its backups of pgBackRest, for restore --from pgbackrest'),
})

const settings = z.strictObject({
  state: file.optional().describe('Journal, cache, logs; default: .backflip/<environment>'),
  edge,
  incus: incus.optional().describe('The daemon that runtime, edge and data services share'),
  runtime: runtime.describe('process: local processes that outlive the command. incus: containers'),
  registry: z.strictObject({ driver: z.literal('directory').default('directory'), path: file }),
  environment: environment.default({}).describe('For every component here'),
  check: z
    .strictObject({
      consecutive: z.int().min(1).max(100).default(3),
      interval: duration.default('500ms'),
      limit: duration.default('60s'),
    })
    .prefault({})
    .describe('Phase D: good answers in a row per instance'),
  verify: z
    .strictObject({
      bake: duration.default('30s'),
      interval: duration.default('1s'),
      minRequests: z.int().min(1).default(50),
      maxErrorRate: z.number().min(0).max(1).default(0.02),
    })
    .prefault({})
    .describe('Phase F: how long the edge’s counters are watched, and what they may say'),
  drain: z
    .strictObject({ policy: z.enum(['leave', 'close']).default('leave'), after: duration.default('30s') })
    .prefault({})
    .describe('What happens to streams that hang on the old color'),
  standby: z
    .strictObject({
      keepFor: duration.optional().describe('Then cleanup needs no --force and unfreeze removes it; default: no limit'),
    })
    .prefault({}),
  retain: z
    .int()
    .min(1)
    .max(10_000)
    .default(30)
    .describe('Releases kept in the registry besides those that a way back needs'),
  data: z
    .record(name, dataService)
    .default({})
    .describe('Data services: never colored, snapshotted before anything is migrated'),
  snapshots: z
    .strictObject({
      keep: duration.default('14d').describe('Then the storage removes it'),
      minFree: z
        .string()
        .regex(/^\d{1,6}(MiB|GiB)$/, 'a number and MiB or GiB')
        .default('1GiB')
        .describe('Phase B refuses when less is free'),
      allowStop: z
        .boolean()
        .default(false)
        .describe('Storage that cannot snapshot at one moment: stop, snapshot, start. Users notice'),
      verify: z.boolean().default(true).describe('Prove each in the background after its deploy'),
      keepReplaced: duration.default('7d').describe('How long at least what a restore replaced is kept'),
    })
    .prefault({}),
  migrations: z
    .strictObject({
      secondPerson: z
        .boolean()
        .default(false)
        .describe('An override of the gate for migrations needs somebody else: `backflip approve`'),
    })
    .prefault({}),
  hooks: file.optional().describe('Folder of executables: pre-<phase>, post-<phase>, on-failure'),
})

export const fileSchema = z.strictObject({
  app: name.describe('The app; part of every name'),
  components: z.record(name, component).refine((all) => Object.keys(all).length > 0, 'at least one'),
  migrate: z
    .strictObject({
      component: name,
      command: argv,
      check: argv.optional().describe('Exits 0 when everything is applied: how an unknown outcome is read again'),
      timeout: duration.default('5m'),
      lockTimeout: duration
        .default('5s')
        .describe(
          'PostgreSQL: how long a statement waits for a lock (PGOPTIONS), so that a migration never holds up the live release',
        ),
      files: file
        .optional()
        .describe(
          'Folder of the migrations, read by `publish`: from then on every deploy and rollback is judged by them',
        ),
      layout: z
        .string()
        .regex(/^[a-z][a-z-]*$/)
        .optional()
        .describe('The runner: prisma, drizzle, goose, flyway, plain …; default: guessed'),
      transaction: z
        .enum(['file', 'statement', 'unknown'])
        .optional()
        .describe('How the runner sends a file; default: as its layout does'),
      postgres: z.int().min(10).max(30).default(18).describe('Major version of the server'),
      timeZone: z.string().min(1).max(60).default('UTC').describe('Of the migrating session'),
      shadow: z
        .union([z.strictObject({ env: variable }), z.strictObject({ file }), z.strictObject({ command: argv })])
        .optional()
        .describe(
          'Connection string of a server that `migrations check` may make databases on; default: one of its own',
        ),
    })
    .optional()
    .describe('Phase B: run once per deploy, by the release itself'),
  environments: z.record(name, settings).refine((all) => Object.keys(all).length > 0, 'at least one'),
})

export type ConfigFile = z.infer<typeof fileSchema>
