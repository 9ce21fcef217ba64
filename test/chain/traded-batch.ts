/** A batch that was traded, on a street of its own, and what computing it again says. */
import { Wallet } from 'ethers'
import { readSettledArea } from '../../server/chain/settled-area.ts'
import { verifyArea } from '../../server/settlement/verify/verify-area.ts'
import { requireArea } from '../../server/store/areas.ts'
import type { Database } from '../../server/store/database.ts'
import { exportedBatch } from '../settlement/exported.ts'
import type { ScratchServer } from '../store/scratch-database.ts'
import { startMarket } from './market.ts'
import { type Home, openStreet, type Street, type TestChain } from './street.ts'

interface Place {
  chain: TestChain
  server: ScratchServer
}

async function newStreet({ chain, server }: Place, deposits: bigint[]) {
  const { database, url } = await server.fresh()
  const operator = new Wallet(Wallet.createRandom().privateKey)
  await chain.provider.send('anvil_setBalance', [operator.address, `0x${(10n ** 20n).toString(16)}`])
  const street = await openStreet(chain.provider, { operator, deposits })
  return { database, url, operator, street }
}

/** What computing the batch again from its export says of it. */
export async function verified(
  { chain }: Pick<Place, 'chain'>,
  database: Database,
  street: Street,
  end: number,
): Promise<string | null> {
  const { escrow, firstBlock } = street
  const { area } = street.rules
  const file = await exportedBatch(database, await requireArea(database, { escrow, area }), end)
  const knownFrom = file.intervals[0]!.block
  return verifyArea(file, await readSettledArea({ provider: chain.provider, escrow, area, end, firstBlock, knownFrom }))
}

/** Home 0 sells, the others buy; each boundary moves every register by 60 Wh. */
export async function tradedBatch(
  place: Place,
  deposits: bigint[],
  parts: {
    entriesPerPart?: number
    /** Happens on chain before the batch begins, and the server hears of it only once the batch is over. */
    heardLate?: (street: Street) => Promise<void>
  } = {},
) {
  const { entriesPerPart, heardLate } = parts
  const scene = await newStreet(place, deposits)
  const { street } = scene
  const market = await startMarket({
    chain: place.chain,
    ...scene,
    ...(entriesPerPart === undefined ? {} : { entriesPerPart }),
  })
  const { from } = street
  await market.indexer.advance()
  const [seller, ...buyers] = street.homes as [Home, ...Home[]]
  await market.order(seller, 'sell', 500, from + 600)
  for (const buyer of buyers) await market.order(buyer, 'buy', 1_500, from + 600)
  await heardLate?.(street)
  // After a whole interval, so that a batch before this one brings every seat's base to its beginning.
  const start = Math.floor(from / 60) * 60 + 60
  for (let time = start; time <= start + 60; time += 10) {
    await market.passTo(time)
    const count = 1 + (time - start) / 10
    await market.read(seller, time, 1_000, 2_000 + 60 * count)
    for (const buyer of buyers) await market.read(buyer, time, 1_000 + 60 * count, 2_000)
  }
  await market.passTo(start + 80)
  await market.hear()
  return { ...scene, market, start }
}
