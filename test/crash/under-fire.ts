/**
 * A scripted street that trades while its processes are killed (SIGKILL) at seeded moments, and what must be true after:
 * no acknowledged reading, no final fill and no cent is lost or doubled. What an uninterrupted run gives is known by hand
 * for every interval, so it is the yardstick: each roof exports 40 Wh, the buyer takes 45. South sells the 20 Wh that its
 * link carries at its ask of 800 ticks, north the other 25 Wh at its ask of 1,000, so the transformer's price is 1,100.
 * 45 × 1,100 − 25 × 1,000 − 20 × 800 = 8,500 are left (fees of 3,500, rent of 5,000); the grid keeps 150 × 45 = 6,750 and
 * 1,750 go back by matched energy: 875 to the buyer, 486 to north, 389 to south.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { JsonRpcProvider } from 'ethers'
import { expect } from 'vitest'
import { escrowAt, tokenAt } from '../../contracts/build/deploy.ts'
import { seatIdOf } from '../../contracts/protocol/entry.ts'
import { startDemo } from '../../server/demo/demo.ts'
import { freePort } from '../../server/demo/ports.ts'
import { removeDataFolder } from '../../server/demo/postgres-folder.ts'
import { type Database, openDatabase } from '../../server/store/database.ts'
import { replayArea } from '../../server/store/journal.ts'
import { assertBuilt } from '../built.ts'
import { areaNumber, batchSeconds, intervalSeconds } from '../end-to-end/scripted-street.ts'
import { steadyStreet } from '../end-to-end/steady-street.ts'

/** Of an interval in which all three meters were measured, in ledger units. */
const uninterrupted = { matchedWh: 45, paid: 48_625n, received: 25_486n + 16_389n, gridTake: 6_750n }
/** Wh that a meter counts in an interval. */
const countedWh = [40, 45]
const depositUnits = 100_000_000n
const startUpSeconds = 50
const calmWithinMs = 150_000
/** A meter whose agent was down at the script's end has caught up by then. */
const readOnSeconds = 4 * intervalSeconds

export interface UnderFire {
  seed: number
  /** Scripted intervals; the killing lasts as long. */
  intervals: number
  /** Mean pause between two kills. */
  everyMs: number
  log: (line: string) => void
}

export interface Survived {
  kills: Record<string, number>
  /** Intervals whose result is that of an uninterrupted run, of how many. */
  undisturbed: number
  intervals: number
  energyWh: number
}

/** Deterministic numbers in [0, 1). */
function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Runs the street under fire and checks everything; throws what does not hold. */
export async function surviveFire({ seed, intervals, everyMs, log }: UnderFire): Promise<Survived> {
  const folder = mkdtempSync(join(tmpdir(), 'commonwatt-crash-'))
  const startSeconds = Math.ceil((Date.now() / 1000 + startUpSeconds) / batchSeconds) * batchSeconds
  const endSeconds = startSeconds + intervals * intervalSeconds
  const street = steadyStreet(folder, { startSeconds, intervals })
  const ports = {
    web: await freePort(),
    database: await freePort(),
    chain: await freePort(),
    devices: await freePort(),
  }
  assertBuilt(['commonwatt', 'commonwatt-agent'])
  const demo = await startDemo({ street, dataFolder: join(folder, 'data'), ports, print: () => {} })
  const database = openDatabase(demo.databaseUrl, 2)
  try {
    const kills = await fire(demo.pids, { seed, untilMs: endSeconds * 1000, everyMs, log })
    await calm(database, endSeconds)
    const result = await checkTables(database, { startSeconds, endSeconds })
    await checkChain(database, { chainPort: ports.chain, escrow: demo.escrow, token: demo.token })
    return { kills, ...result }
  } finally {
    await database.end({ timeout: 1 })
    await demo.stop()
    removeDataFolder(join(folder, 'data'))
    rmSync(folder, { recursive: true, force: true })
  }
}

