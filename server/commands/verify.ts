/** `commonwatt verify`: checks a seat's statement, or an area's whole batch, against the chain: any node, no server. */
import { Command, InvalidArgumentError } from 'commander'
import type { JsonRpcProvider } from 'ethers'
import type { EscrowDomain } from '../../contracts/protocol/typed-data.ts'
import { ChainError } from '../chain/error.ts'
import { openProvider } from '../chain/escrow-client.ts'
import { readSettledArea } from '../chain/settled-area.ts'
import { readSettledSeat } from '../chain/settled-seat.ts'
import { walletSignatures } from '../chain/wallet-signature.ts'
import { type AreaFile, readAreaFile } from '../settlement/area-file.ts'
import { SettlementError } from '../settlement/error.ts'
import { claimsOf, nameOf, type StatedOrder, type WalletWords } from '../settlement/signed-order.ts'
import { readStatementFile, type StatementFile } from '../settlement/statement-file.ts'
import { verifyStatement } from '../settlement/verify.ts'
import { verifyArea } from '../settlement/verify-area.ts'
import { InputError, mostInputBytes, readInput, refuse, writeOutput } from './streams.ts'

interface VerifyOptions {
  rpc: string
  firstBlock: number
}

/** The subcommand, ready to be added to the program. Ends with status 1 and names the first difference where one is found. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description(
      'check a seat’s statement, or a whole batch of an area, from signed readings to what the chain settled',
    )
    .argument('<file>', 'the statement, or what `commonwatt export` wrote; - for standard input')
    .requiredOption('--rpc <url>', 'JSON-RPC of a node of the chain')
    .option('--first-block <number>', 'block at which the escrow was deployed, to look no further back', blockNumber, 0)
    .action(async (file: string, options: VerifyOptions) => {
      try {
        await verify(file, options)
      } catch (error) {
        if (!(error instanceof ChainError || error instanceof SettlementError || error instanceof InputError))
          throw error
        refuse(error.message)
      }
    })
}

async function verify(path: string, { rpc, firstBlock }: VerifyOptions): Promise<void> {
  const json = parseJson(path, await readInput(path, mostInputBytes))
  const isOfArea = typeof json === 'object' && json !== null && 'offers' in json
  const check = isOfArea ? areaCheck(readAreaFile(json), firstBlock) : seatCheck(readStatementFile(json), firstBlock)
  const { chainId } = check
  const provider = openProvider(rpc, chainId)
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

function blockNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('a block number is a whole number')
  return Number(text)
}
