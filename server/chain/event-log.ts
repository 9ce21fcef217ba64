/** The escrow's events as a node tells them, kept so that old ones are asked for once. */
import type { JsonRpcProvider } from 'ethers'
import type { Address } from '../../contracts/protocol/typed-data.ts'
import { eventsOfEscrow } from './escrow-client.ts'
import type { EscrowEvent } from './seat-view.ts'

/** The newest blocks are read every time: a reorganisation may replace them. */
const openBlocks = 64

export interface EventLog {
  /** All events up to this block, in the order of the chain. Throws what reading them throws. */
  upTo(block: number): Promise<readonly EscrowEvent[]>
  /** Reads everything anew next time: the chain was another one than it seemed. */
  forget(): void
}

export function createEventLog(
  provider: JsonRpcProvider,
  { escrow, firstBlock }: { escrow: Address; firstBlock: number },
): EventLog {
  let kept: EscrowEvent[] = []
  let next = firstBlock
  const read = async (toBlock: number) => {
    const events: EscrowEvent[] = []
    for await (const event of eventsOfEscrow(provider, { escrow, fromBlock: next, toBlock })) events.push(event)
    return events
  }
  return {
    async upTo(block) {
      const old = await read(block - openBlocks)
      kept = kept.concat(old)
      next = Math.max(next, block - openBlocks + 1)
      return kept.concat(await read(block))
    },
    forget() {
      kept = []
      next = firstBlock
    },
  }
}
