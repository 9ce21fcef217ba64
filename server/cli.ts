/** The `commonwatt` command line: one command per file in `commands/`, loaded only when it is asked for. */
import { Command } from 'commander'
import { version } from '../package.json' with { type: 'json' }
import { hideAddresses } from './commands/hidden-addresses.ts'
import { nameVariables } from './commands/name-variables.ts'

interface Entry {
  does: string
  load: () => Promise<Command>
}

const commands: Record<string, Entry> = {
  demo: {
    does: 'run a simulated neighbourhood: database, chain, server, devices and agents, with the page to watch it',
    load: async () => (await import('./commands/demo.ts')).demoCommand(),
  },
  serve: {
    does: 'run the market server on a PostgreSQL (15 or newer) and a chain',
    load: async () => (await import('./commands/serve.ts')).serveCommand(),
  },
  found: {
    does: 'found a community: answer some questions, get a folder with everything that its server is told',
    load: async () => (await import('./commands/found.ts')).foundCommand(),
  },
  embedded: {
    does: 'run the database and the chain of a community founded with --embedded, for trials',
    load: async () => (await import('./commands/embedded.ts')).embeddedCommand(),
  },
  deploy: {
    does: 'put this release’s contracts on a chain, or compare what stands there with this release',
    load: async () => (await import('./commands/deploy.ts')).deployCommand(),
  },
  doctor: {
    does: 'look at everything that a server needs, a line each with what to do',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand(),
  },
  area: {
    does: 'open an area, confirm and revoke meters, hand offices over, pay grid fees out',
    load: async () => (await import('./commands/area.ts')).areaCommand(),
  },
  invite: {
    does: 'print links by which people join, signed by the grid operator',
    load: async () => (await import('./commands/invite.ts')).inviteCommand(),
  },
  key: {
    does: 'make the key of an operator or grid operator, or print its address',
    load: async () => (await import('./commands/key.ts')).keyCommand(),
  },
  migrate: {
    does: 'bring the database’s schema up to date, or try it on a copy',
    load: async () => (await import('./commands/migrate.ts')).migrateCommand(),
  },
  backup: {
    does: 'write the whole database into one file, while the server runs',
    load: async () => (await import('./commands/backup.ts')).backupCommand(),
  },
  restore: {
    does: 'fill an empty database from a backup',
    load: async () => (await import('./commands/backup.ts')).restoreCommand(),
  },
  archive: {
    does: 'move settled months that are old enough from the database to compressed files',
    load: async () => (await import('./commands/archive.ts')).archiveCommand(),
  },
  rebuild: {
    does: 'make every table of an area anew from its journal, beside the others, and compare',
    load: async () => (await import('./commands/rebuild.ts')).rebuildCommand(),
  },
  report: {
    does: 'write the settlement report of an area, in one of several formats: a row per metering point and interval',
    load: async () => (await import('./commands/report.ts')).reportCommand(),
  },
  roster: {
    does: 'take the list of who stands behind which meter of an area, and say where it lies',
    load: async () => (await import('./commands/roster.ts')).rosterCommand(),
  },
  allocate: {
    does: 'declare as the grid operator who got how much, by which key energy is shared, or what the exchange paid',
    load: async () => (await import('./commands/allocate.ts')).allocateCommand(),
  },
  bill: {
    does: 'preview, approve and issue the documents of a month: invoices and self-billed invoices as UBL and PDF',
    load: async () => (await import('./commands/bill.ts')).billCommand(),
  },
  export: {
    does: 'write a batch of an area as JSON, with everything that verifying it takes; it shows all accounts',
    load: async () => (await import('./commands/export.ts')).exportCommand(),
  },
  verify: {
    does: 'check a seat’s statement, or a whole batch of an area, from signed readings to what the chain settled',
    load: async () => (await import('./commands/verify.ts')).verifyCommand(),
  },
  watch: {
    does: 'compute every batch of an area on a machine of your own, and sign it or say why not',
    load: async () => (await import('./commands/watch.ts')).watchCommand(),
  },
  exit: {
    does: 'withdraw everything from the escrow with nothing but a node and the account’s key',
    load: async () => (await import('./commands/exit.ts')).exitCommand(),
  },
  clear: {
    does: 'clear a spot auction, or an array of them, from JSON',
    load: async () => (await import('./commands/clear.ts')).clearCommand(),
  },
  replay: {
    does: 'run a journal of order-book commands, JSON lines in, JSON lines out',
    load: async () => (await import('./commands/replay.ts')).replayCommand(),
  },
  'read-values': {
    does: 'print the interval values of a file from a grid operator as JSON, or say why it is refused',
    load: async () => (await import('./commands/read-values.ts')).readValuesCommand(),
  },
  'offer-point': {
    does: 'let a metering point without an agent join by a code: the metering operator’s key signs for it',
    load: async () => (await import('./commands/offer-point.ts')).offerPointCommand(),
  },
  import: {
    does: 'take files of official values for an area: kept as evidence, the newest valid one counts, differences are named',
    load: async () => (await import('./commands/import.ts')).importCommand(),
  },
  'export-values': {
    does: 'write what an area came to as files that grid operators and programs of communities read',
    load: async () => (await import('./commands/export-values.ts')).exportValuesCommand(),
  },
  keys: {
    does: 'compute from files of official values which coefficients would have covered how much of whose consumption',
    load: async () => (await import('./commands/keys.ts')).keysCommand(),
  },
}

const program = new Command('commonwatt')
  .description('a peer-to-peer marketplace for local solar energy')
  .version(version)

const [first, second] = process.argv.slice(2)
const asked = first === 'help' ? second : first
for (const [name, { does, load }] of Object.entries(commands)) {
  const command = name === asked ? hideAddresses(nameVariables(await load())) : new Command(name)
  program.addCommand(command.description(does).version(version))
}
await program.parseAsync()
