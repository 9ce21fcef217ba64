/** The `commonwatt` command line: one subcommand per file in `commands/`, loaded only when it is asked for. */
import { Command } from 'commander'

const commands: Record<string, () => Promise<Command>> = {
  demo: async () => (await import('./commands/demo.ts')).demoCommand(),
  serve: async () => (await import('./commands/serve.ts')).serveCommand(),
  migrate: async () => (await import('./commands/migrate.ts')).migrateCommand(),
  report: async () => (await import('./commands/report.ts')).reportCommand(),
  export: async () => (await import('./commands/export.ts')).exportCommand(),
  verify: async () => (await import('./commands/verify.ts')).verifyCommand(),
  exit: async () => (await import('./commands/exit.ts')).exitCommand(),
  clear: async () => (await import('./commands/clear.ts')).clearCommand(),
  replay: async () => (await import('./commands/replay.ts')).replayCommand(),
  'read-values': async () => (await import('./commands/read-values.ts')).readValuesCommand(),
  keys: async () => (await import('./commands/keys.ts')).keysCommand(),
}

const program = new Command('commonwatt').description('a peer-to-peer marketplace for local solar energy')
const asked = commands[process.argv[2] ?? '']
for (const load of asked === undefined ? Object.values(commands) : [asked]) program.addCommand(await load())
await program.parseAsync()
