/** The server's own transactions, written before they are sent, and what it has seen of the chain. */
import type { Address, Hex } from '../../contracts/protocol/typed-data.ts'
import type { EscrowEvent } from '../chain/seat-view.ts'
import type { Database, Transaction } from './database.ts'

/** One signed form of a transaction; fees in wei, decimal. */
export interface Attempt {
  raw: Hex
  hash: Hex
  maxFeePerGas: string
  maxPriorityFeePerGas: string
  atMs: number
}

export interface StoredTransaction {
  id: number
  nonce: number
  purpose: string
  /** Newest last, at least one. */
  attempts: Attempt[]
  status: 'pending' | 'mined' | 'failed'
  hash: Hex | null
  block: number | null
  gasUsed: number | null
  failure: string | null
}

/** The newest transaction with this purpose, or null. */
export async function findTransaction(
  database: Database,
  sender: Address,
  purpose: string,
): Promise<StoredTransaction | null> {
  const [row] = await database<StoredTransaction[]>`
    select id, nonce, purpose, attempts, status, hash, block, gas_used as "gasUsed", failure from transactions
    where sender = ${sender} and purpose = ${purpose} order by id desc limit 1`
  return row ?? null
}

/** How many transactions of this purpose the chain took and failed. */
export async function failuresOf(database: Database, sender: Address, purpose: string): Promise<number> {
  const [row] = await database<[{ count: number }]>`
    select count(*)::int as count from transactions
    where sender = ${sender} and purpose = ${purpose} and failure = 'CHAIN_TRANSACTION_FAILED'`
  return row.count
}

/** Transactions that the chain must still take, ascending by nonce: those pending, and all from `nonce` on. */
export async function unminedTransactions(
  database: Database,
  sender: Address,
  nonce: number,
): Promise<StoredTransaction[]> {
  return database<StoredTransaction[]>`
    select id, nonce, purpose, attempts, status, hash, block, gas_used as "gasUsed", failure from transactions
    where sender = ${sender} and (status = 'pending' or nonce >= ${nonce}) order by nonce`
}

/**
 * Gives the purpose the sender's next nonce and stores what `sign` makes with it, in one step that no other process can
 * come between. A purpose that has a transaction, unless that failed, keeps it.
 */
