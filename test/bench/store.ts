/**
 * What the database costs: processor time and write-ahead log of commits of readings, one and a hundred a command, and of an
 * interval's results; and the bytes that stay for each meter and interval, by table. The engine's own work is not counted.
 */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase, startPostgres } from '../../server/demo/embedded-postgres.ts'
import { freePort } from '../../server/demo/ports.ts'
import { removeDataFolder } from '../../server/demo/postgres-folder.ts'
import { openAreaStore } from '../../server/store/area-store.ts'
import { type Database, endless, migrate, openDatabase } from '../../server/store/database.ts'
import { config, face, following, intervalSeconds, order, placing, reading, seat, t0 } from '../market/engine/street.ts'
import { JournalWriter } from '../store/journal-writer.ts'

export interface StoreRow {
  what: string
  /** Readings, or rows of seats. */
  count: number
  commits: number
  /** For each of them. */
  databaseMicros: number
  clientMicros: number
  logBytes: number
}

/** Kept for each meter and interval. */
export interface KeptRow {
  table: string
  bytes: number
}

const seatCount = 2_000
/** Before anything is measured. */
const warmIntervals = 6

export async function benchStore(): Promise<{ rows: StoreRow[]; kept: KeptRow[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'commonwatt-bench-'))
  const postgres = await startPostgres({ dataFolder: folder, port: await freePort(), log: () => {} })
  const url = await createDatabase(postgres.url, 'bench')
  const database = openDatabase(url, 1, endless)
  try {
    await migrate(database)
    const { store, close } = await openAreaStore(url, { chainId: face.chainId, escrow: face.escrow, area: 1 })
    const bench = new StoreBench(new JournalWriter(store), database, postgres.pid)
    const rows = await bench.run()
    const kept = await bench.kept()
    await close()
    return { rows, kept }
  } finally {
    await database.end()
    await postgres.stop()
    removeDataFolder(folder)
  }
}

class StoreBench {
  private readonly writer: JournalWriter
  private readonly database: Database
  private readonly databasePid: number
  private interval = 0

  constructor(writer: JournalWriter, database: Database, databasePid: number) {
    this.writer = writer
    this.database = database
    this.databasePid = databasePid
  }

  async run(): Promise<StoreRow[]> {
    const { writer } = this
    writer.run({ type: 'configure', atMs: t0 * 1000 - 5_000, config, face })
    const seats = Array.from({ length: seatCount }, (_, index) => seat(index + 1))
    for (let from = 0; from < seats.length; from += 500) {
      writer.run({ ...following(t0 * 1000 - 4_000, seats.slice(from, from + 500)), isPart: from + 500 < seats.length })
    }
    for (let number = 1; number <= seatCount; number += 1) {
      const side = number % 2 === 0 ? 'sell' : 'buy'
      writer.run(placing(t0 * 1000 - 3_000, order(number, side, { end: t0 + 300 * 86_400 })))
      if (writer.waiting === 500) await writer.commit()
    }
    await writer.commit()
    for (let count = 0; count < warmIntervals; count += 1) {
      for (const prepare of [() => this.readings(100, 10), () => this.results()]) {
        for (const commit of (await prepare()).commits) await commit()
      }
    }
    const rows: StoreRow[] = []
    for (const [perCommand, perCommit] of [
      [1, 1],
      [1, 10],
      [1, 100],
      [1, 1_000],
      [100, 1],
      [100, 10],
    ] as const) {
      rows.push(
        await this.measured(`readings, ${perCommand} a command, ${perCommit} commands a commit`, () =>
          this.readings(perCommand, perCommit),
        ),
        await this.measured('results of an interval', () => this.results()),
      )
    }
    const results = rows.filter(({ what }) => what.startsWith('results'))
    return [...rows.filter((row) => !results.includes(row)), results.at(-1)!]
  }

  /** Brings every seat's reading of the next boundary. Commands are made before the clock runs. */
  private async readings(
    perCommand: number,
    perCommit: number,
  ): Promise<{ count: number; commits: (() => Promise<void>)[] }> {
    const time = t0 + (this.interval + 1) * intervalSeconds
    this.writer.passTime((time - intervalSeconds) * 1000 + 1_000)
    await this.writer.commit()
    const all = Array.from({ length: seatCount }, (_, index) => {
      const total = 500 * (this.interval + 1)
      const [importWh, exportWh] = index % 2 === 0 ? [total, 0] : [0, total]
      return reading(index + 1, time, importWh, exportWh, {
        signature: signatureOf(index),
        sequence: this.interval + 1,
      })
    })
    const commits: (() => Promise<void>)[] = []
    for (let from = 0, commands = 0; from < all.length; from += perCommand) {
      this.writer.run({ type: 'readings', atMs: time * 1000 + 500, readings: all.slice(from, from + perCommand) })
      commands += 1
      if (commands % perCommit === 0 || from + perCommand >= all.length) commits.push(this.writer.prepared())
    }
    return { count: seatCount, commits }
  }

  private async results(): Promise<{ count: number; commits: (() => Promise<void>)[] }> {
    this.interval += 1
    this.writer.passTime((t0 + this.interval * intervalSeconds) * 1000 + 1_000)
    return { count: seatCount, commits: [this.writer.prepared()] }
  }

  private async measured(
    what: string,
    prepare: () => Promise<{ count: number; commits: (() => Promise<void>)[] }>,
  ): Promise<StoreRow> {
    const { count, commits } = await prepare()
    const before = { log: await this.logPlace(), database: this.databaseSeconds(), client: process.cpuUsage() }
    for (const commit of commits) await commit()
    const client = process.cpuUsage(before.client)
    const databaseSeconds = this.databaseSeconds() - before.database
    const logBytes = (await this.logPlace()) - before.log
    return {
      ...{ what, count, commits: commits.length },
      databaseMicros: (databaseSeconds * 1e6) / count,
      clientMicros: (client.user + client.system) / count,
      logBytes: logBytes / count,
    }
  }

  private async logPlace(): Promise<number> {
    const [row] = await this.database<[{ place: string }]>`select pg_current_wal_lsn() - '0/0'::pg_lsn as place`
    return Number(row.place)
  }

  /** Of all sessions and background processes; in hundredths of a second, as the kernel counts. */
  private databaseSeconds(): number {
    let ticks = 0
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue
      try {
        const fields = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]!.split(' ').map(Number)
        const [parent, user, system] = [fields[1], fields[11], fields[12]]
        if (parent === this.databasePid) ticks += user! + system!
      } catch {
        // It has ended since.
      }
    }
    return ticks / 100
  }

  /** Of the tables that grow with every interval, indexes included. */
  async kept(): Promise<KeptRow[]> {
    await this.database`vacuum full`
    const rows = await this.database<KeptRow[]>`
      select relname as table, pg_total_relation_size(oid)::float8 / ${seatCount * this.interval} as bytes
      from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
        and relname in ('journal', 'readings', 'reading_stretches', 'seat_intervals', 'intervals', 'interval_zones',
          'interval_grounds', 'batches', 'batch_entries')
      order by 2 desc`
    return [...rows]
  }
}

/** Random enough not to be squeezed. */
function signatureOf(seed: number): string {
  let state = seed + 1
  let digits = ''
  while (digits.length < 128) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    digits += state.toString(16).padStart(8, '0')
  }
  return `0x${digits.slice(0, 128)}`
}
