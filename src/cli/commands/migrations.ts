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
