/** What the chain says of one settled batch and one of its seats, read from the escrow's events through any node. */
import type { JsonRpcProvider } from 'ethers'
import { escrowAt } from '../../contracts/build/deploy.ts'
import { decodeWords, seatIdOf } from '../../contracts/protocol/entry.ts'
import type { Address, Hex } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { SettledSeat } from '../settlement/verify/settled.ts'
import { ChainError } from './error.ts'
import { asChainError, eventsOfEscrow } from './escrow-client.ts'
import { applyEvent, type EscrowView, termsOnChain } from './seat-view.ts'

export interface SettledSeatQuery {
  provider: JsonRpcProvider
  escrow: Address
  area: number
  seat: number
  /** When the batch ends. */
  end: UtcSeconds
  /** The block at which the escrow was deployed: nothing of it happened before. */
  firstBlock: number
}

/**
 * Folds all events up to now. Throws `ChainError` `CHAIN_REQUEST` where the batch is not settled or the seat unknown, and
 * `CHAIN_OVERTAKEN` where the events do not add up to the balance that the contract holds for the seat.
 */
export async function readSettledSeat(query: SettledSeatQuery): Promise<SettledSeat> {
  try {
    return await read(query)
  } catch (error) {
    throw asChainError(error)
  }
}

async function read({ provider, escrow, area, seat, end, firstBlock }: SettledSeatQuery): Promise<SettledSeat> {
  const newest = await provider.getBlockNumber()
  const view: EscrowView = new Map()
  let entries: SettledSeat['entries'] = []
  let base: SettledSeat['base'] | null = null
  for await (const event of eventsOfEscrow(provider, { escrow, fromBlock: firstBlock, toBlock: newest })) {
    const isOfBatch = event.args.area === area && event.args.end === end
    if (isOfBatch && event.name === 'BatchAbandoned') entries = []
    if (isOfBatch && event.name === 'PartSettled') {
      if (event.args.part === 0) base = view.get(area)?.seats.get(seat)?.base ?? null
      entries.push(...entriesOf(view, event.args.words as Hex))
    }
    applyEvent(view, event)
  }
  const batch = view.get(area)?.batches.get(end)
  if (batch === undefined)
    throw new ChainError('CHAIN_REQUEST', `area ${area} has settled no batch that ends at ${end}`)
  const record = view.get(area)!.seats.get(seat)
  if (record === undefined) throw new ChainError('CHAIN_REQUEST', `area ${area} has no seat ${seat}`)
  const id = seatIdOf(area, seat)
  const balance: bigint = await escrowAt(escrow, provider).getFunction('balanceOf')(id, { blockTag: newest })
  if (balance !== record.balance) {
    throw new ChainError('CHAIN_OVERTAKEN', `the events say a balance of ${record.balance}, the contract ${balance}`)
  }
  const { rules } = view.get(area)!
  const { statementRoot } = batch
  const { meter, keys } = record
  const terms = termsOnChain(record)
  return {
    ...{ area, end, seat, statementRoot, rules, meter, keys, terms },
    ...{ base: base ?? record.base, entries },
  }

  function entriesOf(before: EscrowView, words: Hex): SettledSeat['entries'] {
    const areaView = before.get(area)!
    let base = areaView.seats.get(seat)?.base
    return decodeWords(words).flatMap((word) => {
      if (word.number !== seat || base === undefined) return []
      const { lag, importDelta, exportDelta, soldWh, boughtWh, paid, received } = word
      base = {
        epoch: base.epoch,
        time: end - lag * areaView.rules.intervalSeconds,
        importWh: base.importWh + importDelta,
        exportWh: base.exportWh + exportDelta,
      }
      return [{ ...base, soldWh, boughtWh, paid, received }]
    })
  }
}
