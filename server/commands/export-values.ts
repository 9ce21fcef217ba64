/** `commonwatt export-values`: what an area came to in the files of grid operators, for the programs of communities and distributors. */
import { Command, Option } from 'commander'
import { valueFileFormats } from '../reports/value-export.ts'
import { takesConfig } from './configured.ts'
import { areaNumber, databaseUrl, escrowOfArea, time } from './options.ts'
import { refuseKnown } from './refusal.ts'
import type { ExportValuesOptions } from './run-export-values.ts'

/** The subcommand, ready to be added to the program. Ends with status 1 where something could not be written. */
export function exportValuesCommand(): Command {
  const command = new Command('export-values')
    .addOption(databaseUrl())
    .addOption(areaNumber())
    .addOption(escrowOfArea())
    .requiredOption('--from <time>', 'first interval, ISO 8601 UTC (2026-11-01T00:00:00Z)', time)
    .requiredOption('--to <time>', 'end of the range, exclusive; 31 days and a few hours at most', time)
    .addOption(new Option('--format <name>', 'of the files').choices(valueFileFormats).makeOptionMandatory())
    .requiredOption('--out <folder>', 'write the files there')
    .option('--point <point>', 'eda-xml: only the document of this metering point')
    .option('--cau <code>', 'es-coefficients: the installation, after which the file is named')
    .addHelpText(
      'after',
      '\neda-xlsx is one workbook, eda-xml a document a point, triples a row a producer, consumer and interval;\n' +
        'es-coefficients has the coefficients of the year of --from: those of the keys that were declared, by the hour where they\n' +
        'differ, and the shares of the roster for hours without a key.',
    )
    .action(async (options: ExportValuesOptions) => {
      const { exportValues } = await import('./run-export-values.ts')
      try {
        await exportValues(options)
      } catch (error) {
        refuseKnown(error, options.databaseUrl)
      }
    })
  return takesConfig(command)
}
