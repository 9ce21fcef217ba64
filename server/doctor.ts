/** Looks at everything that a server needs besides itself, and gives a line for each, with what to do where it is not well. */
import { statfsSync } from 'node:fs'
import { type Address, parseAddress } from '../contracts/protocol/typed-data.ts'
import { version } from '../package.json' with { type: 'json' }
import { type AreaSettings, type EscrowFacts, readSettingsFile } from './areas/settings.ts'
import { openProvider, readEscrowFacts } from './chain/escrow-client.ts'
import { readWalletFile } from './chain/key-file.ts'
import { readAccountsFacts } from './chain/passkey-accounts.ts'
import { type EscrowConfig, type FileConfig, placeOfEscrow } from './configuration/config.ts'
import { leastGas, newestFileMs } from './health.ts'
import { requireContracts, requireDatabase, requireJournals, ServeError } from './start-up.ts'
import { type Database, missingMigrations, openDatabase } from './store/database.ts'
import { keptMonths, monthOf, nameOfMonth } from './store/months.ts'
import { placeOf, whyUnusable } from './store/unreachable.ts'

export interface Finding {
  /** The thing that was looked at. */
  of: string
  /** `watch`: it works, but will stop working before long, or is not as it should be. */
  is: 'well' | 'watch' | 'ill'
  says: string
}

const databaseWithinS = 5
const clockWithinMs = 2_000
const blockWithinS = 600
const leastDiskBytes = 5 * 2 ** 30
const oldestBackupMs = 36 * 3_600_000
const pageWithinMs = 5_000

/** Asks everything at the same time, each question with a deadline. */
export async function examine(config: FileConfig): Promise<Finding[]> {
  const groups = await Promise.all([
    database(config),
    ...config.escrows.map((escrow) => chain(escrow, config)),
    [backup(config)],
    [disk(config)],
    ...(config.origin ?? []).map((origin) => page(origin, config)),
  ])
  return groups.flat()
}

async function database({ databaseUrl, retain }: FileConfig): Promise<Finding[]> {
  const of = 'database'
  if (databaseUrl === undefined) return [{ of, is: 'ill', says: 'none is named: give database-url' }]
  const sql = openDatabase(databaseUrl, 1, { statementSeconds: databaseWithinS, silenceSeconds: databaseWithinS })
  try {
    const missing = await missingMigrations(sql)
    if (missing.isEmpty) return [await withoutTables(sql, databaseUrl)]
    await requireDatabase(sql, { databaseUrl, migrates: false })
    return [await sizeOf(sql, databaseUrl), await months(sql, retain), await clock(sql)]
  } catch (error) {
    return [{ of, is: 'ill', says: whyUnusable(error, databaseUrl) ?? reasonOf(error) }]
  } finally {
    await sql.end({ timeout: 1 })
  }
}

/** Of a database in which no server of ours was. */
async function withoutTables(sql: Database, databaseUrl: string): Promise<Finding> {
  const of = 'database'
  const place = placeOf(databaseUrl)
  const [{ others }] = await sql<[{ others: number }]>`
    select count(*)::int as others from pg_class
    where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')`
  if (others === 0) return { of, is: 'well', says: `${place} is empty: "serve" sets it up` }
  return {
    of,
    is: 'watch',
    says: `${place} holds tables of another program: name an empty one, unless both shall share it`,
  }
}

async function sizeOf(sql: Database, databaseUrl: string): Promise<Finding> {
  const [row] = await sql`
    select pg_database_size(current_database()) as bytes, current_setting('server_version') as version`
  const megabytes = Math.round((row!.bytes as number) / 1e6)
  const says = `${placeOf(databaseUrl)}, PostgreSQL ${row!.version}, ${megabytes} MB, schema of this release`
  return { of: 'database', is: 'well', says }
}

