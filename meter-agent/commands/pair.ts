/** The command that brings a home's meter and its owner's account together. */
import { Command } from 'commander'
import { withPlainFailures } from './failures.ts'
import { wholeNumber } from './numbers.ts'
import type { PairOptions } from './pair-meters.ts'

/**
 * `commonwatt-agent pair`: shows a code, a link and a QR code with which the owner claims the meter on the market's page, signs for
 * the account that does, and ends once the seat is open. Where the configuration has a `[page]`, the code is there, too.
 */
export function pairCommand(): Command {
  return new Command('pair')
    .requiredOption('--config <file>', 'configuration file (TOML)')
    .option('--meter <name...>', 'only these meters')
    .option('--minutes <n>', 'how long to wait for somebody to enter the code', wholeNumber(1440), 30)
    .option('--epoch <n>', 'epoch to begin after a lost state or a replaced meter', wholeNumber(0xffff))
    .option('--json', 'print each step as a line of JSON')
    .action((options: PairOptions) =>
      withPlainFailures(async () => {
        const { pairMeters } = await import('./pair-meters.ts')
        await pairMeters(options)
      }),
    )
}
