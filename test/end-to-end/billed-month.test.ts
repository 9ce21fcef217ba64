/**
 * A month of a street in an area of grade `billing`, whole: agents, official values in three formats (late, corrected, estimated,
 * missing, a day of 25 hours), final runs, batches on chain, reports, documents; then an auditor who has the files and a node.
 *
 * It lives the last two days of a month with six homes by half-hours, and sums quarter-hours; `npm run soak:month` lives the whole month
 * with thirty homes by quarter-hours.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { escrowAt } from '../../contracts/build/deploy.ts'
import { seatIdOf } from '../../contracts/protocol/entry.ts'
import { formatMoney, parseMoney } from '../../contracts/protocol/units.ts'
import { isoSeconds } from '../../server/exchange/instants.ts'
import type { EnergyDirection, OfficialSeries } from '../../server/exchange/official-values.ts'
import { transact } from '../../server/store/database.ts'
import { replaceRoster, rosterOf } from '../../server/store/roster-store.ts'
import { startTestChain, type TestChain } from '../chain/street.ts'
import { read } from '../exchange/reading.ts'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'
import { type Audit, auditMonth } from './auditor.ts'
import { type HandedOut, handOut, writeReportTo } from './handed-out.ts'
import {
  correctedBy,
  countedWh,
  type MonthPlan,
  netSide,
  pointOf,
  type Trouble,
  troubledStart,
  troubles,
  vienna,
} from './metered-homes.ts'
import { deposit, type PlayedMonth, playMonth } from './played-month.ts'

const isWhole = process.env.WHOLE === '1'
const [hour, day] = [3_600, 86_400]
const month = '2050-10'
/** The clocks of Vienna go back on the 30th. */
const dayOf = (date: number) => Date.UTC(2050, 9, date) / 1000 / day
const plan: MonthPlan = {
  graceSeconds: 36 * hour,
  ...(isWhole
    ? { firstDay: dayOf(1), days: 31, homes: 30, intervalSeconds: 900, leapSeconds: 6 * hour }
    : { firstDay: dayOf(30), days: 2, homes: 6, intervalSeconds: 1_800, leapSeconds: 6 * hour }),
}
const { intervalSeconds } = plan
const [from, to] = [vienna.startOfDay(dayOf(1)), vienna.startOfDay(dayOf(32))]
const now = new Date('2050-11-20T10:00:00Z')

const folder = mkdtempSync(join(tmpdir(), 'commonwatt-month-'))
const said: string[] = []
let chain: TestChain
let server: ScratchServer
let played: PlayedMonth
let handed: HandedOut
let audit: Audit
const seconds: Record<string, number> = {}
beforeAll(async () => {
  chain = await startTestChain()
  server = await startScratchServer()
  played = await timed('lived', playMonth({ chain, server }, plan, showDay))
  const taxedFrom = isWhole ? '2050-10-16' : '2050-10-31'
  handed = await timed('handed out', handOut(played, { folder, month, taxedFrom, now }))
  vi.spyOn(process.stdout, 'write').mockImplementation((text, ...rest: unknown[]) => {
    said.push(String(text))
    const written = rest.at(-1)
    if (typeof written === 'function') written()
    return true
  })
  const asked = { rpcUrl: chain.chain.url, month: { from, to }, zone: vienna }
  audit = await timed('audited', auditMonth(folder, asked)).finally(() => vi.restoreAllMocks())
}, 10_800_000)
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await played?.stop()
  await server?.stop()
  await chain?.stop()
})

/** A line for each day of the whole month, since it takes minutes. */
function showDay(time: number): void {
  if (isWhole && time % day === 0) {
    process.stderr.write(`${isoSeconds(time).slice(0, 10)} after ${Math.round(performance.now() / 1_000)} s\n`)
  }
}

async function timed<Result>(name: string, work: Promise<Result>): Promise<Result> {
  const begun = performance.now()
  const result = await work
  seconds[name] = Math.round((performance.now() - begun) / 1_000)
  return result
}

