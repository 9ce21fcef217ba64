/** The `commonwatt-agent` command line: one command per file in `commands/`, loaded only when it is asked for. */
import { Command } from 'commander'
import { version } from '../package.json' with { type: 'json' }

interface Entry {
  does: string
  load: () => Promise<Command>
}

const commands: Record<string, Entry> = {
  read: {
    does: 'read one device once',
    load: async () => (await import('./commands/read.ts')).readCommand(),
  },
  scan: {
    does: 'look for inverters and meters',
    load: async () => (await import('./commands/scan.ts')).scanCommand(),
  },
  init: {
    does: 'guided set-up: try the devices, write the configuration and make the key',
    load: async () => (await import('./commands/init.ts')).initCommand(),
  },
  pair: {
    does: 'show the code with which the owner claims the meter on the market’s page',
    load: async () => (await import('./commands/pair.ts')).pairCommand(),
  },
  'install-service': {
    does: 'let systemd run the agent, from now on and after each start of the computer',
    load: async () => (await import('./commands/install-service.ts')).installServiceCommand(),
  },
  enrol: {
    does: 'make a meter’s key, begin its epoch and print what the owner countersigns',
    load: async () => (await import('./commands/enrol.ts')).enrolCommand(),
  },
  'rotate-key': {
    does: 'make a meter’s next key and print what the account approves; a running agent goes over by itself',
    load: async () => (await import('./commands/rotate-key.ts')).rotateKeyCommand(),
  },
  run: {
    does: 'read the devices, sign what they count and deliver it',
    load: async () => (await import('./commands/run.ts')).runCommand(),
  },
  status: {
    does: 'show what a running agent sees, has signed and has still to send',
    load: async () => (await import('./commands/status.ts')).statusCommand(),
  },
  simulate: {
    does: 'serve simulated Modbus devices of a street on loopback ports',
    load: async () => (await import('./commands/simulate.ts')).simulateCommand(),
  },
}

const program = new Command('commonwatt-agent')
  .description('Reads solar inverters and grid meters over Modbus and reports what they count')
  .version(version)
const [first, second] = process.argv.slice(2)
const asked = first === 'help' ? second : first
for (const [name, { does, load }] of Object.entries(commands)) {
  const command = name === asked ? await load() : new Command(name)
  program.addCommand(command.description(does).version(version))
}
await program.parseAsync()
