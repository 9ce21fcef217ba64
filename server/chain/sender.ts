/**
 * Sends one key's transactions so that each purpose happens exactly once, whatever is lost or killed between.
 *
 * A transaction is simulated, signed and stored before it is sent. From then on a watch sees to it: what the node has
 * forgotten is sent again, what pays too little is replaced under the same nonce, and what a reorganisation took back
 * goes out again. The account's nonce on chain is the only truth about what was taken; a receipt counts when the block
 * that it names holds the transaction.
 */
import { isError, type JsonRpcProvider, keccak256, Transaction, type TransactionReceipt, type Wallet } from 'ethers'
import type { Logger } from 'pino'
import { type Address, type Hex, parseAddress } from '../../contracts/protocol/typed-data.ts'
import {
  type Attempt,
  addAttempt,
  failuresOf,
  findTransaction,
  markFailed,
  markMined,
  markPending,
  reserveTransaction,
  type StoredTransaction,
  storeTransaction,
  unminedTransactions,
} from '../store/chain-store.ts'
import type { Database } from '../store/database.ts'
import { refuseDevelopmentKey } from './development-keys.ts'
import { ChainError } from './error.ts'
import { asChainError } from './escrow-client.ts'
import { startPoller } from './poller.ts'

export interface Call {
  to: Address
  data: Hex
  /** The storage that the call will touch, where naming it ahead is cheaper (EIP-2930). */
  accessList?: { address: Address; storageKeys: Hex[] }[]
}

/** Hears the most gas that a transaction may use, before it is signed; throws where that is too much. */
export type AllowGas = (gas: bigint) => Promise<void>

export interface Sender {
  readonly address: Address
  /**
   * Makes, simulates and sends a call, once for each purpose: a purpose that was sent before, and did not fail, gives the
   * same transaction without making the call. Resolves when it is stored durably, mined or not.
   * Throws `ChainError`: `CHAIN_REFUSED` (with the contract's error), `CHAIN_FUNDS`, `CHAIN_FEE_CAP`, `CHAIN_UNREACHABLE`, and
   * `CHAIN_TRANSACTION_FAILED` while a purpose rests that has failed on chain more than once. `allow` hears the most gas that a
   * new transaction may use, before it is signed, and throws where that is too much.
   */
  send(purpose: string, make: () => Promise<Call>, allow?: AllowGas): Promise<{ hash: Hex }>
  /** One look at the chain; `startSender` has it done in short steps. */
  watch(): Promise<void>
}

export interface SenderOptions {
  database: Database
  provider: JsonRpcProvider
  wallet: Wallet
  chainId: number
  log: Logger
  /** How deep a nonce must have been taken before another program's transaction is believed to have it. */
  confirmations: number
  /** A transaction that has waited this long is sent again, with higher fees where those have risen. */
  replaceAfterMs: number
  /** In wei; no transaction ever offers more for a unit of gas. */
  maxFeePerGas: bigint
}

/** EIP-7825: no transaction may use more gas. */
const gasCap = 16_777_216
/** Estimates are exact for the state they saw; the state may move before the transaction is taken. */
const gasMarginPercent = 25n
/** Nodes take a replacement that pays at least 10 % more; some ask 12.5 %. */
const bumpPercent = 115n
/** The gas that a transaction without data uses. */
const emptyGas = 21_000n
const gapsAtOnce = 16
const longestRestMs = 3_600_000

type Fees = { maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }

