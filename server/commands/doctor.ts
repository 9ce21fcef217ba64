/** `commonwatt doctor`: looks at database, chain, contracts, gas, clock, disk, backups and page; a line each with what to do. */
import { Command } from 'commander'
import type { Finding } from '../doctor.ts'
import { configFile, givenOption, readConfigOf } from './configured.ts'
import { databaseUrl } from './options.ts'
import { refuseKnown } from './refusal.ts'
import { InputError, writeOutput } from './streams.ts'

/** The subcommand, ready to be added to the program. Exit status 1 where something is ill. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .addOption(configFile())
    .addOption(databaseUrl().makeOptionMandatory(false))
    .option('--json', 'print JSON')
    .action(async (flags: { config?: string; json?: boolean }, command: Command) => {
      try {
        await run(flags, command)
      } catch (error) {
        refuseKnown(error)
      }
    })
}

async function run(flags: { config?: string; json?: boolean }, command: Command): Promise<void> {
  if (flags.config === undefined) throw new InputError('give --config: the file that "commonwatt serve" is told')
  const file = await readConfigOf(flags)
  const { examine } = await import('../doctor.ts')
  const findings = await examine({ ...file, databaseUrl: givenOption(command, 'databaseUrl', file.databaseUrl) })
  await writeOutput(flags.json === true ? `${JSON.stringify(findings)}\n` : findings.map(lineOf).join(''))
  if (findings.some(({ is }) => is === 'ill')) process.exitCode = 1
}

const marks: Record<Finding['is'], string> = { well: 'ok   ', watch: 'watch', ill: 'ILL  ' }

function lineOf({ of, is, says }: Finding): string {
  return `${marks[is]} ${of.padEnd(10)} ${says.replace(/\s*[\r\n]+\s*/g, '; ')}\n`
}
