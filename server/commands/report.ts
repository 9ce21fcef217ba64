/** `commonwatt report`: the settlement report of an area in any of its formats, from the database to a file or standard output. */
import { Command } from 'commander'
import { reportFormats } from '../reports/formats.ts'
import { takesConfig } from './configured.ts'
import { areaNumber, databaseUrl, escrowOfArea, time } from './options.ts'
import { refuseKnown } from './refusal.ts'
import type { ReportOptions } from './run-report.ts'

export function reportCommand(): Command {
  const formats = reportFormats.map(({ name, about }) => `  ${name.padEnd(16)}${about}`).join('\n')
  const command = new Command('report')
    .addOption(databaseUrl())
    .addOption(areaNumber())
    .addOption(escrowOfArea())
    .requiredOption('--from <time>', 'first interval, ISO 8601 UTC (2026-11-01T00:00:00Z)', time)
    .requiredOption('--to <time>', 'end of the range, exclusive', time)
    .option('--format <name>', reportFormats.map(({ name }) => name).join(', '), 'csv')
    .option('--by <period>', 'interval, or sums by day or month of the area’s calendar', 'interval')
    .option('--zone <zone>', 'only points of this zone')
    .option('--point <point>', 'only this metering point, by its official identifier or its meter’s address')
    .option('--changed-since <run or time>', 'only what a run of a higher number, or one since that time, computed')
    .option('--timezone <zone>', 'whose clocks local times and days go by, instead of the area’s')
    .option('--sender <code>', 'who sends the report (EIC or GLN), instead of the area’s')
    .option('--receiver <code>', 'who receives it (EIC or GLN), instead of the area’s')
    .option('--domain <code>', 'the market balance area (EIC), instead of the area’s')
    .option('--out <file>', 'write there, and beside it FILE.manifest.json and FILE.refused.csv')
    .addHelpText(
      'after',
      `\nFormats:\n${formats}\n\nRows that cannot be written are named on standard error, or in FILE.refused.csv.`,
    )
    .action(async (options: ReportOptions) => {
      const { makeReport } = await import('./run-report.ts')
      try {
        await makeReport(options)
      } catch (error) {
        // Who reads our output (`head`) may have had enough.
        if ((error as NodeJS.ErrnoException).code !== 'EPIPE') refuseKnown(error, options.databaseUrl)
      }
    })
  return takesConfig(command)
}
