/** The command that makes a meter's next key. */
import { Command } from 'commander'
import { withPlainFailures } from './failures.ts'
import { wholeNumber } from './numbers.ts'

interface RotateOptions {
  config: string
  meter?: string[]
  from?: number
}

/**
 * `commonwatt-agent rotate-key`: makes a meter's next key beside the present one and prints what the account approves, one
 * JSON object a line and meter. Asked again before it is approved, it prints the same keys. The agent may run meanwhile.
 */
export function rotateKeyCommand(): Command {
  return new Command('rotate-key')
    .requiredOption('--config <file>', 'configuration file (TOML)')
    .option('--meter <name...>', 'only these meters')
    .option(
      '--from <seconds>',
      'time (UTC seconds) until which the present key goes on (default: as soon as everybody can know)',
      wholeNumber(0xffff_ffff),
    )
    .action(({ config: file, meter, from }: RotateOptions) =>
      withPlainFailures(async () => {
        const [{ rotateKeys }, { readConfig }] = await Promise.all([
          import('../keys/rotation.ts'),
          import('../setup/config.ts'),
        ])
        const rotations = await rotateKeys(await readConfig(file), { names: meter, from, nowMs: Date.now() })
        process.stdout.write(rotations.map((rotation) => `${JSON.stringify(rotation)}\n`).join(''))
      }),
    )
}
