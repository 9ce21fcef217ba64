/** `commonwatt exit`: an account takes all its money out of the escrow, with a node and its key alone. */
import { Command } from 'commander'
import { ChainError } from '../chain/error.ts'
import { takesConfig } from './configured.ts'
import type { ExitFlags } from './exit-escrow.ts'
import { addressText, escrowAddress, firstBlock, keyFile, rpcUrl } from './options.ts'
import { InputError, refuse } from './streams.ts'

/** The subcommand, ready to be added to the program. */
export function exitCommand(): Command {
  const command = new Command('exit')
    .addOption(rpcUrl())
    .addOption(escrowAddress())
    .addOption(keyFile('signs and pays the gas'))
    .option(
      '--account <address>',
      'a contract wallet that the key signs for (default: the key’s own account)',
      addressText,
    )
    .option('--to <address>', 'where the tokens go (default: the account itself)', addressText)
    .addOption(firstBlock())
    .option('--wait', 'wait until the delay has passed and claim then', false)
    .action(async (flags: ExitFlags) => {
      const { exitEscrow } = await import('./exit-escrow.ts')
      try {
        await exitEscrow(flags)
      } catch (error) {
        if (!(error instanceof ChainError || error instanceof InputError)) throw error
        refuse(error.message)
      }
    })
  return takesConfig(command)
}
