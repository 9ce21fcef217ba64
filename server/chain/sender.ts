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
import { type Address, type Hex, parseAddress } from '../../contracts/typed-data.ts'
import {
  type Attempt,
  addAttempt,
  findTransaction,
  markFailed,
  markMined,
  markPending,
  reserveTransaction,
  type StoredTransaction,
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
}

export interface Confirmation {
  hash: Hex
  block: number
  gasUsed: number
}

export interface Sender {
  readonly address: Address
  /**
   * Makes, simulates and sends a call, once for each purpose: a purpose that was sent before, and did not fail, gives the
   * same transaction without making the call. Resolves when it is stored durably, mined or not.
   * Throws `ChainError`: `CHAIN_REFUSED` (with the contract's error), `CHAIN_FUNDS`, `CHAIN_UNREACHABLE`.
   */
  send(purpose: string, make: () => Promise<Call>): Promise<{ hash: Hex }>
  /**
   * Resolves when the purpose's transaction is as deep as `confirmations` ask, then or long after.
   * Rejects with `ChainError` `CHAIN_TRANSACTION_FAILED`, `CHAIN_NONCE_TAKEN`, or `CHAIN_REQUEST` for an unknown purpose.
   */
  confirmed(purpose: string): Promise<Confirmation>
  /** One look at the chain; `startSender` has it done in short steps. */
  watch(): Promise<void>
}

