/** The command that makes a meter's first key and begins its epoch. */
import { Command, InvalidArgumentError } from 'commander'
import { withPlainFailures } from './failures.ts'
import { wholeNumber } from './numbers.ts'

interface EnrolOptions {
  config: string
  meter?: string[]
  rules: string
  time?: number
  epoch?: number
}

/**
 * `commonwatt-agent enrol`: makes a meter's key where there is none, begins its epoch and prints what the owner needs to
 * open a seat, one JSON object a line and meter. Asked again, it prints the same.
 */
export function enrolCommand(): Command {
  return new Command('enrol')
    .requiredOption('--config <file>', 'configuration file (TOML)')
    .requiredOption('--rules <hash>', 'hash of the area’s rules', rulesHash)
    .option('--meter <name...>', 'only these meters')
    .option(
      '--time <seconds>',
      'boundary (UTC seconds) at which the registers are 0 (default: the next)',
      wholeNumber(0xffff_ffff),
    )
    .option('--epoch <n>', 'epoch to begin after a lost state or a replaced meter', wholeNumber(0xffff))
    .action(({ config: file, meter, rules, time, epoch }: EnrolOptions) =>
      withPlainFailures(async () => {
        const [{ enrol }, { readConfig }] = await Promise.all([
          import('../keys/enrolment.ts'),
          import('../setup/config.ts'),
        ])
        const config = await readConfig(file)
        const enrolments = await enrol(config, { names: meter, rules, time, epoch, nowMs: Date.now() })
        process.stdout.write(enrolments.map((enrolment) => `${JSON.stringify(enrolment)}\n`).join(''))
      }),
    )
}

function rulesHash(text: string): string {
  if (!/^0x[0-9a-f]{64}$/i.test(text)) throw new InvalidArgumentError('a hash is 0x and 64 hexadecimal digits.')
  return text.toLowerCase()
}
