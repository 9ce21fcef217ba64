/**
 * `commonwatt bill`: the documents of a month. Without more it is a preview; with `--approve` a key signs what was previewed; with
 * `--issue`, once two of the approvers have signed, numbers are given and documents written.
 */
import { Command } from 'commander'
import { takesConfig } from './configured.ts'
import { areaNumber, databaseUrl, escrowOfArea, keyFile, month, rpcUrl } from './options.ts'
import { refuseKnown } from './refusal.ts'
import type { BillOptions } from './run-bill.ts'

/** The subcommand, ready to be added to the program. */
export function billCommand(): Command {
  const command = new Command('bill')
    .addOption(databaseUrl())
    .addOption(areaNumber())
    .addOption(escrowOfArea())
    .addOption(month('a month of the area’s calendar (2026-11)'))
    .option('--parties <file>', 'JSON: who issues, who approves, and the members with how they are taxed; it is kept')
    .option('--incomplete-because <reason>', 'go on although something is missing; approvers sign the reason')
    .option('--approve', 'sign what the newest preview says, with --key-file')
    .addOption(keyFile('is an approver’s').makeOptionMandatory(false))
    .option('--issue', 'give numbers and write the documents, once two approvers have signed')
    .addOption(rpcUrl('JSON-RPC of a node, which knows what contract wallets signed').makeOptionMandatory(false))
    .option('--out <folder>', 'where documents are written')
    .action(async (options: BillOptions) => {
      const { makeBill } = await import('./run-bill.ts')
      try {
        await makeBill(options)
      } catch (error) {
        refuseKnown(error, options.databaseUrl)
      }
    })
  return takesConfig(command)
}