/** How far back the tables go, and whether some of their months should have been archived. */
async function months(sql: Database, retain: number | undefined): Promise<Finding> {
  const of = 'months'
  const kept = await keptMonths(sql)
  const now = Date.now() / 1000
  const due = retain === undefined ? [] : kept.filter((month) => monthOf(month, 1) <= monthOf(now, -retain))
  const since = kept.length === 0 ? 'none are in the database yet' : `in the database since ${nameOfMonth(kept[0]!)}`
  if (due.length === 0) return { of, is: 'well', says: retain === undefined ? `${since}, all are kept` : since }
  return { of, is: 'watch', says: `${since}, ${due.length} more than retain says: run "commonwatt archive"` }
}

async function clock(sql: Database): Promise<Finding> {
  const askedMs = Date.now()
  const [row] = await sql`select (extract(epoch from clock_timestamp()) * 1000)::bigint as ms`
  const apartMs = Math.round((askedMs + Date.now()) / 2 - (row!.ms as number))
  if (Math.abs(apartMs) < clockWithinMs) return { of: 'clock', is: 'well', says: 'agrees with the database’s' }
  const says = `is ${apartMs / 1000} s ahead of the database’s: set both by NTP`
  return { of: 'clock', is: 'ill', says }
}

async function chain(escrow: EscrowConfig, config: FileConfig): Promise<Finding[]> {
  const findings: Finding[] = []
  const note = (of: string, is: Finding['is'], says: string) => findings.push({ of, is, says })
  let of = 'chain'
  try {
    const place = placeOfEscrow(escrow)
    const facts = await readEscrowFacts(escrow.rpcUrl, place.escrow, place.chainId)
    const revocations = place.revocations === null ? null : parseAddress(place.revocations)
    await block(escrow.rpcUrl, facts, note)
    of = 'area'
    const areas = escrow.areaFiles.map((file) => readSettingsFile(file, facts))
    of = 'key'
    if (config.keyFile === undefined) {
      note(of, 'ill', 'none is named: give key-file')
      return findings
    }
    const operator = parseAddress(readWalletFile(config.keyFile).address)
    of = 'contracts'
    const warnings = await requireContracts(escrow.rpcUrl, facts, { revocations, areas, operator })
    note(of, 'well', `the escrow ${facts.escrow} is this release’s; its token is ${facts.tokenName}`)
    if (place.accounts === null) note(of, 'watch', 'nothing opens accounts of passkeys: give accounts')
    else await readAccountsFacts(escrow.rpcUrl, facts.chainId, parseAddress(place.accounts))
    for (const warning of warnings) note('area', 'ill', warning)
    if (warnings.length === 0) {
      const numbers = areas.map(({ area }) => area).join(', ')
      note('area', 'well', `open, with the rules of its file and this operator: ${numbers}`)
    }
    of = 'journal'
    const missing = await missingJournal({ rpcUrl: escrow.rpcUrl, facts, areas }, config)
    if (missing !== null) note(of, 'ill', missing)
    of = 'gas'
    const keys = [config.keyFile, ...(config.relayKeyFile === undefined ? [] : [config.relayKeyFile])]
    for (const file of keys) await gas(escrow.rpcUrl, facts, parseAddress(readWalletFile(file).address), note)
  } catch (error) {
    note(of, 'ill', reasonOf(error))
  }
  return findings
}

/**
 * What the start of a server would say where areas have settled batches and the database has no journal of them; null where it would
 * say nothing, or cannot ask.
 */
async function missingJournal(
  escrow: { rpcUrl: string; facts: EscrowFacts; areas: readonly AreaSettings[] },
  { databaseUrl }: FileConfig,
): Promise<string | null> {
  if (databaseUrl === undefined) return null
  const sql = openDatabase(databaseUrl, 1, { statementSeconds: databaseWithinS, silenceSeconds: databaseWithinS })
  try {
    await requireJournals(sql, { databaseUrl, ...escrow })
    return null
  } catch (error) {
    // What is wrong with the database itself is a finding of its own.
    return error instanceof ServeError ? error.message : null
  } finally {
    await sql.end({ timeout: 1 })
  }
}

type Note = (of: string, is: Finding['is'], says: string) => void

