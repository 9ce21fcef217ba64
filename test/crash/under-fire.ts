/**
 * A scripted street that trades while its processes are killed (SIGKILL) at seeded moments, and what must be true after:
 * no acknowledged reading, no final fill and no cent is lost or doubled. What a run without kills gives is known by hand for every
 * interval, so it is the yardstick. Each roof exports 40 Wh and the buyer takes 45, as far as their meters were measured:
 *
 * - All three: south sells the 20 Wh that its link carries at its ask of 800 ticks, north the other 25 Wh at its ask of 1,000, so
 *   the transformer's price is 1,100. 45 × 1,100 − 25 × 1,000 − 20 × 800 = 8,500 are left (fees of 3,500, rent of 5,000); the grid
 *   keeps 150 × 45 = 6,750 and 1,750 go back by matched energy: 875 to the buyer, 486 to north, 389 to south.
 * - North and the buyer: all 40 Wh at the buyer's bid of 2,500, less the fee of 100 for north; the fees of 4,000 are below the cap.
 * - South and the buyer: 20 Wh at 2,500 for the buyer and at 800 for south. 34,000 are left, the grid keeps 150 × 20 = 3,000, and
 *   15,500 go back to either side.
 * - Else nothing.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { JsonRpcProvider } from 'ethers'
import { expect } from 'vitest'
import { escrowAt, tokenAt } from '../../contracts/build/deploy.ts'
import { seatIdOf } from '../../contracts/protocol/entry.ts'
import { decodeCommand } from '../../server/market/engine/journal.ts'
import { type Database, openDatabase } from '../../server/store/database.ts'
import { rowsAfter } from '../../server/store/journal.ts'
import { readingsOf } from '../../server/store/told.ts'
import { builtProgram } from '../built.ts'
import { intervalSeconds } from '../end-to-end/scripted-street.ts'
import { steadyStreet } from '../end-to-end/steady-street.ts'
import { startTimelyDemo } from '../end-to-end/timely-demo.ts'

type Who = 'buyer' | 'north' | 'south'
/** By place of their zones. */
const whoOfZone: readonly Who[] = ['buyer', 'north', 'south']
/** Wh that each meter counts in an interval. */
const countedWh: Record<Who, number> = { buyer: 45, north: 40, south: 40 }

interface Result {
  gridTake: number
  /** Energy in Wh and what was paid or received for it, in ledger units. */
  trades: Partial<Record<Who, [energyWh: number, amount: number]>>
}
/** By who was measured. */
const expectedOf: Record<string, Result> = {
  'buyer north south': { gridTake: 6_750, trades: { buyer: [45, 48_625], north: [25, 25_486], south: [20, 16_389] } },
  'buyer north': { gridTake: 4_000, trades: { buyer: [40, 100_000], north: [40, 96_000] } },
  'buyer south': { gridTake: 3_000, trades: { buyer: [20, 34_500], south: [20, 31_500] } },
}
const noTrade: Result = { gridTake: 0, trades: {} }
const depositUnits = 100_000_000n
const calmWithinMs = 150_000
/** Intervals after the last kill, so that there are some in which nobody was disturbed: two batches. */
const calmIntervals = 6
/** A meter whose agent was down at the script's end has caught up by then. */
const readOnSeconds = 4 * intervalSeconds

export interface UnderFire {
  seed: number
  /** For so many scripted intervals there is killing. */
  intervals: number
  /** Mean pause between two kills. */
  everyMs: number
  log: (line: string) => void
}

