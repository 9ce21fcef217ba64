/** The checks that a server makes before it starts: each thing that is wrong is said in a sentence, with what to do. */
import { createServer } from 'node:net'
import { CodedError } from '../contracts/protocol/error.ts'
import { whyNotListening } from '../contracts/protocol/listen-trouble.ts'
import type { Address } from '../contracts/protocol/typed-data.ts'
import type { AreaSettings, EscrowFacts } from './areas/settings.ts'
import { foreignCode, foreignRevocations, readAreaOnChain } from './chain/contract-facts.ts'
import { openProvider } from './chain/escrow-client.ts'
import { findAreas } from './store/areas.ts'
import { type Database, migrate, missingMigrations } from './store/database.ts'
import { newestPlace } from './store/journal.ts'
import { leaseHolder } from './store/lease.ts'
import { placeOf, whyUnusable } from './store/unreachable.ts'

/**
 * `SERVE_DATABASE` and `SERVE_DATABASE_BEHIND` are about the database, `SERVE_RELEASE`, `SERVE_AREA_CLOSED` and `SERVE_RULES` about the
 * contracts, `SERVE_JOURNAL_MISSING` about both, `SERVE_AREA_HELD`, `SERVE_AREA_TWICE` and `SERVE_PORT_TAKEN` about other programs,
 * `SERVE_RELAY_KEY` and `SERVE_DEMO_PEOPLE` about keys.
 */
export class ServeError extends CodedError<
  | 'SERVE_DATABASE'
  | 'SERVE_DATABASE_BEHIND'
  | 'SERVE_RELEASE'
  | 'SERVE_AREA_CLOSED'
  | 'SERVE_RULES'
  | 'SERVE_JOURNAL_MISSING'
  | 'SERVE_AREA_HELD'
  | 'SERVE_AREA_TWICE'
  | 'SERVE_PORT_TAKEN'
  | 'SERVE_RELAY_KEY'
  | 'SERVE_DEMO_PEOPLE'
> {
  override readonly name = 'ServeError'
}

/**
 * Makes sure that the database answers, is new enough, and has the schema of this release. An empty database gets the schema, unless
 * `beforeSetUp` refuses; an older one is migrated only with `migrates`. Returns the migrations that ran. Throws `ServeError`
 * `SERVE_DATABASE`, `SERVE_DATABASE_BEHIND`, and `StoreError`.
 */
export async function requireDatabase(
  database: Database,
  { databaseUrl, migrates, beforeSetUp }: { databaseUrl: string; migrates: boolean; beforeSetUp?: () => Promise<void> },
): Promise<string[]> {
  try {
    const missing = await missingMigrations(database)
    if (missing.isEmpty) await beforeSetUp?.()
    if (missing.isEmpty || migrates) return await migrate(database)
    if (missing.names.length === 0) return []
    throw new ServeError(
      'SERVE_DATABASE_BEHIND',
      `the database is of an older release (it lacks ${missing.names.join(', ')}): make a backup, then run "commonwatt migrate"`,
    )
  } catch (error) {
    if (error instanceof CodedError) throw error
    const why = whyUnusable(error, databaseUrl)
    if (why === null) throw error
    throw new ServeError('SERVE_DATABASE', why, { cause: error })
  }
}

/** Throws `ServeError` `SERVE_RELEASE`, `SERVE_AREA_CLOSED` and `SERVE_RULES`; returns sentences on faults that may pass by themselves. */
export async function requireContracts(
  rpcUrl: string,
  facts: EscrowFacts,
  { revocations, areas, operator }: { revocations: Address | null; areas: readonly AreaSettings[]; operator: Address },
): Promise<string[]> {
  const provider = openProvider(rpcUrl, facts.chainId)
  try {
    const foreign =
      (await foreignCode(provider, facts.escrow)) ??
      (revocations === null ? null : await foreignRevocations(provider, revocations))
    if (foreign !== null) {
      const todo = 'use the release that it was deployed with, or deploy this one’s with "commonwatt deploy"'
      throw new ServeError('SERVE_RELEASE', `${foreign}: ${todo}`)
    }
    const warnings: string[] = []
    for (const settings of areas) {
      const onChain = await readAreaOnChain(provider, { escrow: facts.escrow, area: settings.area })
      if (onChain.rulesHash === null) {
        throw new ServeError(
          'SERVE_AREA_CLOSED',
          `area ${settings.area} is not open in the escrow: its grid operator opens it with "commonwatt area open"`,
        )
      }
      if (onChain.rulesHash !== settings.rulesHash) {
        throw new ServeError(
          'SERVE_RULES',
          `area ${settings.area} was opened with other rules than its file has: bring back the file it was opened with, since rules never change`,
        )
      }
      if (onChain.operator !== operator) warnings.push(notAppointed(settings.area, operator))
    }
    return warnings
  } finally {
    provider.destroy()
  }
}