async function block(rpcUrl: string, { chainId }: EscrowFacts, note: Note): Promise<void> {
  const provider = openProvider(rpcUrl, chainId)
  try {
    const newest = await provider.getBlock('latest')
    const ageSeconds = Math.round(Date.now() / 1000 - (newest?.timestamp ?? 0))
    const isFresh = ageSeconds < blockWithinS
    const todo = isFresh ? '' : ': see whether the node follows its chain'
    note(
      'chain',
      isFresh ? 'well' : 'ill',
      `id ${chainId}, newest block ${newest?.number} is ${ageSeconds} s old${todo}`,
    )
  } finally {
    provider.destroy()
  }
}

async function gas(rpcUrl: string, { chainId }: EscrowFacts, key: Address, note: Note): Promise<void> {
  const provider = openProvider(rpcUrl, chainId)
  try {
    const wei = await provider.getBalance(key)
    const price = BigInt(await provider.send('eth_gasPrice', []))
    const batches = price === 0n ? null : wei / (price * leastGas)
    const says = `the key ${key} can pay for ${batches ?? 'any number of'} batches of a hundred homes`
    if (batches === 0n) note('gas', 'ill', `${says}: send it some of the chain’s coin`)
    else if (batches !== null && batches < 30n) note('gas', 'watch', `${says}: send it more before a month has passed`)
    else note('gas', 'well', says)
  } finally {
    provider.destroy()
  }
}

function backup({ backupFolder }: FileConfig): Finding {
  const of = 'backup'
  if (backupFolder === undefined) {
    return { of, is: 'watch', says: 'no folder is named: give backup-folder and run "commonwatt backup" every night' }
  }
  const madeAtMs = newestFileMs(backupFolder)
  if (madeAtMs === null)
    return { of, is: 'watch', says: `none in ${backupFolder}: run "commonwatt backup" every night` }
  const hours = Math.round((Date.now() - madeAtMs) / 3_600_000)
  const isOld = Date.now() - madeAtMs > oldestBackupMs
  return {
    of,
    is: isOld ? 'ill' : 'well',
    says: `the last one is ${hours} h old${isOld ? ': see why none is made' : ''}`,
  }
}

function disk({ backupFolder }: FileConfig): Finding {
  const folder = backupFolder ?? process.cwd()
  try {
    const { bavail, bsize } = statfsSync(folder)
    const gigabytes = Math.round((bavail * bsize) / 1e9)
    const isLow = bavail * bsize < leastDiskBytes
    const says = `${gigabytes} GB are free in ${folder}${isLow ? ': make room' : ''}`
    return { of: 'disk', is: isLow ? 'watch' : 'well', says }
  } catch (error) {
    return { of: 'disk', is: 'watch', says: reasonOf(error) }
  }
}

/** Whether people reach a server of ours under its address, and whether it believes the proxy before it. */
async function page(origin: string, { trustProxy }: FileConfig): Promise<Finding[]> {
  const of = 'page'
  const local = /^(localhost|127\.|\[::1\])/.test(new URL(origin).host)
  if (new URL(origin).protocol !== 'https:' && !local) {
    return [{ of, is: 'ill', says: `${origin} is without TLS: people’s sessions can be read on the way` }]
  }
  const findings: Finding[] = []
  if (trustProxy === undefined && !local) {
    const says = 'trust-proxy is not given: all people look like one address to the server behind its proxy'
    findings.push({ of: 'proxy', is: 'ill', says })
  }
  try {
    const response = await fetch(new URL('/healthz', origin), { signal: AbortSignal.timeout(pageWithinMs) })
    const { ok, release } = response.ok ? ((await response.json()) as { ok?: boolean; release?: string }) : {}
    if (ok === true && release === version) {
      findings.push({ of, is: 'well', says: `${origin} leads to a server of release ${release}` })
    } else if (ok === true) {
      const says = `${origin} leads to a server of release ${release ?? 'before 0.1.0'}, and this is ${version}: start it anew`
      findings.push({ of, is: 'watch', says })
    } else
      findings.push({ of, is: 'ill', says: `${origin} answers, but not with a server of this kind: see the proxy` })
  } catch {
    findings.push({ of, is: 'watch', says: `${origin} does not answer: start the server and its proxy` })
  }
  return findings
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