export interface Survived {
  kills: Record<string, number>
  /** Intervals in which all three were measured, of how many. */
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
  const { demo, ports, startSeconds, end } = await startTimelyDemo(folder, (start) => ({
    ...steadyStreet(folder, { startSeconds: start, intervals: intervals + calmIntervals }),
    // A batch that the escrow takes no more is void; whatever the fire holds up, none becomes so old here.
    withdrawalDelaySeconds: 900,
  })).catch((error) => {
    rmSync(folder, { recursive: true, force: true })
    throw error
  })
  const fireEndSeconds = startSeconds + intervals * intervalSeconds
  const endSeconds = fireEndSeconds + calmIntervals * intervalSeconds
  const database = openDatabase(demo.databaseUrl, 2)
  try {
    const kills = await fire(demo.pids, { seed, untilMs: fireEndSeconds * 1000, everyMs, log })
    await calm(database, endSeconds, `${demo.url}/readyz`)
    const result = await checkTables(database, { startSeconds, endSeconds })
    await checkChain(database, { chainPort: ports.chain, escrow: demo.escrow, token: demo.token })
    checkRebuilt(await areaIn(database), demo.databaseUrl)
    return { kills, ...result }
  } finally {
    await database.end({ timeout: 1 })
    await end()
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
    // Whatever is down already, being started again, is let go by.
    const alive = targets.filter((name) => signal(pids()[name]!, 0))
    const name = alive[Math.floor(next() * alive.length)]
    if (name === undefined || !signal(pids()[name]!, 'SIGKILL')) continue
    kills[name] = (kills[name] ?? 0) + 1
    log(`${new Date().toISOString()} killed ${name}`)
  }
  return kills
}

/** Whether the process was there. */
function signal(pid: number, which: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, which)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    return false
  }
}

/** Waits until the batches of the script are settled on chain and every meter has been read well after its end. */
async function calm(database: Database, endSeconds: number, readyUrl: string): Promise<void> {
  const untilMs = Date.now() + calmWithinMs
  for (;;) {
    const [row] = await database`
      select count(*) filter (where status is distinct from 'settled' and end_at <= ${endSeconds})::int as open,
        max(end_at) filter (where status = 'settled') as settled
      from batches left join batch_progress using (area_id, end_at, number)`.catch(() => [undefined])
    const [read] = await database`
      select min(newest) as newest, count(*)::int as meters from (select max(time) as newest from readings group by seat) each`.catch(
      () => [undefined],
    )
    const settled = row !== undefined && row.open === 0 && row.settled >= endSeconds
    if (settled && read !== undefined && read.meters === 3 && read.newest >= endSeconds + readOnSeconds) return
    if (Date.now() > untilMs) {
      const ready = await fetch(readyUrl).then((answer) => answer.text(), String)
      throw new Error(`not calm after ${calmWithinMs} ms: ${JSON.stringify({ ...row, ...read })}, ready: ${ready}`)
    }
    await pause(500)
  }
}