export interface SenderOptions {
  database: Database
  provider: JsonRpcProvider
  wallet: Wallet
  chainId: number
  log: Logger
  /** Blocks from the one that took it to the newest, both counted. */
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

type Fees = { maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }

/** Throws `CHAIN_DEVELOPMENT_KEY` for a public key on a chain that is not a development one. */
export function createSender(options: SenderOptions): Sender {
  const { database, provider, wallet, chainId, log, confirmations, replaceAfterMs, maxFeePerGas } = options
  const address = parseAddress(wallet.address)
  refuseDevelopmentKey(address, chainId)
  const waiting = new Map<
    string,
    { promise: Promise<Confirmation>; settle: (result: Confirmation | ChainError) => void }
  >()
  const inFlight = new Map<string, Promise<{ hash: Hex }>>()

  async function send(purpose: string, make: () => Promise<Call>): Promise<{ hash: Hex }> {
    const before = await findTransaction(database, address, purpose)
    if (before !== null && before.status !== 'failed') {
      // Whoever asks again misses its effect: the watch finds out what became of it.
      if (before.status === 'mined' && (await receiptOf(before)) === null) await markPending(database, before.id)
      return { hash: hashOf(before) }
    }
    const call = await make()
    const gas = await simulate(call)
    const fees = await currentFees()
    const stored = await reserveTransaction(database, address, purpose, {
      countOnChain: await provider.getTransactionCount(address, 'latest'),
      sign: (nonce) => sign({ ...call, nonce, gas, fees }),
    })
    // The watch sends it again if this does not get through.
    await broadcast(stored).catch((error) => log.debug({ purpose, err: error }, 'not sent at the first attempt'))
    return { hash: hashOf(stored) }
  }

  /**
   * The gas that the call needs with some margin, if it would succeed in the next block. The newest block may be old where
   * nothing happens, and what is allowed by now was not yet at its time: so the pending block is asked.
   */
  async function simulate({ to, data }: Call): Promise<bigint> {
    try {
      const estimate = BigInt(await provider.send('eth_estimateGas', [{ from: address, to, data }, 'pending']))
      const withMargin = (estimate * (100n + gasMarginPercent)) / 100n
      return withMargin > BigInt(gasCap) ? BigInt(gasCap) : withMargin
    } catch (error) {
      throw asChainError(error)
    }
  }

  async function currentFees(): Promise<Fees> {
    const [block, tip] = await Promise.all([
      provider.send('eth_getBlockByNumber', ['latest', false]) as Promise<{ baseFeePerGas?: Hex }>,
      provider.send('eth_maxPriorityFeePerGas', []) as Promise<Hex>,
    ])
    const wanted = 2n * BigInt(block.baseFeePerGas ?? 0) + BigInt(tip)
    if (wanted > maxFeePerGas) {
      throw new ChainError('CHAIN_FEE_CAP', `gas costs ${wanted} wei now, more than the ${maxFeePerGas} wei allowed`)
    }
    return { maxFeePerGas: wanted, maxPriorityFeePerGas: BigInt(tip) }
  }

  async function sign(parts: Call & { nonce: number; gas: bigint; fees: Fees }): Promise<Attempt> {
    const { to, data, nonce, gas, fees } = parts
    const raw = await wallet.signTransaction({ type: 2, chainId, to, data, nonce, gasLimit: gas, ...fees })
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
    try {
      const [head, taken] = await Promise.all([
        provider.getBlockNumber(),
        provider.getTransactionCount(address, 'latest'),
      ])
      for (const transaction of await unminedTransactions(database, address, taken)) {
        if (transaction.nonce < taken) await recordOutcome(transaction, head)
        else await push(transaction)
      }
      for (const purpose of [...waiting.keys()]) await settleWaiter(purpose, head)
    } catch (error) {
      throw asChainError(error)
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
    if (Date.now() - last.atMs >= replaceAfterMs && (await replace(transaction, last))) return
    if ((await provider.getTransaction(last.hash)) === null) await broadcast(transaction)
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
    const { to, data, gasLimit } = Transaction.from(last.raw)
    const attempt = await sign({ to: to!, data, nonce: transaction.nonce, gas: gasLimit, fees })
    if (!(await addAttempt(database, transaction, attempt))) return true
    log.info({ purpose: transaction.purpose, nonce: transaction.nonce, ...attempt, raw: undefined }, 'fees raised')
    await broadcast({ ...transaction, attempts: [...transaction.attempts, attempt] })
    return true
  }

  async function settleWaiter(purpose: string, head: number): Promise<void> {
    const transaction = await findTransaction(database, address, purpose)
    const settle = waiting.get(purpose)?.settle
    if (settle === undefined) return
    if (transaction === null) {
      settle(new ChainError('CHAIN_REQUEST', `nothing was sent for ${purpose}`))
    } else if (transaction.status === 'failed') {
      const taken = transaction.failure === 'CHAIN_NONCE_TAKEN'
      const message = taken ? 'another transaction took its nonce' : 'the transaction was mined and failed'
      settle(
        new ChainError(taken ? 'CHAIN_NONCE_TAKEN' : 'CHAIN_TRANSACTION_FAILED', `${purpose}: ${message}`, {
          transaction: hashOf(transaction),
        }),
      )
    } else if (transaction.status === 'mined') {
      const receipt = await receiptOf(transaction)
      if (receipt === null) return
      await record(transaction, receipt)
      if (receipt.status !== 1 || head - receipt.blockNumber + 1 < confirmations) return
      settle({ hash: receipt.hash, block: receipt.blockNumber, gasUsed: Number(receipt.gasUsed) })
    }
  }

  return {
    address,
    send(purpose, make) {
      const running = inFlight.get(purpose)
      if (running !== undefined) return running
      const sending = send(purpose, make)
        .catch((error) => {
          throw asChainError(error)
        })
        .finally(() => inFlight.delete(purpose))
      inFlight.set(purpose, sending)
      return sending
    },
    confirmed(purpose) {
      const existing = waiting.get(purpose)
      if (existing !== undefined) return existing.promise
      let resolve: (confirmation: Confirmation) => void = () => {}
      let reject: (error: ChainError) => void = () => {}
      const promise = new Promise<Confirmation>((onResolve, onReject) => {
        resolve = onResolve
        reject = onReject
      })
      waiting.set(purpose, {
        promise,
        settle(result) {
          waiting.delete(purpose)
          if (result instanceof ChainError) reject(result)
          else resolve(result)
        },
      })
      return promise
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

function hashOf(transaction: StoredTransaction): Hex {
  return transaction.hash ?? transaction.attempts.at(-1)!.hash
}

function bumped(fee: bigint): bigint {
  return (fee * bumpPercent) / 100n + 1n
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

/** The node has it already, has a better offer for its nonce, or its nonce was just taken: the watch finds out which. */
function isHarmless(error: unknown): boolean {
  if (isError(error, 'NONCE_EXPIRED') || isError(error, 'REPLACEMENT_UNDERPRICED')) return true
  const text = error instanceof Error ? error.message : String(error)
  return /already known|already imported|known transaction|nonce too low|underpriced/i.test(text)
}