/** Throws `CHAIN_DEVELOPMENT_KEY` for a public key on a chain that is not a development one. */
export function createSender(options: SenderOptions): Sender {
  const { database, provider, wallet, chainId, log, confirmations, replaceAfterMs, maxFeePerGas } = options
  const address = parseAddress(wallet.address)
  const key = { chainId, sender: address }
  refuseDevelopmentKey(address, chainId)
  const inFlight = new Map<string, Promise<{ hash: Hex }>>()

  async function send(purpose: string, make: () => Promise<Call>, allow?: AllowGas): Promise<{ hash: Hex }> {
    const before = await findTransaction(database, key, purpose)
    if (before !== null && before.status !== 'failed') {
      // Whoever asks again misses its effect: a reorganisation may have taken it back, or changed what became of it.
      const receipt = before.status === 'mined' ? await receiptOf(before) : null
      if (before.status === 'mined' && receipt === null) await markPending(database, before.id)
      if (receipt === null || receipt.status === 1) return { hash: hashOf(before) }
      await record(before, receipt)
    }
    if (before !== null) await restAfterFailures(purpose, before.attempts.at(-1)!.atMs)
    const call = await make()
    const gas = await simulate(call)
    await allow?.(gas)
    const fees = await currentFees()
    const stored = await reserveTransaction(database, key, purpose, {
      countOnChain: await provider.getTransactionCount(address, 'latest'),
      sign: (nonce) => sign({ ...call, nonce, gas, fees }),
    })
    // The watch sends it again if this does not get through.
    await broadcast(stored).catch((error) => log.debug({ purpose, err: error }, 'not sent at the first attempt'))
    return { hash: hashOf(stored) }
  }

  /** What succeeds when simulated and fails when mined costs gas each time: after the second time it is not tried at once. */
  async function restAfterFailures(purpose: string, lastMs: number): Promise<void> {
    const failures = await failuresOf(database, key, purpose)
    if (failures < 2) return
    const restMs = Math.min(longestRestMs, replaceAfterMs * 2 ** (failures - 2))
    if (agoMs(lastMs) >= restMs) return
    throw new ChainError(
      'CHAIN_TRANSACTION_FAILED',
      `${purpose} was mined and failed ${failures} times: it rests a while`,
    )
  }

  /**
   * The gas that the call needs with some margin, if it would succeed in the next block. The newest block may be old where
   * nothing happens, and what is allowed by now was not yet at its time: so the pending block is asked.
   */
  async function simulate({ to, data, accessList }: Call): Promise<bigint> {
    try {
      const estimate = quantity(
        await provider.send('eth_estimateGas', [{ from: address, to, data, accessList }, 'pending']),
      )
      const withMargin = (estimate * (100n + gasMarginPercent)) / 100n
      return withMargin > BigInt(gasCap) ? BigInt(gasCap) : withMargin
    } catch (error) {
      throw asChainError(error)
    }
  }

  /** Twice what a block asks now, as far as the cap allows: it may rise before the transaction is taken. */
  async function currentFees(): Promise<Fees> {
    const [block, tip] = await Promise.all([
      provider.send('eth_getBlockByNumber', ['latest', false]) as Promise<{ baseFeePerGas?: Hex } | null>,
      provider.send('eth_maxPriorityFeePerGas', []) as Promise<Hex>,
    ])
    const base = quantity(block?.baseFeePerGas ?? '0x0')
    const priority = quantity(tip)
    const asked = base + priority
    if (asked > maxFeePerGas) {
      throw new ChainError('CHAIN_FEE_CAP', `gas costs ${asked} wei now, more than the ${maxFeePerGas} wei allowed`)
    }
    return { maxFeePerGas: smaller(asked + base, maxFeePerGas), maxPriorityFeePerGas: priority }
  }

  async function sign(parts: Call & { nonce: number; gas: bigint; fees: Fees }): Promise<Attempt> {
    const { to, data, accessList = [], nonce, gas, fees } = parts
    const raw = await wallet.signTransaction({ type: 2, chainId, to, data, accessList, nonce, gasLimit: gas, ...fees })
    return {
      raw,
      hash: keccak256(raw),
      maxFeePerGas: fees.maxFeePerGas.toString(),
      maxPriorityFeePerGas: fees.maxPriorityFeePerGas.toString(),
      atMs: Date.now(),
    }
  }

  async function broadcast(transaction: StoredTransaction): Promise<void> {
    try {
      await provider.send('eth_sendRawTransaction', [transaction.attempts.at(-1)!.raw])
    } catch (error) {
      if (!isHarmless(error)) throw asChainError(error)
    }
  }

  async function watch(): Promise<void> {
    let failure: ChainError | null = null
    try {
      const [head, taken] = await Promise.all([
        provider.getBlockNumber(),
        provider.getTransactionCount(address, 'latest'),
      ])
      const unmined = await unminedTransactions(database, key, taken)
      await fillGaps(unmined, taken)
      for (const transaction of unmined) {
        try {
          if (transaction.nonce < taken) await recordOutcome(transaction, head)
          else await push(transaction)
        } catch (error) {
          // One that cannot go on does not hold up the others; a node that does not answer holds up all.
          const reason = asChainError(error)
          if (!(reason instanceof ChainError) || reason.code === 'CHAIN_UNREACHABLE') throw reason
          failure ??= reason
        }
      }
    } catch (error) {
      throw asChainError(error)
    }
    if (failure !== null) throw failure
  }

  /**
   * A nonce below a stored one that nobody has used holds up everything after it. It is left where a chain lost a
   * transaction of this key that another program had sent; an empty one takes its place.
   */
  async function fillGaps(unmined: readonly StoredTransaction[], taken: number): Promise<void> {
    const stored = new Set(unmined.map(({ nonce }) => nonce))
    const last = unmined.at(-1)?.nonce ?? taken
    const gaps: number[] = []
    for (let nonce = taken; nonce < last; nonce += 1) if (!stored.has(nonce)) gaps.push(nonce)
    if (gaps.length === 0) return
    // Another program's transaction may wait in the node for the nonce.
    const waiting = await provider.getTransactionCount(address, 'pending')
    const fees = await currentFees()
    for (const nonce of gaps.slice(0, gapsAtOnce)) {
      if (nonce < waiting) continue
      log.warn({ nonce }, 'a nonce was left out: an empty transaction takes it')
      const attempt = await sign({ to: address, data: '0x', nonce, gas: emptyGas, fees })
      const filled = await storeTransaction(database, key, {
        nonce,
        purpose: `nothing, at nonce ${nonce}`,
        attempt,
      })
      if (filled !== null) await broadcast(filled)
    }
  }

  /** The chain has taken this nonce: by one of our attempts, or by somebody else's transaction. */
  async function recordOutcome(transaction: StoredTransaction, head: number): Promise<void> {
    const receipt = await receiptOf(transaction)
    if (receipt !== null) return record(transaction, receipt)
    const deep = Math.max(0, head - confirmations)
    if ((await provider.getTransactionCount(address, deep)) <= transaction.nonce) return
    if ((await receiptOf(transaction)) !== null) return
    log.error({ purpose: transaction.purpose, nonce: transaction.nonce }, 'another transaction took the nonce')
    await markFailed(database, transaction.id, 'CHAIN_NONCE_TAKEN')
  }

  async function record(transaction: StoredTransaction, receipt: TransactionReceipt): Promise<void> {
    if (receipt.status === 1) {
      const { hash, blockNumber: block, gasUsed } = receipt
      await markMined(database, transaction.id, { hash, block, gasUsed: Number(gasUsed) })
    } else {
      log.error({ purpose: transaction.purpose, hash: receipt.hash }, 'a transaction was mined and failed')
      await markFailed(database, transaction.id, 'CHAIN_TRANSACTION_FAILED')
    }
  }

  /** The receipt of the attempt that was mined, if the block it names really holds it. */
  async function receiptOf(transaction: StoredTransaction): Promise<TransactionReceipt | null> {
    for (const { hash } of transaction.attempts.toReversed()) {
      const receipt = await provider.getTransactionReceipt(hash)
      if (receipt === null || receipt.hash !== hash) continue
      const block = await provider.getBlock(receipt.blockNumber)
      if (block?.hash === receipt.blockHash && block.transactions.includes(hash)) return receipt
    }
    return null
  }

  /** Sees that the node has it, under fees that it will take. */
  async function push(transaction: StoredTransaction): Promise<void> {
    if (transaction.status === 'mined') {
      log.warn(
        { purpose: transaction.purpose, nonce: transaction.nonce },
        'a mined transaction disappeared: sending it again',
      )
      await markPending(database, transaction.id)
    }
    const last = transaction.attempts.at(-1)!
    let refusal: unknown = null
    if (agoMs(last.atMs) >= replaceAfterMs) {
      try {
        if (await replace(transaction, last)) return
      } catch (error) {
        if (!(error instanceof ChainError && error.code === 'CHAIN_FEE_CAP')) throw error
        refusal = error
      }
    }
    if ((await provider.getTransaction(last.hash)) === null) await broadcast(transaction)
    if (refusal !== null) throw refusal
  }

  /** Signs the same call anew if fees have risen above what it offers; says whether it did. */
  async function replace(transaction: StoredTransaction, last: Attempt): Promise<boolean> {
    const wanted = await currentFees()
    const offered = { maxFeePerGas: BigInt(last.maxFeePerGas), maxPriorityFeePerGas: BigInt(last.maxPriorityFeePerGas) }
    if (wanted.maxFeePerGas <= offered.maxFeePerGas && wanted.maxPriorityFeePerGas <= offered.maxPriorityFeePerGas)
      return false
    const fees = {
      maxFeePerGas: larger(wanted.maxFeePerGas, bumped(offered.maxFeePerGas)),
      maxPriorityFeePerGas: larger(wanted.maxPriorityFeePerGas, bumped(offered.maxPriorityFeePerGas)),
    }
    if (fees.maxFeePerGas > maxFeePerGas) {
      throw new ChainError(
        'CHAIN_FEE_CAP',
        `a replacement would offer ${fees.maxFeePerGas} wei for gas, more than allowed`,
      )
    }
    const { to, data, accessList, gasLimit } = Transaction.from(last.raw)
    const call = { to: to!, data, accessList: accessList ?? [] }
    const attempt = await sign({ ...call, nonce: transaction.nonce, gas: gasLimit, fees })
    if (!(await addAttempt(database, transaction, attempt))) return true
    log.info({ purpose: transaction.purpose, nonce: transaction.nonce, ...attempt, raw: undefined }, 'fees raised')
    await broadcast({ ...transaction, attempts: [...transaction.attempts, attempt] })
    return true
  }

  return {
    address,
    send(purpose, make, allow) {
      const running = inFlight.get(purpose)
      if (running !== undefined) return running
      const sending = send(purpose, make, allow)
        .catch((error) => {
          throw asChainError(error)
        })
        .finally(() => inFlight.delete(purpose))
      inFlight.set(purpose, sending)
      return sending
    },
    watch,
  }
}

