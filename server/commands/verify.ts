/** `commonwatt verify`: checks a seat's statement, an area's whole batch or a report, against the chain: any node, no server. */
import { Command } from 'commander'
import { ApiClientError } from '../api-client.ts'
import { ChainError } from '../chain/error.ts'
import { ReportError } from '../reports/row.ts'
import { SettlementError } from '../settlement/error.ts'
import { StoreError } from '../store/error.ts'
import { takesConfig } from './configured.ts'
import { firstBlock, keyFile, rpcUrl, serverUrl } from './options.ts'
import { InputError, refuse } from './streams.ts'
import type { VerifyOptions } from './verify-file.ts'

/** The subcommand, ready to be added to the program. Ends with status 1 and names the first difference where one is found. */
export function verifyCommand(): Command {
  const command = new Command('verify')
    .argument(
      '<file>',
      'the statement, what `commonwatt export` or `archive` wrote, or a report as csv or csv-excel; - for standard input',
    )
    .addOption(rpcUrl().makeOptionMandatory(false))
    .option(
      '--batch <file or folder>',
      'of a report: what `commonwatt export` wrote, to compute its rows again from; a folder of such files for many batches',
    )
    .addOption(serverUrl('of a report: the server that gives the batches of its rows, to compute all of them again'))
    .addOption(keyFile('signs in to the server: the grid operator’s').makeOptionMandatory(false))
    .addOption(firstBlock())
    .action(async (file: string, options: VerifyOptions) => {
      const { verifyFile } = await import('./verify-file.ts')
      try {
        await verifyFile(file, options)
      } catch (error) {
        if (
          ![ApiClientError, ChainError, SettlementError, InputError, ReportError, StoreError].some(
            (kind) => error instanceof kind,
          )
        )
          throw error
        refuse((error as Error).message)
      }
    })
  return takesConfig(command)
}
