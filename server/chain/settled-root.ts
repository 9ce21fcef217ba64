/** The statement root under which the chain settled a batch, asked of a node now. */
import type { JsonRpcProvider } from 'ethers'
import type { Address, Hex } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { ChainError } from './error.ts'
import { asChainError, decodeEvent, readLogs } from './escrow-client.ts'

/**
 * Looks into the block in which the batch is known to have been settled. Throws `ChainError` `CHAIN_REQUEST` where that block settled
 * no such batch, and what the node's silence is called.
 */
export async function readSettledRoot(
  provider: JsonRpcProvider,
  { escrow, area, end, block }: { escrow: Address; area: number; end: UtcSeconds; block: number },
): Promise<{ statementRoot: Hex; transaction: string; block: number }> {
  try {
    const logs = await readLogs(provider, { address: escrow, fromBlock: block, toBlock: block })
    const settled = logs.map(decodeEvent).find((event) => {
      return event?.name === 'BatchSettled' && event.args.area === area && event.args.end === end
    })
    if (settled != null) {
      return { statementRoot: settled.args.statementRoot as Hex, transaction: settled.transaction, block }
    }
  } catch (error) {
    throw asChainError(error)
  }
  throw new ChainError('CHAIN_REQUEST', `block ${block} settled no batch of area ${area} that ends at ${end}`)
}
