/**
 * What a PostgreSQL keeps for each meter and interval, by table, with indexes and long values: a street of 500 homes over two days, one
 * reading a message as homes send them, through the real store with statements and snapshots. Two days pass in a minute, so that what the database's own
 * housekeeping does in the meantime (plain VACUUM) is asked for after each snapshot.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { createDatabase, type EmbeddedPostgres } from '../../server/demo/embedded-postgres.ts'
import type { ChainSeat } from '../../server/market/area/area.ts'
import { snapshotOf } from '../../server/market/engine/snapshot.ts'
import { makeStatement } from '../../server/statements/make-statement.ts'
import { archiveMonths } from '../../server/store/archive-files.ts'
import { openAreaStore } from '../../server/store/area-store.ts'
import { type Database, endless, migrate, openDatabase } from '../../server/store/database.ts'
import { markSettled } from '../../server/store/settlement-store.ts'
import {
  config,
  face,
  following,
  intervalSeconds,
  order,
  placing,
  reading,
  seat,
  terms,
} from '../market/engine/street.ts'
import { JournalWriter } from '../store/journal-writer.ts'
import { withPostgres } from './ending.ts'
import { seededDraws } from './measure.ts'

export interface BytesRow {
  table: string
  /** For each meter and interval: rows themselves, indexes, long values. */
  rowBytes: number
  indexBytes: number
  longBytes: number
}

export interface KeptBytes {
  meters: number
  intervals: number
  tables: BytesRow[]
  /** Of all tables that grow with time. */
  totalBytes: number
  /** Kept of a meter in a year of 96 intervals a day, MB. */
  yearMb: number
  /** Written ahead, for each meter and interval. */
  logBytes: number
  /** Of the month's archive, likewise. */
  archivedBytes: number
}

const meters = 500
const intervals = 192
const batchSeconds = 86_400
/** The last two days of a month. */
const dayStart = Date.UTC(2027, 0, 30) / 1000
/** Rows of one commit: what gathers while the commit before is written. */
const readingsPerCommit = 20
/** So often a snapshot is written. */
const intervalsPerSnapshot = 8
/** Tables that hold what stands now, and do not grow with time. */
const standing = new Set(['seats', 'seat_funds', 'snapshots', 'snapshot_pieces', 'orders', 'area_settings', 'areas'])

export function benchBytes(): Promise<KeptBytes> {
  return withPostgres(measureBytes)
}

async function measureBytes(postgres: EmbeddedPostgres, folder: string): Promise<KeptBytes> {
  const url = await createDatabase(postgres.url, 'bench')
  const database = openDatabase(url, 1, endless)
  try {
    await migrate(database)
    const before = await logPlace(database)
    await liveDays(url, database)
    const logBytes = ((await logPlace(database)) - before) / (meters * intervals)
    const tables = await keptBytes(database)
    const archivedBytes = (await archived(database, join(folder, 'archives'))) / (meters * intervals)
    const totalBytes = tables.reduce((sum, own) => sum + own.rowBytes + own.indexBytes + own.longBytes, 0)
    return { meters, intervals, tables, totalBytes, yearMb: (totalBytes * 96 * 365) / 1e6, logBytes, archivedBytes }
  } finally {
    await database.end()
  }
}

async function liveDays(url: string, database: Database): Promise<void> {
  const identity = { chainId: face.chainId, escrow: face.escrow, area: config.rules.area }
  const { areaId, store, close } = await openAreaStore(url, identity)
  const writer = new JournalWriter(store)
  const seats = Array.from({ length: meters }, (_, index) => seatFrom(index + 1))
  const beginMs = dayStart * 1000 - 60_000
  const rules = { ...config.rules, batchSeconds }
  writer.run({ type: 'configure', atMs: beginMs, config: { ...config, rules }, face })
  writer.run(following(beginMs + 1_000, seats))
  for (let number = 1; number <= meters; number += 1) {
    for (const side of number % 3 === 0 ? (['buy', 'sell'] as const) : (['buy'] as const)) {
      const placed = order(number, side, { start: dayStart, end: dayStart + 3 * batchSeconds, nonce: 1 })
      writer.run({ ...placing(beginMs + 2_000, placed), signature: signature() })
    }
  }
  await writer.commit()
  const homes = new Homes()
  for (let interval = 1; interval <= intervals; interval += 1) {
    const time = dayStart + interval * intervalSeconds
    writer.passTime((time - intervalSeconds) * 1000 + 1_000)
    for (const [place, own] of homes.readings(time, interval).entries()) {
      writer.run({ type: 'readings', atMs: time * 1000 + 500 + 100 * place, readings: [own] })
      if (writer.waiting >= readingsPerCommit) await writer.commit()
    }
    writer.passTime(time * 1000 + 70_000)
    await writer.commit()
    if ((time - dayStart) % batchSeconds === 0) {
      writer.passTime(time * 1000 + 600_000)
      await writer.commit()
      if ((await makeStatement(database, { ...identity, areaId }, time)) === null) throw new Error('no batch was cut')
      await markSettled(database, areaId, time, { transaction: '0xab', block: interval, gasUsed: 1, approvals: null })
      writer.run(following(time * 1000 + 610_000, homes.settled(seats, time), time, interval))
      await writer.commit()
    }
    if (interval % intervalsPerSnapshot === 0) {
      await store.saveSnapshot(
        writer.committed,
        snapshotOf(writer.state, (hash) => store.hasPiece(hash)),
      )
      await database`vacuum`
    }
  }
  await close()
}