/** What became of the interval of a home in which a trouble lies, and what its registers had counted there. */
async function outcomeOf(trouble: Trouble) {
  const { home } = troubles[trouble]
  const start = troubledStart(plan, trouble)
  const [row] = await played.database<Row[]>`
    select own.quality, own.import_wh as drawn, own.export_wh as fed, bought_wh + sold_wh as traded, kind, status
    from seat_intervals own join intervals using (area_id, start, run)
    where seat = ${played.homes[home - 1]!.number} and start = ${start} and current`
  const counted = (direction: EnergyDirection) => countedWh(home, direction, start, start + intervalSeconds)
  const side = netSide(home, start, intervalSeconds) === 'import' ? 'drawn' : 'fed'
  return { row: row!, side, counted: { drawn: counted('import'), fed: counted('export') } } as const
}

interface Row {
  quality: number
  drawn: number
  fed: number
  traded: number
  kind: string
  status: string
}

test('official values come in three formats, and each kind of trouble with them becomes what it must', async () => {
  const sums = { replaced: 0, missing: 0, conflict: 0, refused: 0 }
  for (const { verdicts, refused } of played.taken) {
    sums.replaced += verdicts.replaced
    sums.missing += verdicts.missing
    sums.conflict += verdicts.conflict
    sums.refused += refused
  }
  expect(new Set(played.taken.map(({ format }) => format))).toEqual(new Set(['eda-xml', 'eda-xlsx', 'csv']))
  expect(sums).toEqual({ replaced: 2, missing: 2, conflict: 0, refused: 0 })
  expect(played.notes.filter(({ what }) => what === 'refused')).toEqual([])
  const becomes = async (trouble: Trouble, quality: number, kind: string, more = 0) => {
    const { row, counted, side } = await outcomeOf(trouble)
    const energies = quality === 2 ? { drawn: 0, fed: 0 } : { ...counted, [side]: counted[side] + more }
    expect([trouble, row]).toEqual([trouble, { ...energies, quality, kind, status: 'final', traded: row.traded }])
    return row.traded
  }
  await becomes('late', 0, 'computed')
  await becomes('corrected', 0, 'computed')
  expect(await becomes('estimated', 1, 'computed')).toBe(0)
  expect(await becomes('missing', 2, 'computed')).toBe(0)
  expect(await becomes('too-late', 0, 'corrected')).toBe(0)
  await becomes('corrected-after', 0, 'corrected', correctedBy.afterCut)
})

test('the day on which the clocks go back has 25 hours, and the agent that counts less is noticed', async () => {
  const [start, end] = [30, 31].map((date) => vienna.startOfDay(dayOf(date)))
  const rows = await played.database<{ seat: number; count: number }[]>`
    select seat, count(*)::int as count from seat_intervals
    where current and start >= ${start!} and start < ${end!} group by seat`
  expect(rows.map(({ count }) => count)).toEqual(
    Array.from({ length: plan.homes }, () => (25 * hour) / intervalSeconds),
  )
  const [witness] = await played.database`
    select sum(compared)::int as compared, sum(beyond)::int as beyond, sum(official_wh - agent_wh)::int as difference
    from witness_days`
  expect(played.agentReadings).toBeGreaterThan(0)
  // What it has left out it counts in the interval after it; the third is the one that was corrected.
  expect(witness).toMatchObject({ beyond: 3, difference: correctedBy.afterCut })
  expect(witness!.compared).toBeGreaterThan((20 * hour) / intervalSeconds)
})

test('an auditor with the files and a node finds every batch, statement and row right, and what purses hold', async () => {
  expect(said.filter((line) => !line.startsWith('right'))).toEqual([])
  expect(audit).toMatchObject({ batches: handed.ends.length, statements: plan.homes * handed.ends.length })
  expect(audit.batches).toBe(plan.days + 1)
  const escrow = escrowAt(played.street.escrow, chain.provider)
  let take = 0n
  for (const { number } of played.homes) {
    const net = audit.nets.get(number) ?? 0n
    take -= net
    expect(await escrow.getFunction('balanceOf')(seatIdOf(played.street.rules.area, number))).toBe(deposit + net)
  }
  expect([take > 0n, await escrow.getFunction('gridBalance')(played.street.rules.area)]).toEqual([true, take])
})

test('documents in both languages are what settled batches moved, to the cent with the remainder shown', async () => {
  expect(audit.settled.paid).toBeGreaterThan(0n)
  expect(audit.billed).toEqual(audit.settled)
  const { sums, settled, gaps, coverage } = handed.bill
  for (const side of ['paid', 'received'] as const) {
    expect(settled[side]).toBe(formatMoney(audit.settled[side], 4))
    expect(parseMoney(sums[side], 4) + parseMoney(sums[`${side}Remainder`], 4)).toBe(audit.settled[side])
  }
  expect(handed.languages).toEqual(new Set(['de', 'en']))
  expect(audit.documents).toBe(handed.documents)
  // Of homes, and not of their agents beside them.
  expect(coverage.map(({ point }) => point)).toEqual(played.homes.map((_, i) => pointOf(i + 1)))
  expect(gaps.join('\n')).toContain(`${pointOf(troubles.missing.home)}: `)
})