export async function reserveTransaction(
  database: Database,
  sender: Address,
  purpose: string,
  options: { countOnChain: number; sign: (nonce: number) => Promise<Attempt> },
): Promise<StoredTransaction> {
  await database.begin(async (sql) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`transactions ${sender}`}, 0))`
    const [before] = await sql`
      select id from transactions where sender = ${sender} and purpose = ${purpose} and status <> 'failed'`
    if (before !== undefined) return
    const [last] = await sql<{ nonce: number | null }[]>`
      select max(nonce) as nonce from transactions where sender = ${sender}`
    const nonce = Math.max(options.countOnChain, (last?.nonce ?? -1) + 1)
    await storeTransaction(sql, sender, { nonce, purpose, attempt: await options.sign(nonce) })
  })
  const stored = await findTransaction(database, sender, purpose)
  if (stored === null) throw new Error(`the transaction for ${purpose} vanished after it was stored`)
  return stored
}

/** Stores a signed transaction under its nonce, or gives null where that nonce or purpose has one already. */
export async function storeTransaction(
  sql: Database | Transaction,
  sender: Address,
  { nonce, purpose, attempt }: { nonce: number; purpose: string; attempt: Attempt },
): Promise<StoredTransaction | null> {
  const [row] = await sql<StoredTransaction[]>`
    insert into transactions (sender, nonce, purpose, attempts, status)
    values (${sender}, ${nonce}, ${purpose}, ${sql.json([{ ...attempt }])}, 'pending') on conflict do nothing
    returning id, nonce, purpose, attempts, status, hash, block, gas_used as "gasUsed", failure`
  return row ?? null
}

/** Adds a replacement, unless another process was first; says whether it did. */
export async function addAttempt(database: Database, before: StoredTransaction, attempt: Attempt): Promise<boolean> {
  const rows = await database`
    update transactions set attempts = attempts || ${database.json([{ ...attempt }])}
    where id = ${before.id} and jsonb_array_length(attempts) = ${before.attempts.length} returning id`
  return rows.length === 1
}

export async function markMined(
  database: Database,
  id: number,
  mined: { hash: Hex; block: number; gasUsed: number },
): Promise<void> {
  await database`
    update transactions set status = 'mined', hash = ${mined.hash}, block = ${mined.block}, gas_used = ${mined.gasUsed},
      failure = null
    where id = ${id} and status <> 'failed'`
}

/** The chain took it and it did not succeed, or took another one with its nonce: its purpose is free again. */
export async function markFailed(database: Database, id: number, failure: string): Promise<void> {
  await database`update transactions set status = 'failed', failure = ${failure} where id = ${id}`
}

/** A mined transaction that a reorganisation took back. */
export async function markPending(database: Database, id: number): Promise<void> {
  await database`
    update transactions set status = 'pending', hash = null, block = null, gas_used = null
    where id = ${id} and status = 'mined'`
}

export interface StoredBlock {
  number: number
  hash: Hex
  time: number
}

/** A run of blocks that the indexer has read: the newest, those kept for finding a reorganisation's start, and all events. */
export interface BlockRun {
  blocks: StoredBlock[]
  events: EscrowEvent[]
}

/** The newest block that the indexer has read of the escrow. */
export async function newestBlock(database: Database, escrow: Address): Promise<StoredBlock | null> {
  const [row] = await database<StoredBlock[]>`
    select number, hash, time from chain_blocks where escrow = ${escrow} order by number desc limit 1`
  return row ?? null
}

/** The block that was read at `number`, or the nearest one below that is still kept. */
export async function blockAtOrBelow(database: Database, escrow: Address, number: number): Promise<StoredBlock | null> {
  const [row] = await database<StoredBlock[]>`
    select number, hash, time from chain_blocks where escrow = ${escrow} and number <= ${number}
    order by number desc limit 1`
  return row ?? null
}

/** The escrow's events in `(after, upTo]`, in the order of the chain. */
export async function eventsBetween(
  database: Database,
  escrow: Address,
  after: number,
  upTo: number,
): Promise<EscrowEvent[]> {
  return database<EscrowEvent[]>`
    select block, log_index as "logIndex", transaction, name, args from chain_events
    where escrow = ${escrow} and block > ${after} and block <= ${upTo} order by block, log_index`
}

/**
 * Appends what was read after `tip`, the newest block stored before, and forgets blocks below `keepFrom` that hold no
 * event. Says whether it did: false when another process has moved on from `tip` in the meantime.
 */
export async function appendBlocks(
  database: Database,
  escrow: Address,
  tip: StoredBlock | null,
  run: BlockRun & { keepFrom: number },
): Promise<boolean> {
  return whileTipIs(database, escrow, tip, async (sql) => {
    if (run.blocks.length > 0) {
      await sql`insert into chain_blocks ${sql(run.blocks.map((block) => ({ escrow, ...block })))}`
    }
    for (const { block, logIndex, transaction, name, args } of run.events) {
      await sql`
        insert into chain_events (escrow, block, log_index, transaction, name, args)
        values (${escrow}, ${block}, ${logIndex}, ${transaction}, ${name}, ${sql.json(args as never)})`
    }
    await sql`
      delete from chain_blocks b where escrow = ${escrow} and number < ${run.keepFrom}
        and not exists (select from chain_events e where e.escrow = b.escrow and e.block = b.number)`
  })
}

/** Forgets everything after block `ancestor` (-1: everything), if `tip` is still the newest. */
export async function rollBackTo(
  database: Database,
  escrow: Address,
  tip: StoredBlock,
  ancestor: number,
): Promise<boolean> {
  return whileTipIs(database, escrow, tip, async (sql) => {
    await sql`delete from chain_events where escrow = ${escrow} and block > ${ancestor}`
    await sql`delete from chain_blocks where escrow = ${escrow} and number > ${ancestor}`
  })
}

async function whileTipIs(
  database: Database,
  escrow: Address,
  tip: StoredBlock | null,
  change: (sql: Transaction) => Promise<void>,
): Promise<boolean> {
  return database.begin(async (sql) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`chain ${escrow}`}, 0))`
    const [newest] = await sql<{ hash: Hex }[]>`
      select hash from chain_blocks where escrow = ${escrow} order by number desc limit 1`
    if ((newest?.hash ?? null) !== (tip?.hash ?? null)) return false
    await change(sql)
    return true
  })
}
