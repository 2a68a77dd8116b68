import type { RunnerTransaction } from '../replay/sent-as.ts'

/** One of the ways in which migration runners lay out their files, and how they send them. */
export interface Layout {
  readonly name: LayoutName
  /** Whether a file of that path, from the folder's root and with `/`, is an up migration. */
  readonly isMigration: (path: string) => boolean
  /** What the runner records: the name by which it knows the migration. */
  readonly nameOf: (path: string) => string
  /** The lines that go up when one file holds both ways; null for a file as it is. */
  readonly sections: { readonly up: RegExp; readonly down: RegExp } | null
  /** The same, where a file may be marked so and need not be. */
  readonly marks?: NonNullable<Layout['sections']>
  /** How it sends a file that says nothing else. */
  readonly transaction: RunnerTransaction
  /** What a file says when it is not to run in a transaction. */
  readonly noTransaction: RegExp | null
  /** Left as it is by its tool: what ends a statement besides a semicolon. */
  readonly statementEnd?: RegExp
}

export const LAYOUT_NAMES = [
  'prisma',
  'drizzle',
  'node-pg-migrate',
  'graphile-migrate',
  'knex',
  'goose',
  'golang-migrate',
  'dbmate',
  'flyway',
  'diesel',
  'sqlx',
  'plain',
] as const
export type LayoutName = (typeof LAYOUT_NAMES)[number]

const isSql = (path: string) => path.endsWith('.sql')
const baseName = (path: string) => path.slice(path.lastIndexOf('/') + 1)
const folderName = (path: string) => path.split('/').at(-2) ?? path
const withoutEnding = (path: string) => baseName(path).replace(/(\.up)?\.(sql|js|ts|cjs|mjs)$/, '')
/** Also a folder of its own: sqitch's `revert` and `verify`, `down`. */
const isDown = (path: string) =>
  /(^|[._/-])(down|undo|rollback)\.sql$|(^|\/)(down|revert|rollback|undo|verify)\//i.test(path)
/** A folder a migration, or a file. */
const ownName = (path: string) => (path.endsWith('/migration.sql') ? folderName(path) : withoutEnding(path))

/** `-- Up` … `-- Down`, `-- 1 up` … `-- 1 down` (Mojo), `-- !Ups` … (Play), and tern's one line between the two. */
const PLAIN_MARKS = {
  up: /^\s*(#\s*)?--+\s*([@!]|\d+\s+)?ups?\s*:?\s*$/i,
  down: /^\s*(#\s*)?--+\s*([@!]|\d+\s+)?downs?\s*:?\s*$|^---- create above \/ drop below ----/i,
}

/** Each as its runner's documentation and code say it. */
export const LAYOUTS: Readonly<Record<LayoutName, Layout>> = {
  // One query until 7.3, each statement by itself since (prisma-engines#5767), and one query again where its splitter fails (#5847).
  prisma: {
    name: 'prisma',
    isMigration: (path) => /(^|\/)migration\.sql$/.test(path),
    nameOf: folderName,
    sections: null,
    transaction: 'script',
    noTransaction: null,
  },
  drizzle: {
    name: 'drizzle',
    isMigration: isSql,
    nameOf: ownName,
    sections: null,
    // All that is pending, and no file can say otherwise (drizzle-orm#860).
    transaction: 'batch',
    noTransaction: null,
    statementEnd: /^--> statement-breakpoint/gm,
  },
  'node-pg-migrate': {
    name: 'node-pg-migrate',
    isMigration: (path) => isSql(path) && !isDown(path),
    nameOf: withoutEnding,
    sections: { up: /^\s*--\s*up migration/i, down: /^\s*--\s*down migration/i },
    // Unless it runs with --no-single-transaction; only a program can say otherwise for itself (pgm.noTransaction).
    transaction: 'batch',
    noTransaction: null,
  },
  'graphile-migrate': {
    name: 'graphile-migrate',
    isMigration: (path) => isSql(path) && !/(^|\/)(fixtures\/|(after|before)[A-Z]\w*\.sql$)/.test(path),
    nameOf: baseName,
    sections: null,
    transaction: 'wrapped',
    noTransaction: /^--! ?no-transaction/m,
  },
  knex: {
    name: 'knex',
    isMigration: (path) => /\.(js|ts|cjs|mjs)$/.test(path) && !path.endsWith('.d.ts'),
    nameOf: baseName,
    sections: null,
    transaction: 'wrapped',
    noTransaction: /transaction\s*:\s*false/,
  },
  goose: {
    name: 'goose',
    isMigration: isSql,
    nameOf: withoutEnding,
    // sql-migrate's files are goose's with another word.
    sections: { up: /^\s*--\s*\+(goose|migrate)\s+up\b/i, down: /^\s*--\s*\+(goose|migrate)\s+down\b/i },
    transaction: 'wrapped',
    noTransaction: /^\s*--\s*\+(goose\s+no\s+transaction|migrate\s+up\s+notransaction)/im,
    statementEnd: /^\s*--\s*\+(goose|migrate)\s+statementend/gim,
  },
  'golang-migrate': {
    name: 'golang-migrate',
    isMigration: (path) => path.endsWith('.up.sql'),
    nameOf: withoutEnding,
    sections: null,
    // Its PostgreSQL drivers open no transaction (migrate#137, #284).
    transaction: 'file',
    noTransaction: null,
  },
  dbmate: {
    name: 'dbmate',
    isMigration: isSql,
    nameOf: withoutEnding,
    sections: { up: /^\s*--\s*migrate:up\b/i, down: /^\s*--\s*migrate:down\b/i },
    transaction: 'wrapped',
    noTransaction: /^\s*--\s*migrate:up\b.*transaction:\s*false/im,
  },
  flyway: {
    name: 'flyway',
    isMigration: (path) => /(^|\/)[VR][\w.]*__.*\.sql$/.test(path),
    nameOf: withoutEnding,
    sections: null,
    // Refuses a file that mixes what needs a transaction with what takes none, unless `mixed` is set.
    transaction: 'sorted',
    noTransaction: /^--\s*flyway:executeInTransaction=false/im,
  },
  diesel: {
    name: 'diesel',
    isMigration: (path) => /(^|\/)up\.sql$/.test(path),
    nameOf: folderName,
    sections: null,
    transaction: 'wrapped',
    noTransaction: null,
  },
  sqlx: {
    name: 'sqlx',
    isMigration: (path) => isSql(path) && !isDown(path),
    nameOf: withoutEnding,
    sections: null,
    transaction: 'wrapped',
    noTransaction: /^-- no-transaction/,
  },
  plain: {
    name: 'plain',
    isMigration: (path) => isSql(path) && !isDown(path),
    nameOf: (path) => path,
    sections: null,
    marks: PLAIN_MARKS,
    transaction: 'unknown',
    noTransaction: null,
  },
}