/** A sender with its watch running; `wake` has it look at once. */
export function startSender(
  options: SenderOptions & { pollMs: number },
): Sender & { wake(): void; stop(): Promise<void> } {
  const sender = createSender(options)
  const { log, pollMs } = options
  const poller = startPoller({ name: 'transaction watch', everyMs: pollMs, log, run: () => sender.watch() })
  return { ...sender, wake: poller.wake, stop: poller.stop }
}

/** A number as a node gives it. Throws `CHAIN_NODE`. */
function quantity(answer: unknown): bigint {
  if (typeof answer === 'string' && /^0x[0-9a-f]{1,64}$/i.test(answer)) return BigInt(answer)
  throw new ChainError('CHAIN_NODE', 'the chain’s node answered with what is no number')
}

function hashOf(transaction: StoredTransaction): Hex {
  return transaction.hash ?? transaction.attempts.at(-1)!.hash
}

/** How long ago something was signed: for ever, where it lies ahead, as what was signed before the clock was set back. */
function agoMs(atMs: number): number {
  const ms = Date.now() - atMs
  return ms < 0 ? Number.POSITIVE_INFINITY : ms
}

function bumped(fee: bigint): bigint {
  return (fee * bumpPercent) / 100n + 1n
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

/**
 * The node has it already, has a better offer for its nonce or asks for one, or its nonce was just taken: the watch finds
 * out which.
 */
function isHarmless(error: unknown): boolean {
  if (isError(error, 'NONCE_EXPIRED') || isError(error, 'REPLACEMENT_UNDERPRICED')) return true
  const text = error instanceof Error ? error.message : String(error)
  return /already known|already imported|known transaction|nonce too low|underpriced|less than block base fee/i.test(
    text,
  )
}
