/** A batch that was traded, on a street of its own, and what computing it again says. */
import { Wallet } from 'ethers'
import { readSettledArea } from '../../server/chain/settled-area.ts'
import { readAreaFile } from '../../server/settlement/area-file.ts'
import { verifyArea } from '../../server/settlement/verify-area.ts'
import { areaFile } from '../../server/store/area-export.ts'
import type { Database } from '../../server/store/database.ts'
import type { ScratchServer } from '../store/scratch-database.ts'
import { startMarket } from './market.ts'
import { area, type Home, openStreet, type Street, type TestChain } from './street.ts'

interface Place {
  chain: TestChain
  server: ScratchServer
}

async function newStreet({ chain, server }: Place, deposits: bigint[]) {
  const { database } = await server.fresh()
  const operator = new Wallet(Wallet.createRandom().privateKey)
  await chain.provider.send('anvil_setBalance', [operator.address, `0x${(10n ** 20n).toString(16)}`])
  const street = await openStreet(chain.provider, { operator, deposits })
  return { database, operator, street }
}

/** What computing the batch again from its export says of it. */
export async function verified(
  { chain }: Pick<Place, 'chain'>,
  database: Database,
  street: Street,
  end: number,
): Promise<string | null> {
  const file = readAreaFile(JSON.parse(JSON.stringify(await areaFile(database, { area, end }))))
  const { escrow, firstBlock } = street
  return verifyArea(file, await readSettledArea({ provider: chain.provider, escrow, area, end, firstBlock }))
}

/** Home 0 sells, the others buy; each boundary moves every register by 60 Wh. */
export async function tradedBatch(
  place: Place,
  deposits: bigint[],
  parts: {
    entriesPerPart?: number
    /** Happens on chain before the batch begins, and the server hears of it only once the batch is over, before it is cut. */
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
  const start = Math.ceil(from / 60) * 60
  for (let time = start; time <= start + 60; time += 10) {
    await market.passTo(time)
    const count = 1 + (time - start) / 10
    await market.read(seller, time, 1_000, 2_000 + 60 * count)
    for (const buyer of buyers) await market.read(buyer, time, 1_000 + 60 * count, 2_000)
  }
  if (heardLate !== undefined) await market.indexer.advance()
  await market.passTo(start + 80)
  return { ...scene, market, start }
}
