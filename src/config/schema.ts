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
const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,60}$/, 'letters, digits and dashes')
  .refine(
    (text) => !text.toLowerCase().startsWith('x-backflip-'),
    'the edge adds these itself: they prove nothing about who answered',
  )

const value = z
  .union([
    z.string(),
    z.number().transform(String),
    z.boolean().transform(String),
    z.strictObject({ env: z.string().min(1) }),
    z.strictObject({ file }),
    z.strictObject({ command: argv }),
  ])
  .describe(
    'A plain value, or where a secret is read when an instance starts: {env: NAME}, {file: path}, {command: [argv]}',
  )

const environment = z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,100}$/, 'letters, digits and _'), value)

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

const incusName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and dashes, at most 63, no dash first')

/** Where an Incus daemon is: its socket, or HTTPS with a client certificate. */
const incusServer = z.union([
  z.strictObject({ socket: file.describe('The daemon’s unix socket, on this host') }),
  z.strictObject({
    address: z.string().regex(/^[0-9A-Za-z.-]+:\d{1,5}$/, 'host:port'),
    fingerprint: z
      .string()
      .regex(/^[0-9a-f]{64}$/, '64 hex digits')
      .describe('SHA-256 of the server’s certificate, as incus info says it'),
    certificate: file.describe('PEM file of a client certificate; restricted to the project is enough'),
    key: file.describe('PEM file of its key'),
  }),
])

const incusTransport = z.strictObject({
  driver: z.literal('incus'),
  server: incusServer.default({ socket: '/var/lib/incus/unix.socket' }),
  project: incusName.default('default'),
  instance: incusName.describe('The container that HAProxy runs in'),
  sharedFolder: file
    .optional()
    .describe('Where edge.folder is on this host, when this is the Incus host and a disk device shares it'),
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
  transport: incusTransport
    .optional()
    .describe(
      'attached: HAProxy runs in a container, and all paths of the edge are the container’s. Default: on this host',
    ),
})

const settings = z.strictObject({
  state: file.optional().describe('Journal, cache, logs; default: .backflip/<environment>'),
  edge,
  runtime: z
    .strictObject({
      driver: z.literal('process').default('process'),
      ports: z
        .string()
        .regex(/^\d{2,5}-\d{2,5}$/, 'first-last')
        .describe('Loopback ports for the instances of both colors'),
    })
    .describe('Local processes that outlive the command'),
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
      keepFor: duration.optional().describe('Then the next deploy or cleanup takes it away first; default: no limit'),
    })
    .prefault({}),
  retain: z
    .int()
    .min(1)
    .max(10_000)
    .default(30)
    .describe('Releases kept in the registry besides those that a way back needs'),
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
    })
    .optional()
    .describe('Phase B: run once per deploy, by the release itself'),
  environments: z.record(name, settings).refine((all) => Object.keys(all).length > 0, 'at least one'),
})

export type ConfigFile = z.infer<typeof fileSchema>
