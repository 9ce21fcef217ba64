/** The server's own transactions, written before they are sent, and what it has seen of the chain. */
import type { Address, Hex } from '../../contracts/protocol/typed-data.ts'
import type { EscrowEvent } from '../chain/seat-view.ts'
import { names, numbers, parts, texts } from './arrays.ts'
import { type Database, type Queries, type Transaction, transact } from './database.ts'

/** The key whose transactions are meant: nonces are counted by key and chain. */
export interface SenderKey {
  chainId: number
  sender: Address
}

/** Which escrow: one address can hold one on several chains. */
export interface EscrowKey {
  chainId: number
  escrow: Address
}

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

const transactionColumns = (sql: Queries) => sql`
  id, nonce, purpose, attempts, status, hash, block, gas_used as "gasUsed", failure`

/** The newest transaction with this purpose, or null. */
export async function findTransaction(
  sql: Queries,
  { chainId, sender }: SenderKey,
  purpose: string,
): Promise<StoredTransaction | null> {
  const [row] = await sql<StoredTransaction[]>`
    select ${transactionColumns(sql)} from transactions
    where chain_id = ${chainId} and sender = ${sender} and purpose = ${purpose} order by id desc limit 1`
  return row ?? null
}

/** How many transactions of this purpose the chain took and failed. */
export async function failuresOf(sql: Queries, { chainId, sender }: SenderKey, purpose: string): Promise<number> {
  const [row] = await sql<[{ count: number }]>`
    select count(*)::int as count from transactions
    where chain_id = ${chainId} and sender = ${sender} and purpose = ${purpose} and failure = 'CHAIN_TRANSACTION_FAILED'`
  return row.count
}

/** Transactions that the chain must still take, ascending by nonce: those pending, and all from `nonce` on. */
export function unminedTransactions(
  sql: Queries,
  { chainId, sender }: SenderKey,
  nonce: number,
): Promise<StoredTransaction[]> {
  return sql<StoredTransaction[]>`
    select * from (
      select ${transactionColumns(sql)} from transactions
      where chain_id = ${chainId} and sender = ${sender} and status = 'pending' and nonce < ${nonce}
      union all
      select ${transactionColumns(sql)} from transactions
      where chain_id = ${chainId} and sender = ${sender} and nonce >= ${nonce}
    ) unmined order by nonce`
}

/**
 * Gives the purpose the sender's next nonce and stores what `sign` makes with it, in one step that no other process can
 * come between. A purpose that has a transaction, unless that failed, keeps it.
 */
export async function reserveTransaction(
  database: Database,
  key: SenderKey,
  purpose: string,
  options: { countOnChain: number; sign: (nonce: number) => Promise<Attempt> },
): Promise<StoredTransaction> {
  const { chainId, sender } = key
  await transact(database, async (sql) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`transactions ${chainId} ${sender}`}, 0))`
    const [before] = await sql`
      select id from transactions
      where chain_id = ${chainId} and sender = ${sender} and purpose = ${purpose} and status <> 'failed'`
    if (before !== undefined) return
    const [last] = await sql<{ nonce: number | null }[]>`
      select max(nonce) as nonce from transactions where chain_id = ${chainId} and sender = ${sender}`
    const nonce = Math.max(options.countOnChain, (last?.nonce ?? -1) + 1)
    await storeTransaction(sql, key, { nonce, purpose, attempt: await options.sign(nonce) })
  })
  const stored = await findTransaction(database, key, purpose)
  if (stored === null) throw new Error(`the transaction for ${purpose} vanished after it was stored`)
  return stored
}

/** Stores a signed transaction under its nonce, or gives null where that nonce or purpose has one already. */
export async function storeTransaction(
  sql: Queries,
  { chainId, sender }: SenderKey,
  { nonce, purpose, attempt }: { nonce: number; purpose: string; attempt: Attempt },
): Promise<StoredTransaction | null> {
  const [row] = await sql<StoredTransaction[]>`
    insert into transactions (chain_id, sender, nonce, purpose, attempts, status)
    values (${chainId}, ${sender}, ${nonce}, ${purpose}, ${sql.json([{ ...attempt }])}, 'pending') on conflict do nothing
    returning ${transactionColumns(sql)}`
  return row ?? null
}

/** Adds a replacement, unless another process was first; says whether it did. */
export async function addAttempt(sql: Queries, before: StoredTransaction, attempt: Attempt): Promise<boolean> {
  const rows = await sql`
    update transactions set attempts = attempts || ${sql.json([{ ...attempt }])}
    where id = ${before.id} and jsonb_array_length(attempts) = ${before.attempts.length}`
  return rows.count === 1
}

export async function markMined(
  sql: Queries,
  id: number,
  mined: { hash: Hex; block: number; gasUsed: number },
): Promise<void> {
  await sql`
    update transactions set status = 'mined', hash = ${mined.hash}, block = ${mined.block}, gas_used = ${mined.gasUsed},
      failure = null
    where id = ${id} and status <> 'failed'`
}

/** The chain took it and it did not succeed, or took another one with its nonce: its purpose is free again. */
export async function markFailed(sql: Queries, id: number, failure: string): Promise<void> {
  await sql`update transactions set status = 'failed', failure = ${failure} where id = ${id}`
}

/** A mined transaction that a reorganisation took back. */
export async function markPending(sql: Queries, id: number): Promise<void> {
  await sql`
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
export async function newestBlock(sql: Queries, { chainId, escrow }: EscrowKey): Promise<StoredBlock | null> {
  const [row] = await sql<StoredBlock[]>`
    select number, hash, time from chain_blocks where chain_id = ${chainId} and escrow = ${escrow}
    order by number desc limit 1`
  return row ?? null
}