function seatFrom(number: number): ChainSeat {
  const start = { epoch: 1, time: dayStart, importWh: 4_000_000 + number, exportWh: 1_000_000 + number }
  const own = terms({
    from: dayStart,
    zone: number % 2 === 0 ? 'north' : 'street',
    validUntil: dayStart + 400 * 86_400,
  })
  return seat(number, { openedAt: dayStart, terms: [own], epochStart: start, base: start })
}

/** Meters that count: every third home has a roof, and each of these also reads its inverter. */
class Homes {
  private readonly draw = seededDraws(7)
  private readonly registers = Array.from({ length: meters }, (_, index) => ({
    importWh: 4_000_000 + index + 1,
    exportWh: 1_000_000 + index + 1,
    productionWh: 9_000_000 + index,
  }))

  /** In the order in which they arrive. */
  readings(time: number, interval: number) {
    const sun = Math.max(0, Math.round(800 * Math.sin((Math.PI * (interval - 24)) / 48)))
    const own = this.registers.map((registers, index) => {
      const hasRoof = (index + 1) % 3 === 0
      const made = hasRoof ? Math.floor((sun * (60 + this.draw(40))) / 100) : 0
      const net = 60 + this.draw(300) - made
      registers.importWh += Math.max(0, net) + (hasRoof ? this.draw(5) : 0)
      registers.exportWh += Math.max(0, -net)
      registers.productionWh += made
      const { importWh, exportWh, productionWh } = registers
      return reading(index + 1, time, importWh, exportWh, {
        ...{ signature: signature(), sequence: 20_000 + interval, productionWh: hasRoof ? productionWh : null },
      })
    })
    for (let left = own.length; left > 1; left -= 1) {
      const other = this.draw(left)
      ;[own[left - 1], own[other]] = [own[other]!, own[left - 1]!]
    }
    return own
  }

  /** As the chain shows the seats once the batch has settled. */
  settled(seats: readonly ChainSeat[], end: number): ChainSeat[] {
    return seats.map((own, index) => {
      const { importWh, exportWh } = this.registers[index]!
      return { ...own, base: { epoch: 1, time: end, importWh, exportWh } }
    })
  }
}

/** As a meter's key makes it: bytes that nothing can make shorter. */
function signature(): string {
  return `0x${randomBytes(64).toString('hex')}`
}

/** Bytes of the file into which the month goes. */
async function archived(database: Database, folder: string): Promise<number> {
  let size = 0
  await archiveMonths(database, {
    ...{ folder, retainMonths: 1, now: dayStart + 40 * batchSeconds, release: 'bench' },
    done(what) {
      if ('bytes' in what) size = what.bytes
    },
  })
  return size
}

async function logPlace(database: Database): Promise<number> {
  const [row] = await database<[{ place: string }]>`select pg_current_wal_lsn() - '0/0'::pg_lsn as place`
  return Number(row.place)
}

/** Of the tables that grow with time, the largest first; partitions count with their table. */
async function keptBytes(database: Database): Promise<BytesRow[]> {
  const rows = await database<BytesRow[]>`
    select coalesce(parent.relname, own.relname) as table, sum(pg_relation_size(own.oid))::float8 as "rowBytes",
      sum(pg_indexes_size(own.oid))::float8 as "indexBytes",
      sum(pg_total_relation_size(own.oid) - pg_relation_size(own.oid) - pg_indexes_size(own.oid))::float8 as "longBytes"
    from pg_class own
    left join pg_inherits on inhrelid = own.oid left join pg_class parent on parent.oid = inhparent
    where own.relnamespace = 'public'::regnamespace and own.relkind = 'r'
    group by 1 having sum(pg_relation_size(own.oid)) > 0 order by sum(pg_total_relation_size(own.oid)) desc`
  const each = (bytes: number) => bytes / (meters * intervals)
  return rows
    .filter(({ table }) => !standing.has(table))
    .map(({ table, rowBytes, indexBytes, longBytes }) => {
      return { table, rowBytes: each(rowBytes), indexBytes: each(indexBytes), longBytes: each(longBytes) }
    })
}
