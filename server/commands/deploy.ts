/** `commonwatt deploy`: puts this release's contracts on a chain, or tells anybody whether what stands there is this release's. */
import { Command } from 'commander'
import { configFile } from './configured.ts'
import { addressText, keyFile, rpcUrl } from './options.ts'
import { refuseKnown } from './refusal.ts'

/** The subcommand, ready to be added to the program. */
export function deployCommand(): Command {
  return new Command('deploy')
    .addOption(configFile())
    .addOption(rpcUrl().makeOptionMandatory(false))
    .addOption(keyFile('pays for the deployment and has no say afterwards').makeOptionMandatory(false))
    .option('--token <address>', 'the token that people pay with', addressText)
    .option('--development-token', 'deploy a token that the deployer makes as it likes: for trials, never for money')
    .option(
      '--withdrawal-delay <duration>',
      'what a withdrawal waits: longer than a batch, the grace and an outage together (72h, 5m)',
    )
    .option(
      '--recovery-delay <duration>',
      'for how long the owner of a passkey account can object when somebody recovers it (72h, 5m)',
      '72h',
    )
    .option('--out <file>', 'where to write down what stands where (default: the configuration’s, or deployment.json)')
    .option('--check <file>', 'deploy nothing: compare what stands there with this release')
    .option('--json', 'print JSON')
    .action(async (flags, command: Command) => {
      const { runDeploy } = await import('./run-deploy.ts')
      try {
        await runDeploy(flags, command)
      } catch (error) {
        refuseKnown(error)
      }
    })
}
