/** `commonwatt verify`: checks a seat's statement, or an area's whole batch, against the chain: any node, no server. */
import { Command } from 'commander'
import { ChainError } from '../chain/error.ts'
import { SettlementError } from '../settlement/error.ts'
import { firstBlock, rpcUrl } from './options.ts'
import { InputError, refuse } from './streams.ts'
import type { VerifyOptions } from './verify-file.ts'

/** The subcommand, ready to be added to the program. Ends with status 1 and names the first difference where one is found. */
export function verifyCommand(): Command {
  return new Command('verify')
    .argument('<file>', 'the statement, or what `commonwatt export` wrote; - for standard input')
    .addOption(rpcUrl())
    .addOption(firstBlock())
    .action(async (file: string, options: VerifyOptions) => {
      const { verifyFile } = await import('./verify-file.ts')
      try {
        await verifyFile(file, options)
      } catch (error) {
        if (!(error instanceof ChainError || error instanceof SettlementError || error instanceof InputError))
          throw error
        refuse(error.message)
      }
    })
}
