import { defineCommand } from '../define-command.ts'

export const migrationsLint = defineCommand({
  name: 'migrations lint',
  summary: 'What pending migrations break, block or lose: exit 3 when the deploy may not go on',
  arguments: ['[path...]'],
  options: [
    {
      flags: '--since <baseline>',
      description: 'a commit or the last applied migration; what came after is judged as one deploy',
    },
    { flags: '--all', description: 'every file, each as a deploy of its own after those before it' },
    { flags: '--format <format>', description: 'text, json, sarif, github, gitlab or markdown; default text' },
    {
      flags: '--rules <list>',
      description: 'as in style,timeout,-drop-default: groups and rules to add, with - to leave out',
    },
    { flags: '--notes', description: 'text: also what is fine, with the locks it takes' },
    { flags: '--layout <name>', description: 'the runner: prisma, drizzle, goose, flyway, plain …; default: guessed' },
    { flags: '--transaction <how>', description: 'file, statement or unknown; default: as the runner does' },
    { flags: '--postgres <major>', description: 'version of the server; default 18' },
    { flags: '--time-zone <zone>', description: 'of the migrating session; default UTC' },
    { flags: '--fresh', description: 'without what an earlier run found out' },
    { flags: '--explain <rule>', description: 'what a rule sees, why, and the safe way; lints nothing' },
  ],
  examples: [
    'backflip migrations lint db/migrations --since origin/main',
    'backflip migrations lint db/migrations --all --format json',
    'backflip migrations lint --explain drop-column',
  ],
  // A bundle of its own: the grammar and the rules are for those who lint.
  run: async (input) => (await import('../lint.ts')).lint(input),
})

export const migrationsPlan = defineCommand({
  name: 'migrations plan',
  summary: 'A change as a sequence of deploys that the previous release survives, written into a folder of its own',
  arguments: ['<change>'],
  options: [
    {
      flags: '--history <folder>',
      description: 'the migrations before it: what is there, and which runner they are for',
    },
    { flags: '--out <folder>', description: 'where the plan goes; default: a new folder, named for the change' },
    { flags: '--value <expression>', description: 'what rows get that have no value yet' },
    {
      flags: '--layout <name>',
      description: 'the runner: prisma, drizzle, goose, flyway, plain …; default: guessed from the history',
    },
    { flags: '--postgres <major>', description: 'version of the server; default 18' },
    { flags: '--time-zone <zone>', description: 'of the migrating session; default UTC' },
  ],
  examples: [
    'backflip migrations plan "ALTER TABLE users RENAME COLUMN nick TO handle" --history db/migrations',
    'backflip migrations plan "ALTER TABLE users ADD COLUMN age int NOT NULL" --history db/migrations --value 0',
  ],
  run: async (input) => (await import('../plan-migration.ts')).planMigrationCommand(input),
})

export const migrationsBackfill = defineCommand({
  name: 'migrations backfill',
  summary: 'Change rows in pieces, outside of a deploy, and prove that none is left; goes on where it stood',
  arguments: ['[file]'],
  options: [
    { flags: '--table <name>', description: 'instead of a file: the table, with --set and --where' },
    { flags: '--set <assignments>', description: 'as in "handle = nick"' },
    {
      flags: '--where <condition>',
      description: 'what holds for a row that is still to be done, and for none that is done',
    },
    {
      flags: '--name <name>',
      description: 'under which its progress is kept; default: the file’s name, or the table’s',
    },
    { flags: '--service <name>', description: 'which database, when there are several' },
    {
      flags: '--target <time>',
      description: 'how long one transaction may take, and with it who waits for one of its rows; default 20ms',
    },
    { flags: '--max-batch <rows>', description: 'most rows of one transaction; default 5000' },
    { flags: '--max-lag <bytes>', description: 'wait for a replica that is further behind; default 67108864' },
    {
      flags: '--lock-timeout <time>',
      description: 'how long a transaction waits for a lock before it is made smaller; default 200ms',
    },
  ],
  examples: [
    'backflip migrations backfill migration-plan/backfill-after-deploy-1/fill_users_handle.sql',
    'backflip migrations backfill --table users --set "handle = nick" --where "handle IS DISTINCT FROM nick"',
  ],
  run: async (input) => (await import('../backfill.ts')).backfillCommand(input),
})

export const migrationsCheck = defineCommand({
  name: 'migrations check',
  summary: 'Pending migrations, tried on a real PostgreSQL: exit 3 when a release does not survive them',
  arguments: ['[path...]'],
  options: [
    { flags: '--since <baseline>', description: 'a commit or the last applied migration; what came after is pending' },
    { flags: '--release <sha>', description: 'instead of a folder: a published release, against the environment' },
    { flags: '--usage <files>', description: 'of a folder: what releases ask, as `migrations record` wrote it' },
    { flags: '--layout <name>', description: 'the runner: prisma, drizzle, goose, flyway, plain …; default: guessed' },
    { flags: '--transaction <how>', description: 'file, statement or unknown; default: as the runner does' },
    { flags: '--postgres <major>', description: 'version of the server; default: as configured, or 18' },
    { flags: '--time-zone <zone>', description: 'of the migrating session; default UTC' },
    {
      flags: '--dsn-env <name>',
      description:
        'variable with the connection string of a server to try on; default: migrate.shadow, or one of our own',
    },
    { flags: '--cache <folder>', description: 'where servers of our own keep their templates' },
  ],
  examples: [
    'backflip migrations check db/migrations --since origin/main',
    'backflip migrations check --release SHA --env prod --json',
  ],
  run: async (input) => (await import('../check-migrations.ts')).checkMigrationsCommand(input),
})

export const migrationsUsage = defineCommand({
  name: 'migrations usage',
  summary: 'What a release asks of the database: shown, or collected with --from and kept with the release',
  arguments: ['<sha>'],
  options: [
    {
      flags: '--from <source>',
      description: 'pg_stat_statements, a recording, or a log of the server with log_statement = all',
    },
    { flags: '--merge', description: 'add to what is kept, instead of replacing it' },
    { flags: '--role <name>', description: 'pg_stat_statements: only what this role asked' },
    { flags: '--service <name>', description: 'pg_stat_statements: which database, when there are several' },
    {
      flags: '--dsn-env <name>',
      description: 'pg_stat_statements: variable with the connection string of a database that is no data service',
    },
  ],
  examples: [
    'backflip migrations usage SHA --from usage.json',
    'backflip migrations usage SHA --from pg_stat_statements --role app',
  ],
  run: async (input) => (await import('../usage.ts')).usageCommand(input),
})

export const migrationsRecord = defineCommand({
  name: 'migrations record',
  summary: 'A proxy for the app’s own test suite, which writes down what it asks the database',
  options: [
    { flags: '--listen <address>', description: 'HOST:PORT; default 127.0.0.1 and any free port, which is printed' },
    { flags: '--to <address>', description: 'HOST:PORT of the database, or the path of its socket' },
    { flags: '--out <file>', description: 'where the recording goes, at Ctrl-C' },
  ],
  examples: ['backflip migrations record --listen 127.0.0.1:6543 --to 127.0.0.1:5432 --out usage.json'],
  run: async (input) => (await import('../usage.ts')).recordCommand(input),
})
