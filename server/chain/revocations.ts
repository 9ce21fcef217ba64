/**
 * Grants of data that were taken back at the contract, by whatever way. A number there only grows, so what was read once holds
 * whatever becomes of its block; the newest blocks are read again each time, since others may take their place.
 */
import type { JsonRpcProvider } from 'ethers'
import type { Logger } from 'pino'
import { revocationsInterface } from '../../contracts/build/deploy.ts'
import { type Address, parseAddress } from '../../contracts/protocol/typed-data.ts'
import type { Database } from '../store/database.ts'
import { noteRevocationsRead, revocationsReadTo, revokeBelow } from '../store/grant-store.ts'
import { asChainError, readLogs } from './escrow-client.ts'
import { type Poller, startPoller } from './poller.ts'

export interface RevocationsOptions {
  database: Database
  provider: JsonRpcProvider
  chainId: number
  /** The address of the contract `Revocations`. */
  revocations: Address
  /** Grants are not older than this block. */
  firstBlock: number
  log: Logger
  pollMs: number
}

/** Blocks at the end of the chain that may yet be replaced. */
const unsureBlocks = 64
const longestRun = 2_000

/** Reads what was revoked since the last time. Throws `ChainError`. */
export async function readRevocations(options: Omit<RevocationsOptions, 'log' | 'pollMs'>): Promise<void> {
  const { database, provider, chainId, revocations, firstBlock } = options
  const key = { chainId, revocations }
  try {
    const newest = await provider.getBlockNumber()
    const known = await revocationsReadTo(database, key)
    let from = Math.max(firstBlock, (known === null ? firstBlock : Math.min(known, newest)) - unsureBlocks)
    while (from <= newest) {
      const to = Math.min(newest, from + longestRun - 1)
      for (const log of await readLogs(provider, { address: revocations, fromBlock: from, toBlock: to })) {
        const event = revocationsInterface.parseLog(log)
        if (event?.name !== 'GrantsRevoked') continue
        const { account, below } = event.args
        await revokeBelow(database, { ...key, account: parseAddress(account), below })
      }
      await noteRevocationsRead(database, key, to)
      from = to + 1
    }
  } catch (error) {
    throw asChainError(error)
  }
}

/** Reads again and again until it is stopped. */
export function startRevocations(options: RevocationsOptions): Poller {
  const { log, pollMs } = options
  return startPoller({ name: 'revocations', everyMs: pollMs, log, run: () => readRevocations(options) })
}