async function fire(
  pids: () => Record<string, number>,
  { seed, untilMs, everyMs, log }: { seed: number; untilMs: number; everyMs: number; log: (line: string) => void },
): Promise<Record<string, number>> {
  const next = random(seed)
  const kills: Record<string, number> = {}
  const targets = Object.keys(pids()).filter((name) => name !== 'devices')
  while (Date.now() < untilMs) {
    await pause(everyMs * (0.5 + next()))
    const name = targets[Math.floor(next() * targets.length)]!
    try {
      process.kill(pids()[name]!, 'SIGKILL')
      kills[name] = (kills[name] ?? 0) + 1
      log(`${new Date().toISOString()} killed ${name}`)
    } catch (error) {
      // It is down already, being started again.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
  return kills
}

/** Waits until the batches of the script are settled on chain and every meter has been read well after its end. */
async function calm(database: Database, endSeconds: number): Promise<void> {
  const untilMs = Date.now() + calmWithinMs
  for (;;) {
    const [row] = await database`
      select count(*) filter (where status <> 'settled' and end_at <= ${endSeconds})::int as open,
        max(end_at) filter (where status = 'settled') as settled from batches`.catch(() => [undefined])
    const [read] = await database`
      select min(newest) as newest, count(*)::int as meters from (select max(time) as newest from readings group by meter) each`.catch(
      () => [undefined],
    )
    const settled = row !== undefined && row.open === 0 && row.settled >= endSeconds
    if (settled && read !== undefined && read.meters === 3 && read.newest >= endSeconds + readOnSeconds) return
    if (Date.now() > untilMs) throw new Error(`not calm after ${calmWithinMs} ms: ${JSON.stringify(row)}`)
    await pause(500)
  }
}

async function checkTables(
  database: Database,
  { startSeconds, endSeconds }: { startSeconds: number; endSeconds: number },
) {
  const readings = await database`
    select meter, time, sequence, import_wh, export_wh from readings order by meter, time`
  for (const [meter, rows] of groupBy(readings, (row) => row.meter as string)) {
    rows.forEach((row, index) => {
      const before = rows[index - 1]
      if (before === undefined) return
      expect(row.time - before.time, `${meter}: a reading for every boundary`).toBe(intervalSeconds)
      expect(row.import_wh).toBeGreaterThanOrEqual(before.import_wh)
      expect(row.export_wh).toBeGreaterThanOrEqual(before.export_wh)
    })
    const sequences = rows.map((row) => row.sequence as number).sort((a, b) => a - b)
    expect(new Set(sequences).size, `${meter}: no sequence twice`).toBe(sequences.length)
    expect(sequences.at(-1)! - sequences[0]!, `${meter}: no sequence missing`).toBe(sequences.length - 1)
    const last = rows.at(-1)!
    const counted = (last.import_wh as number) + (last.export_wh as number)
    const perMeter = counted / ((endSeconds - startSeconds) / intervalSeconds)
    expect(countedWh, `${meter}: all that the device counted is in its register`).toContain(perMeter)
  }

  const finals = await database`
    select start, matched_wh, grid_take, missing_readings from intervals i
    where start >= ${startSeconds} and start < ${endSeconds}
      and run = (select max(run) from intervals where start = i.start) order by start`
  expect(finals).toHaveLength((endSeconds - startSeconds) / intervalSeconds)
  const seats = groupBy(
    await database`select * from seat_intervals where current and start >= ${startSeconds} and start < ${endSeconds}`,
    (row) => row.start as number,
  )
  let undisturbed = 0
  let energyWh = 0
  for (const interval of finals) {
    const rows = seats.get(interval.start)!
    const paid = rows.reduce((sum, row) => sum + BigInt(row.paid), 0n)
    const received = rows.reduce((sum, row) => sum + BigInt(row.received), 0n)
    expect(paid - received).toBe(BigInt(interval.grid_take))
    energyWh += interval.matched_wh
    // A reading that came after the batch was cut has corrected one seat by a run of its own: its energy was not traded.
    const corrected = new Set(rows.map((row) => row.run)).size > 1
    const traded = rows.filter((row) => row.quality === 'measured').length === 3 && interval.matched_wh > 0
    if (corrected || !traded) continue
    undisturbed += 1
    const result = { matchedWh: interval.matched_wh, paid, received, gridTake: BigInt(interval.grid_take) }
    expect(result, `the interval from ${interval.start}`).toEqual(uninterrupted)
  }
  const [settled] = await database`select sum(energy_wh)::int as wh from batches`
  const [matched] = await database`select coalesce(sum(bought_wh), 0)::int as wh from seat_intervals where current`
  expect(settled!.wh, 'every final fill is in exactly one batch').toBe(matched!.wh)
  const replayed = await replayArea(database, 1)
  const [journal] = await database`select max(sequence) as sequence from journal`
  expect(replayed.sequence).toBeGreaterThanOrEqual(journal!.sequence - 5)
  return { undisturbed, intervals: finals.length, energyWh }
}

async function checkChain(database: Database, at: { chainPort: number; escrow: string; token: string }): Promise<void> {
  const provider = new JsonRpcProvider(`http://127.0.0.1:${at.chainPort}`, 31337, {
    staticNetwork: true,
    cacheTimeout: -1,
  })
  try {
    const escrow = escrowAt(at.escrow, provider)
    const nets = await database`
      select seat, sum(received - paid)::text as net from seat_intervals where current group by seat order by seat`
    let claims = 0n
    for (const { seat, net } of nets) {
      const balance: bigint = await escrow.balanceOf!(seatIdOf(areaNumber, seat))
      expect(balance, `seat ${seat}: its purse is what it was and what it traded`).toBe(depositUnits + BigInt(net))
      claims += balance
    }
    const grid: bigint = await escrow.gridBalance!(areaNumber)
    expect(claims + grid, 'nothing came from nowhere, nothing is gone').toBe(3n * depositUnits)
    const tokens: bigint = await tokenAt(at.token, provider).balanceOf!(at.escrow)
    expect(tokens * 10n).toBe(3n * depositUnits)
  } finally {
    provider.destroy()
  }
}

function groupBy<Row, Key>(rows: readonly Row[], keyOf: (row: Row) => Key): Map<Key, Row[]> {
  const groups = new Map<Key, Row[]>()
  for (const row of rows) {
    const key = keyOf(row)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [row])
    else group.push(row)
  }
  return groups
}
