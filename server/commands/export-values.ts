/** `commonwatt export-values`: what an area came to in the files of grid operators, for the programs of communities and distributors. */
import { Command, Option } from 'commander'
import { takesConfig } from './configured.ts'
import { areaNumber, databaseUrl, escrowOfArea, time } from './options.ts'
import { refuseKnown } from './refusal.ts'
import type { ExportValuesOptions } from './run-export-values.ts'

const formats: ExportValuesOptions['format'][] = ['eda-xlsx', 'eda-xml', 'es-coefficients', 'triples']

/** The subcommand, ready to be added to the program. Ends with status 1 where something could not be written. */
export function exportValuesCommand(): Command {
  const command = new Command('export-values')
    .addOption(databaseUrl())
    .addOption(areaNumber())
    .addOption(escrowOfArea())
    .requiredOption('--from <time>', 'first interval, ISO 8601 UTC (2026-11-01T00:00:00Z)', time)
    .requiredOption('--to <time>', 'end of the range, exclusive; 31 days and a few hours at most', time)
    .addOption(new Option('--format <name>', 'of the files').choices(formats).makeOptionMandatory())
    .requiredOption('--out <folder>', 'write the files there')
    .option('--cau <code>', 'es-coefficients: the installation, after which the file is named')
    .addHelpText(
      'after',
      '\neda-xlsx is one workbook, eda-xml a document a point, triples a row a producer, consumer and interval;\n' +
        'es-coefficients has the shares of the roster that hold at --from, for the year of then.',
    )
    .action(async (options: ExportValuesOptions) => {
      const { exportValues } = await import('./run-export-values.ts')
      try {
        await exportValues(options)
      } catch (error) {
        refuseKnown(error)
      }
    })
  return takesConfig(command)
}