/** The block that was read at `number`, or the nearest one below that is still kept. */
export async function blockAtOrBelow(
  sql: Queries,
  { chainId, escrow }: EscrowKey,
  number: number,
): Promise<StoredBlock | null> {
  const [row] = await sql<StoredBlock[]>`
    select number, hash, time from chain_blocks
    where chain_id = ${chainId} and escrow = ${escrow} and number <= ${number} order by number desc limit 1`
  return row ?? null
}

const eventsPerPage = 2_000

/** The escrow's events in `(after, upTo]`, in the order of the chain, some at a time: they are as many as the escrow is old. */
export async function* eventsBetween(
  sql: Queries,
  { chainId, escrow }: EscrowKey,
  { after, upTo }: { after: number; upTo: number },
): AsyncGenerator<EscrowEvent[]> {
  let place = { block: after, logIndex: 2 ** 31 - 1 }
  for (;;) {
    const events = await sql<EscrowEvent[]>`
      select block, log_index as "logIndex", transaction, name, args from chain_events
      where chain_id = ${chainId} and escrow = ${escrow} and block <= ${upTo}
        and (block, log_index) > (${place.block}::bigint, ${place.logIndex}::int)
      order by block, log_index limit ${eventsPerPage}`
    if (events.length > 0) yield events
    if (events.length < eventsPerPage) return
    place = events.at(-1)!
  }
}

/**
 * Appends what was read after `tip`, the newest block stored before, and forgets blocks below `keepFrom` that hold no
 * event. Says whether it did: false when another process has moved on from `tip` in the meantime.
 */
export function appendBlocks(
  database: Database,
  key: EscrowKey,
  tip: StoredBlock | null,
  run: BlockRun & { keepFrom: number },
): Promise<boolean> {
  const { chainId, escrow } = key
  return whileTipIs(database, key, tip, async (sql) => {
    for (const blocks of parts(run.blocks)) {
      await sql`
        insert into chain_blocks (chain_id, escrow, number, hash, time)
        select ${chainId}, ${escrow}, row.* from unnest(
          ${numbers(blocks, ({ number }) => number)}::bigint[],
          ${names(blocks, ({ hash }) => hash)}::text[],
          ${numbers(blocks, ({ time }) => time)}::bigint[]
        ) as row`
    }
    for (const events of parts(run.events)) {
      await sql`
        insert into chain_events (chain_id, escrow, block, log_index, transaction, name, args)
        select ${chainId}, ${escrow}, row.* from unnest(
          ${numbers(events, ({ block }) => block)}::bigint[],
          ${numbers(events, ({ logIndex }) => logIndex)}::int[],
          ${names(events, ({ transaction }) => transaction)}::text[],
          ${texts(events, ({ name }) => name)}::text[],
          ${texts(events, ({ args }) => JSON.stringify(args))}::jsonb[]
        ) as row`
    }
    // Everything older was forgotten when the block before was appended, with as many kept as now.
    const kept = Math.max(...run.blocks.map(({ number }) => number)) - run.keepFrom
    const from = tip === null ? 0 : tip.number - kept
    await sql`
      delete from chain_blocks block
      where chain_id = ${chainId} and escrow = ${escrow} and number >= ${from} and number < ${run.keepFrom}
        and not exists (
          select from chain_events event
          where event.chain_id = block.chain_id and event.escrow = block.escrow and event.block = block.number)`
  })
}

/** Forgets everything after block `ancestor` (-1: everything), if `tip` is still the newest. */
export function rollBackTo(database: Database, key: EscrowKey, tip: StoredBlock, ancestor: number): Promise<boolean> {
  const { chainId, escrow } = key
  return whileTipIs(database, key, tip, async (sql) => {
    await sql`
      delete from chain_events where chain_id = ${chainId} and escrow = ${escrow} and block > ${ancestor}`
    await sql`
      delete from chain_blocks where chain_id = ${chainId} and escrow = ${escrow} and number > ${ancestor}`
  })
}

function whileTipIs(
  database: Database,
  key: EscrowKey,
  tip: StoredBlock | null,
  change: (sql: Transaction) => Promise<void>,
): Promise<boolean> {
  return transact(database, async (sql) => {
    await sql`select pg_advisory_xact_lock(hashtextextended(${`chain ${key.chainId} ${key.escrow}`}, 0))`
    const newest = await newestBlock(sql, key)
    if ((newest?.hash ?? null) !== (tip?.hash ?? null)) return false
    await change(sql)
    return true
  })
}