async function checkTables(
  database: Database,
  { startSeconds, endSeconds }: { startSeconds: number; endSeconds: number },
) {
  const readings = await database`
    select meter, time, r.import_wh, r.export_wh from readings r join seats using (area_id, seat) order by meter, time`
  const sequencesOf = await journaledSequences(database)
  for (const [meter, rows] of groupBy(readings, (row) => row.meter as string)) {
    rows.forEach((row, index) => {
      const before = rows[index - 1]
      if (before === undefined) return
      expect(row.time - before.time, `${meter}: a reading for every boundary`).toBe(intervalSeconds)
      expect(row.import_wh).toBeGreaterThanOrEqual(before.import_wh)
      expect(row.export_wh).toBeGreaterThanOrEqual(before.export_wh)
    })
    const sequences = [...(sequencesOf.get(meter)?.values() ?? [])].sort((a, b) => a - b)
    expect(new Set(sequences).size, `${meter}: no sequence twice`).toBe(sequences.length)
    expect(sequences.at(-1)! - sequences[0]!, `${meter}: no sequence missing`).toBe(sequences.length - 1)
    const last = rows.at(-1)!
    const counted = (last.import_wh as number) + (last.export_wh as number)
    const perInterval = counted / ((endSeconds - startSeconds) / intervalSeconds)
    expect(Object.values(countedWh), `${meter}: all that the device counted is in its register`).toContain(perInterval)
  }

  const computed = await database`
    select distinct on (start) start, run, status, matched_wh, grid_take from intervals
    where start >= ${startSeconds} and start < ${endSeconds} and kind = 'computed' order by start, run desc`
  expect(computed).toHaveLength((endSeconds - startSeconds) / intervalSeconds)
  const others = await database`
    select start, run, kind, status from intervals where kind = 'reduced' or status = 'missed' order by start`
  expect([...others], 'everybody could pay and the chain settled nothing by itself').toEqual([])
  const seats = groupBy(
    await database`
      select start, run, zone, quality, import_wh, export_wh, bought_wh, sold_wh, paid, received
      from seat_intervals where current and start >= ${startSeconds} and start < ${endSeconds} order by start, zone`,
    (row) => row.start as number,
  )
  let undisturbed = 0
  let energyWh = 0
  for (const interval of computed) {
    const which = `the interval from ${interval.start}`
    expect(interval.status, which).toBe('final')
    const rows = seats.get(interval.start) ?? []
    // A reading that came after the batch was cut corrects its seat by a run of its own: its energy was not traded.
    const measured = rows.filter(({ run, quality }) => run === interval.run && quality === 0)
    const names = measured.map(({ zone }) => whoOfZone[zone as number]!)
    measured.forEach((row, index) => {
      expect(row.import_wh + row.export_wh, `${which}: what was measured is what was counted`).toBe(
        countedWh[names[index]!],
      )
    })
    const trades: Result['trades'] = {}
    for (const { zone, bought_wh, sold_wh, paid, received } of rows) {
      if (bought_wh + sold_wh > 0) trades[whoOfZone[zone as number]!] = [bought_wh + sold_wh, paid + received]
    }
    const result: Result = { gridTake: Number(interval.grid_take), trades }
    expect(result, `${which}, of which ${names.join(', ') || 'nobody'} was measured`).toEqual(
      expectedOf[names.join(' ')] ?? noTrade,
    )
    expect(interval.matched_wh, which).toBe(trades.buyer?.[0] ?? 0)
    energyWh += interval.matched_wh
    if (measured.length === whoOfZone.length) undisturbed += 1
  }
  expect(undisturbed, 'intervals in which nobody was disturbed').toBeGreaterThan(0)
  const [settled] = await database`select sum(energy_wh)::int as wh from batches`
  const [matched] = await database`select coalesce(sum(bought_wh), 0)::int as wh from seat_intervals where current`
  expect(settled!.wh, 'every final fill is in exactly one batch').toBe(matched!.wh)
  return { undisturbed, intervals: computed.length, energyWh }
}

/** Numbers of the journaled readings, by meter and boundary: one that came again is the same one. */
async function journaledSequences(database: Database): Promise<Map<string, Map<number, number>>> {
  const sequencesOf = new Map<string, Map<number, number>>()
  const [{ areaId }] = await database<[{ areaId: number }]>`select area_id as "areaId" from areas`
  for (let place = 0; ; ) {
    const rows = await rowsAfter(database, areaId, place)
    if (rows.length === 0) return sequencesOf
    place = rows.at(-1)!.sequence
    for (const { meter, time, sequence } of rows.flatMap(({ command }) => readingsOf(decodeCommand(command)))) {
      sequencesOf.set(meter, (sequencesOf.get(meter) ?? new Map()).set(time, sequence))
    }
  }
}

/** The journal alone gives every table as it stands. */
function checkRebuilt(area: number, databaseUrl: string): void {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [builtProgram('commonwatt'), 'rebuild', '--area', String(area), '--database-url', databaseUrl],
    { encoding: 'utf8' },
  )
  expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: '', stdout: expect.stringMatching(/^same: /) })
}

/** The only one. */
async function areaIn(database: Database): Promise<number> {
  const [row] = await database`select area from areas`
  return row!.area
}

async function checkChain(database: Database, at: { chainPort: number; escrow: string; token: string }): Promise<void> {
  const provider = new JsonRpcProvider(`http://127.0.0.1:${at.chainPort}`, 31337, {
    staticNetwork: true,
    cacheTimeout: -1,
  })
  try {
    const escrow = escrowAt(at.escrow, provider)
    const area = await areaIn(database)
    const nets = await database`
      select seat, sum(received - paid)::text as net from seat_intervals where current group by seat order by seat`
    let claims = 0n
    for (const { seat, net } of nets) {
      const balance: bigint = await escrow.balanceOf!(seatIdOf(area, seat))
      expect(balance, `seat ${seat}: its purse is what it was and what it traded`).toBe(depositUnits + BigInt(net))
      claims += balance
    }
    const grid: bigint = await escrow.gridBalance!(area)
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