test('reports in every format say the same watt-hours', async () => {
  const written = [...handed.reports].map(([name, { manifest, refusals }]) => [name, manifest.rows, refusals])
  expect(written).toEqual(['csv', 'csv-excel', 'espi', 'energy-account'].map((name) => [name, audit.rows, []]))
  const { sums } = handed.reports.get('csv')!.manifest
  // The reader takes files of official values up to 64 MiB, and such a report of a street's month has more: it is asked for in halves.
  const half = handed.range.from + Math.ceil(audit.batches / 2) * day
  const espi: OfficialSeries[] = []
  for (const part of [
    { from: handed.range.from, to: half },
    { from: half, to: handed.range.to },
  ]) {
    await writeReportTo(folder, played.database, played.market.stored, { name: 'espi', ...part }, now)
    espi.push(...(await read(readFileSync(join(folder, 'reports', 'espi.xml')))).series)
  }
  const own = espi.filter(({ point }) => !point.endsWith('-neighbours'))
  expect([sumOf(own, 'import'), sumOf(own, 'export')]).toEqual([sums.importWh, sums.exportWh])
  const traded = espi.filter(({ point }) => point.endsWith('-neighbours'))
  expect([sumOf(traded, 'import'), sumOf(traded, 'export')]).toEqual([sums.boughtWh, sums.soldWh])

  // NEM12 has identifiers of ten characters and days without daylight saving.
  const { database, market } = played
  const { areaId } = market.stored
  const roster = await rosterOf(database, areaId)
  const named = roster.map((row) => ({ ...row, point: `N${row.point.slice(-9)}` }))
  await transact(database, (sql) => replaceRoster(sql, areaId, named))
  const lastDay = { from: vienna.startOfDay(dayOf(31)), to: vienna.startOfDay(dayOf(32)) }
  const asked = { name: 'nem12', ...lastDay, timeZone: '+01:00' }
  const { manifest, refusals } = await writeReportTo(folder, database, market.stored, asked, now)
  expect([manifest.rows, refusals]).toEqual([(plan.homes * day) / intervalSeconds, []])
  const nem12 = await read(readFileSync(join(folder, 'reports', 'nem12.csv')), { timezone: '+01:00' })
  expect([sumOf(nem12.series, 'import'), sumOf(nem12.series, 'export')]).toEqual([
    manifest.sums.importWh,
    manifest.sums.exportWh,
  ])
  expect(nem12.series).toHaveLength(2 * plan.homes)
})

function sumOf(series: readonly OfficialSeries[], direction: string): number {
  let sum = 0
  for (const own of series) {
    if (own.direction === direction) for (const { energyMicroWh } of own.values) sum += (energyMicroWh ?? 0) / 1e6
  }
  return sum
}

test.runIf(isWhole)('what the month came to', async () => {
  const { database, taken, notes, agentReadings } = played
  const count = async (table: string) => (await database`select count(*)::int as n from ${database(table)}`)[0]!.n
  const [gas] = await database`
    select sum(gas_used)::bigint as gas, sum(energy_wh)::bigint as wh from batch_progress join batches using (area_id, end_at)`
  const signed = notes.reduce((sum, note) => sum + (note.what === 'signed' ? note.readings : 0), 0)
  const values = taken.reduce((sum, { kept }) => sum + kept, 0)
  console.table({
    ...{ files: taken.length, values, signed, agentReadings, runs: await count('intervals') },
    ...{ rows: audit.rows, batches: audit.batches, statements: audit.statements, documents: audit.documents },
    ...{ tradedWh: gas!.wh, gas: gas!.gas, paid: handed.bill.settled.paid, received: handed.bill.settled.received },
    ...{ paidByDocuments: handed.bill.sums.paid, remainder: handed.bill.sums.paidRemainder },
    ...{ from: isoSeconds(from), to: isoSeconds(to), ...seconds },
  })
  expect(agentReadings).toBeGreaterThan(0)
})
