/** What `commonwatt verify` does: reads the file and the chain, and says whether they agree. */
import type { JsonRpcProvider } from 'ethers'
import type { EscrowDomain } from '../../contracts/protocol/typed-data.ts'
import { openProvider } from '../chain/escrow-client.ts'
import { readSettledArea } from '../chain/settled-area.ts'
import { readSettledSeat } from '../chain/settled-seat.ts'
import { walletSignatures } from '../chain/wallet-signature.ts'
import { type AreaFile, readAreaFile } from '../settlement/area-file.ts'
import { claimsOf, nameOf, type StatedOrder, type WalletWords } from '../settlement/signed-order.ts'
import { readStatementFile, type StatementFile } from '../settlement/statement-file.ts'
import { verifyStatement } from '../settlement/verify.ts'
import { verifyArea } from '../settlement/verify-area.ts'
import { InputError, mostInputBytes, readInput, writeOutput } from './streams.ts'

export interface VerifyOptions {
  rpcUrl: string
  firstBlock: number
}

/** Prints that a statement or a batch is right. Throws `InputError` naming the first difference. */
export async function verifyFile(path: string, { rpcUrl, firstBlock }: VerifyOptions): Promise<void> {
  const json = parseJson(path, await readInput(path, mostInputBytes))
  const isOfArea = typeof json === 'object' && json !== null && 'offers' in json
  const check = isOfArea ? areaCheck(readAreaFile(json), firstBlock) : seatCheck(readStatementFile(json), firstBlock)
  const { chainId } = check
  const provider = openProvider(rpcUrl, chainId)
  try {
    const actual = Number(await provider.send('eth_chainId', []))
    if (actual !== chainId) throw new InputError(`the statement is of chain ${chainId}, the node is on ${actual}`)
    const difference = await check.run(provider)
    if (difference !== null) throw new InputError(difference)
    await writeOutput('right\n')
  } finally {
    provider.destroy()
  }
}

interface Check {
  chainId: number
  /** The first difference, or null. */
  run(provider: JsonRpcProvider): Promise<string | null>
}

function seatCheck(file: StatementFile, firstBlock: number): Check {
  const { chainId, escrow, area, seat, end } = file
  return {
    chainId,
    run: async (provider) =>
      verifyStatement(
        file,
        await readSettledSeat({ provider, escrow, area, seat, end, firstBlock }),
        await wordsOfWallets(provider, { chainId, escrow }, file.orders),
      ),
  }
}

function areaCheck(file: AreaFile, firstBlock: number): Check {
  const { chainId, escrow, area, end } = file
  return {
    chainId,
    run: async (provider) =>
      verifyArea(
        file,
        await readSettledArea({ provider, escrow, area, end, firstBlock }),
        await wordsOfWallets(provider, { chainId, escrow }, [...file.orders, ...file.forwardOrders]),
      ),
  }
}

/** What the contract wallets among the orders' accounts confirm at the newest block. */
async function wordsOfWallets(
  provider: JsonRpcProvider,
  domain: EscrowDomain,
  orders: readonly StatedOrder[],
): Promise<WalletWords> {
  const isWalletSignature = walletSignatures(provider)
  const words = new Set<string>()
  for (const claim of claimsOf(domain, orders)) {
    if (await isWalletSignature(claim.account, claim.digest, claim.signature)) words.add(nameOf(claim))
  }
  return words
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new InputError(`${path} is not JSON: ${(cause as Error).message.slice(0, 200)}`)
  }
}
