/** What `commonwatt verify` does: reads the file and the chain, and says whether they agree. */
import type { JsonRpcProvider } from 'ethers'
import type { EscrowDomain } from '../../contracts/protocol/typed-data.ts'
import { openProvider } from '../chain/escrow-client.ts'
import { readSettledArea } from '../chain/settled-area.ts'
import { readSettledSeat } from '../chain/settled-seat.ts'
import { walletSignatures } from '../chain/wallet-signature.ts'
import { type AreaFile, AreaFileReader, beginsAreaFile } from '../settlement/area-file.ts'
import { claimsOf, nameOf, type SignedThings, type WalletWords } from '../settlement/signers.ts'
import { readStatementFile, type StatementFile } from '../settlement/statement-file.ts'
import { verifyArea } from '../settlement/verify/verify-area.ts'
import { verifyStatement } from '../settlement/verify/verify-statement.ts'
import { signerOfReading } from '../signatures/reading-signer.ts'
import { InputError, readLines, writeOutput } from './streams.ts'

export interface VerifyOptions {
  rpcUrl: string
  firstBlock: number
}

/** Prints that a statement or a batch is right. Throws `InputError` naming the first difference. */
export async function verifyFile(path: string, { rpcUrl, firstBlock }: VerifyOptions): Promise<void> {
  const check = await readCheck(path, firstBlock)
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

/** An area's file is read line by line, a statement as one piece. */
async function readCheck(path: string, firstBlock: number): Promise<Check> {
  const area = new AreaFileReader()
  const lines: string[] = []
  let isOfArea: boolean | null = null
  for await (const line of readLines(path)) {
    isOfArea ??= beginsAreaFile(line)
    if (isOfArea) area.take(line)
    else lines.push(line)
  }
  if (isOfArea) return areaCheck(area.finish(), firstBlock)
  return seatCheck(readStatementFile(parseJson(path, lines.join('\n'))), firstBlock)
}

function seatCheck(file: StatementFile, firstBlock: number): Check {
  const { chainId, escrow, area, seat, end } = file
  return {
    chainId,
    run: async (provider) =>
      verifyStatement(file, await readSettledSeat({ provider, escrow, area, seat, end, firstBlock }), {
        words: await wordsOfWallets(provider, file, file),
        signerOf: signerOfReading,
      }),
  }
}

function areaCheck(file: AreaFile, firstBlock: number): Check {
  const { chainId, escrow, area, end, agreements, revocations } = file
  const knownFrom = file.intervals[0]?.block ?? firstBlock
  return {
    chainId,
    run: async (provider) =>
      verifyArea(file, await readSettledArea({ provider, escrow, area, end, firstBlock, knownFrom }), {
        words: await wordsOfWallets(provider, file, {
          orders: [...file.orders, ...file.forwardOrders],
          ...{ agreements, revocations },
        }),
        signerOf: signerOfReading,
      }),
  }
}

/** What the contract wallets among the accounts confirm at the newest block. */
async function wordsOfWallets(
  provider: JsonRpcProvider,
  domain: EscrowDomain,
  things: SignedThings,
): Promise<WalletWords> {
  const isWalletSignature = walletSignatures(provider)
  const words = new Set<string>()
  for (const claim of claimsOf(domain, things)) {
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