/** What is to be done where the key is not the area's operator. */
export function notAppointed(area: number, operator: Address): string {
  return `area ${area} has another operator than this key (${operator}), so nothing can be settled: the grid operator appoints it with "commonwatt area appoint"`
}

/**
 * Makes sure that the database holds a journal of each area that has settled batches. A database without it is the wrong one, or was
 * emptied, and an area that began anew there would take orders beside a journal that is still somewhere else. Throws `ServeError`
 * `SERVE_JOURNAL_MISSING`.
 */
export async function requireJournals(
  database: Database,
  asked: { databaseUrl: string; rpcUrl: string; facts: EscrowFacts; areas: readonly AreaSettings[] },
): Promise<void> {
  const { databaseUrl, rpcUrl, facts, areas } = asked
  const { isEmpty } = await missingMigrations(database)
  const provider = openProvider(rpcUrl, facts.chainId)
  try {
    for (const { area, chain } of areas) {
      if (!isEmpty && (await hasJournal(database, { area, chainId: chain.chainId, escrow: chain.escrow }))) continue
      const { settledUntil } = await readAreaOnChain(provider, { escrow: chain.escrow, area })
      if (settledUntil === 0) continue
      const until = new Date(settledUntil * 1000).toISOString()
      const todo =
        'correct database-url, or restore the newest backup; where none is left, "commonwatt serve --begin-anew" begins without what was before'
      throw new ServeError(
        'SERVE_JOURNAL_MISSING',
        `area ${area} is settled until ${until}, and the database at ${placeOf(databaseUrl)} has no journal of it: ${todo}`,
      )
    }
  } finally {
    provider.destroy()
  }
}

async function hasJournal(database: Database, identity: Parameters<typeof findAreas>[1]): Promise<boolean> {
  const [known] = await findAreas(database, identity)
  return known !== undefined && (await newestPlace(database, known.areaId)).sequence > 0
}

/** A lease that a living server holds is renewed within this. */
const renewedWithinMs = 4_000
const lookEveryMs = 250

/**
 * Makes sure that no other server writes one of the areas. A living server renews its lease, which is noticed within seconds; the lease
 * of a server that was killed runs out. Throws `ServeError` `SERVE_AREA_HELD`.
 */
export async function requireFreeAreas(database: Database, settings: readonly AreaSettings[]): Promise<void> {
  for (const { area, chain } of settings) {
    const [known] = await findAreas(database, { area, chainId: chain.chainId, escrow: chain.escrow })
    if (known === undefined) continue
    const first = await leaseHolder(database, known.areaId)
    for (let holder = first, waitedMs = 0; holder?.isHeld; waitedMs += lookEveryMs) {
      if (holder.expiresAtMs !== first!.expiresAtMs || waitedMs > renewedWithinMs * 2) {
        const message = `another server writes area ${area} (${holder.owner}): stop that server first`
        throw new ServeError('SERVE_AREA_HELD', message)
      }
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
      holder = await leaseHolder(database, known.areaId)
    }
  }
}

/** Makes sure that a port is free. Throws `ServeError` `SERVE_PORT_TAKEN`. */
export function requireFreePort(host: string, port: number, option: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (error) => reject(portError(error, option)))
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve()))
  })
}

/** What an error of listening means, where it means something. */
export function portError(error: Error, option: string): Error {
  const what = whyNotListening(error, { setting: `with ${option}` })
  return what === null ? error : new ServeError('SERVE_PORT_TAKEN', what, { cause: error })
}
