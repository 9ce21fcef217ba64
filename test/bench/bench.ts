/**
 * `npm run bench`: the benchmarks, one after the other and each in a process of its own, then one table of them all and the
 * goals with what was reached. `npm run bench -- auction book` runs those; `busy`, `bytes`, `reports`, `commands` and `agent` run
 * only where they are named. With
 * `--json`, one JSON document is all that is printed.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { BusyRow } from './busy-day.ts'
import type { KeptBytes } from './bytes.ts'
import type { CommandRow } from './commands.ts'
import type { BareCommit, DurableRow } from './durable.ts'
import { endWithParent, whileRunning } from './ending.ts'
import type { Blocks } from './longest-block.ts'
import type { AuctionRow } from './market-auction.ts'
import type { BookRow } from './market-book.ts'
import type { EngineDay, EngineRow } from './market-engine.ts'
import type { AgentRow } from './meter-agent.ts'
import type { ReportBenchRow } from './reports.ts'

interface Results {
  auction?: { rows: AuctionRow[]; sortRatio: number; sortRatioCold: number }
  book?: BookRow[]
  engine?: { rows: EngineRow[]; day: EngineDay }
  durable?: { bareCommit: BareCommit; rows: DurableRow[] }
  busy?: BusyRow[]
  bytes?: KeptBytes
  reports?: ReportBenchRow[]
  agent?: AgentRow[]
  commands?: CommandRow[]
}

type Part = keyof Results

const parts = [
  'auction',
  'book',
  'engine',
  'durable',
  'busy',
  'bytes',
  'reports',
  'commands',
  'agent',
] as const satisfies Part[]
const byDefault: readonly Part[] = ['auction', 'book', 'engine', 'durable']

/** Of a settlement report, in every format. */
const wantedRowsPerSecond = 50_000

/** Runs one part in this process. */
const run: Record<Exclude<Part, 'agent'>, () => Promise<unknown>> = {
  auction: async () => (await import('./market-auction.ts')).benchAuction(),
  book: async () => (await import('./market-book.ts')).benchBook(),
  engine: async () => (await import('./market-engine.ts')).benchEngine(),
  durable: async () => (await import('./durable.ts')).benchDurable(),
  busy: async () => (await import('./busy-day.ts')).benchBusyDay(),
  bytes: async () => (await import('./bytes.ts')).benchBytes(),
  reports: async () => (await import('./reports.ts')).benchReports(),
  commands: async () => (await import('./commands.ts')).benchCommands(),
}

const [command, name] = process.argv.slice(2)
endWithParent()
if (command === 'part') process.stdout.write(JSON.stringify(await run[name as keyof typeof run]()))
else await report(process.argv.slice(2))

async function report(words: string[]): Promise<void> {
  const named = words.filter((word) => word !== '--json')
  const unknown = named.find((word) => !parts.includes(word as Part))
  if (unknown !== undefined) {
    console.error(`there is no benchmark ${unknown}: name some of ${parts.join(', ')}`)
    process.exitCode = 1
    return
  }
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    node: process.version,
    loadBefore: loadavg()[0]!,
  }
  const results: Results = {}
  for (const part of named.length === 0 ? byDefault : (named as Part[])) {
    if (!words.includes('--json')) console.error(`running: ${part}`)
    results[part] = JSON.parse(await inOwnProcess(part))
  }
  const goals = goalsOf(results)
  if (words.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ machine, ...results, goals })}\n`)
    return
  }
  console.log(
    `${machine.cores} × ${machine.cpu}, Node ${machine.node}; load before the run: ${machine.loadBefore.toFixed(2)}`,
  )
  printTable(tableOf(results))
  for (const { path, profile } of results.durable?.rows ?? []) {
    const greatest = profile.slice(0, 8).map(({ part, share }) => `${part} ${Math.round(100 * share)} %`)
    console.log(`main thread, ${path}: ${greatest.join(', ')}`)
  }
  for (const { goal, wanted, measured, reached } of goals) {
    console.log(`${reached ? 'reached' : 'MISSED '}  ${goal}: ${rounded(measured)} (wanted ${wanted})`)
  }
}

async function inOwnProcess(part: Part): Promise<string> {
  const folder = fileURLToPath(new URL('.', import.meta.url))
  const program = part === 'agent' ? [join(folder, 'meter-agent.js')] : [join(folder, 'bench.js'), 'part', part]
  const child = spawn(process.execPath, ['--expose-gc', ...program], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const stop = async () => {
    child.kill()
    await ended
  }
  return whileRunning(stop, async () => {
    const printed = await text(child.stdout)
    const [status, signal] = await ended
    if (status !== 0) throw new Error(`the benchmark ${part} ended with ${signal ?? `status ${status}`}`)
    return printed
  })
}

interface TableRow {
  benchmark: string
  result: string
  ratio?: string
  cold?: string
  p50?: string
  p99?: string
  'p99.9'?: string
  memory?: string
  more?: string
}

function tableOf({ auction, book, engine, durable, busy, bytes, reports, agent, commands }: Results): TableRow[] {
  return [
    ...(auction?.rows ?? []).map((row, i, { length }) => ({
      benchmark: `auction: ${row.name}`,
      result: `${rounded(row.warmMs)} ms`,
      ratio: `${rounded(row.timesOneZone)} × one zone`,
      cold: `${rounded(row.coldMs)} ms`,
      memory: `${rounded(row.memoryMb)} MB`,
      more:
        i < length - 1
          ? `${row.orders} orders`
          : `the auction is ${rounded(auction!.sortRatio)} × faster warm, ${rounded(auction!.sortRatioCold)} × cold`,
    })),
    ...(book ?? []).map((row) => ({
      benchmark: `book, ${row.workload}: ${row.name}`,
      result: `${rounded(row.millionPerSecond)} M ops/s`,
      ratio: `${rounded(row.timesPeer)} × peer`,
      p50: `${row.p50Ns} ns`,
      p99: `${row.p99Ns} ns`,
      'p99.9': `${row.p999Ns} ns`,
      memory: row.bytesPerRestingOrder === null ? '' : `${rounded(row.bytesPerRestingOrder)} B an order`,
      more: `GC ${row.collections} × in ${rounded(row.collectionMs)} ms`,
    })),
    ...(engine?.rows ?? []).map((row) => ({
      benchmark: `engine: ${row.name}`,
      result: `${rounded(row.perSecond)} /s`,
      ratio: `${rounded(row.growth)} × as long each as with half the seats`,
      more: `${row.seats} seats, ${row.commands} of them`,
    })),
    ...(engine === undefined ? [] : dayRows(engine.day)),
    ...(durable === undefined
      ? []
      : [
          {
            benchmark: 'durable: one row, PostgreSQL alone',
            result: `${rounded(1000 / durable.bareCommit.p50Ms)} /s`,
            p50: `${rounded(durable.bareCommit.p50Ms)} ms`,
            p99: `${rounded(durable.bareCommit.p99Ms)} ms`,
          },
        ]),
    ...(durable?.rows ?? []).map((row) => ({
      benchmark: `durable: ${row.path}`,
      result: `${rounded(row.perSecond)} /s`,
      ratio: row.timesCommitAlone === null ? '' : `${rounded(row.timesCommitAlone)} × the worker alone`,
      p50: `${rounded(row.p50Ms)} ms`,
      p99: `${rounded(row.p99Ms)} ms`,
      'p99.9': `${rounded(row.p999Ms)} ms`,
      more: [
        ...(row.commits === null ? [] : [`${rounded(row.commits.each)} a commit of ${rounded(row.commits.ms)} ms`]),
        `µs of CPU each: ${Object.entries(row.cpuMicros)
          .map(([part, micros]) => `${part} ${rounded(micros)}`)
          .join(', ')}`,
      ].join('; '),
    })),
    ...(busy ?? []).map((row, _, [alone]) => ({
      benchmark: `busy: ${row.phase}`,
      result: `${row.readings} readings`,
      ratio: `p99 ${rounded(row.p99Ms / alone!.p99Ms)} × a boundary alone`,
      p50: `${rounded(row.p50Ms)} ms`,
      p99: `${rounded(row.p99Ms)} ms`,
      more: `longest block: main thread ${blocked(row.main)}, area's thread ${blocked(row.area)}; ${row.more}`,
    })),
    ...(bytes === undefined ? [] : bytesRows(bytes)),
    ...(reports ?? []).map((row) => ({
      benchmark: `report: ${row.format}, ${row.zones} zones`,
      result: `${rounded(row.rowsPerSecond)} rows/s`,
      ratio: `${rounded(row.rowsPerSecond / wantedRowsPerSecond)} × what is wanted`,
      memory: `${row.memoryMiB} MiB`,
      more: `${row.rows} rows in ${rounded(row.seconds)} s, ${rounded(row.cpuSeconds)} s of CPU (${rounded(row.rows / row.cpuSeconds)} rows each); held at the end ${rounded(row.heldRatio)} × at the beginning`,
    })),
    ...(reports ?? []).map(({ format, zones, few, all }) => ({
      benchmark: `report alone: ${format}, ${zones} zones`,
      result: `${rounded(all.rows / all.seconds)} rows/s`,
      ratio: `${rounded(all.residentMiB / few.residentMiB)} × the memory of ${few.rows} rows`,
      memory: `${rounded(all.residentMiB)} MiB`,
      more: `${all.rows} rows in ${rounded(all.seconds)} s, ${rounded(all.cpuSeconds)} s of CPU (${rounded(all.rows / all.cpuSeconds)} rows each); ${few.rows} rows: ${rounded(few.residentMiB)} MiB`,
    })),
    ...(agent ?? []).map((row) => ({
      benchmark: `agent: ${row.homes} homes`,
      result: `${rounded(row.cpuPercent)} % of a core`,
      memory: `${rounded(row.residentMb)} MB`,
      more: `${row.polls} polls`,
    })),
    ...(commands ?? []).map((row) => ({
      benchmark: `command: ${row.command}`,
      result: `${rounded(row.cpuMs)} ms of CPU`,
      more: row.said,
    })),
  ]
}

function bytesRows({ meters, intervals, tables, totalBytes, yearMb, logBytes, archivedBytes }: KeptBytes): TableRow[] {
  return [
    ...tables.map(({ table, rowBytes, indexBytes, longBytes }) => ({
      benchmark: `bytes: ${table}`,
      result: `${rounded(rowBytes + indexBytes + longBytes)} B`,
      more: `rows ${rounded(rowBytes)}, indexes ${rounded(indexBytes)}, long values ${rounded(longBytes)}`,
    })),
    {
      benchmark: 'bytes: a meter and interval',
      result: `${rounded(totalBytes)} B`,
      more: `${rounded(yearMb)} MB a meter and year; ${rounded(logBytes)} B written ahead; ${meters} meters, ${intervals} intervals`,
    },
    { benchmark: 'bytes: the same in an archive', result: `${rounded(archivedBytes)} B`, more: 'batches and journal' },
  ]
}

function dayRows(day: EngineDay): TableRow[] {
  const { seats, intervals } = day
  const more = `${seats} seats, ${intervals} intervals that are not settled`
  const memory = `${rounded(day.bytesPerSeatInterval)} B a seat-interval`
  return [
    { benchmark: 'engine: a day in memory', result: `${rounded(day.memoryMb)} MB`, memory, more },
    {
      benchmark: 'engine: loading it',
      result: `${rounded(day.loadMs)} ms`,
      more: `CPU, ${rounded(day.snapshotMb)} MB`,
    },
    {
      benchmark: 'engine: an interval of it',
      result: `${rounded(day.computeMs)} ms`,
      more: 'CPU, the median computation',
    },
    {
      benchmark: 'engine: its journal’s bytes',
      result: `${rounded(day.encodeMs)} ms`,
      more: 'CPU, of one computation',
    },
    ...day.slowest.map(({ name, ms }) => {
      return { benchmark: `engine: ${name}`, result: `${rounded(ms)} ms`, more: 'CPU, the slowest command' }
    }),
  ]
}

function printTable(rows: TableRow[]): void {
  const titles = ['benchmark', 'result', 'ratio', 'cold', 'p50', 'p99', 'p99.9', 'memory', 'more'] as const
  const shown = titles.filter((title) => rows.some((row) => row[title]))
  const lines = [[...shown], ...rows.map((row) => shown.map((title) => row[title] ?? ''))]
  const widths = shown.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)))
  for (const line of lines) {
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
  }
}

interface Goal {
  goal: string
  wanted: string
  measured: number
  reached: boolean
}

function goalsOf({ auction, book, engine, durable, busy, bytes, reports, commands }: Results): Goal[] {
  const atLeast = (goal: string, measured: number, least: number): Goal => ({
    goal,
    wanted: `at least ${least} ×`,
    measured,
    reached: measured >= least,
  })
  const atMost = (goal: string, measured: number, most: number): Goal => ({
    goal,
    wanted: `at most ${most} ×`,
    measured,
    reached: measured <= most,
  })
  const below = (goal: string, measured: number, most: number, unit: string): Goal => {
    return { goal, wanted: `at most ${most} ${unit}`, measured, reached: measured <= most }
  }
  const goals: Goal[] = []
  if (engine !== undefined) {
    const { bytesPerSeatInterval, memoryMb, loadMs, computeMs, slowest } = engine.day
    goals.push(
      below('engine: a seat-interval that is not settled', bytesPerSeatInterval, 64, 'B'),
      below('engine: memory of a day', memoryMb, 150, 'MB'),
      below('engine: loading a day', loadMs, 1_000, 'ms of CPU'),
      below('engine: an interval is computed', computeMs, 500, 'ms of CPU'),
      below('engine: the slowest command', Math.max(...slowest.map(({ ms }) => ms)), 250, 'ms of CPU'),
    )
  }
  for (const { path, cpuMicros } of durable?.rows ?? []) {
    if (!path.startsWith('readings')) continue
    const { load: _, ...ofServer } = cpuMicros
    const micros = Object.values(ofServer).reduce((sum, each) => sum + each, 0)
    goals.push(below(`durable: ${path}`, micros, path.includes('100') ? 120 : 250, 'µs of CPU each'))
  }
  for (const { phase, p99Ms, main, area } of busy ?? []) {
    goals.push(
      below(`busy: ${phase}, p99 until a reading is durable`, p99Ms, 1_000, 'ms'),
      below(`busy: ${phase}, the longest block of the main thread`, main.workMs, 50, 'ms of work'),
      below(`busy: ${phase}, the longest block of the area's thread`, area.workMs, 250, 'ms of work'),
    )
  }
  if (bytes !== undefined) goals.push(below('bytes: kept for each meter and interval', bytes.totalBytes, 500, 'B'))
  if (commands !== undefined) {
    const slowest = commands.reduce((a, b) => (a.cpuMs > b.cpuMs ? a : b))
    goals.push(below(`commands: until the slowest has started, ${slowest.command}`, slowest.cpuMs, 300, 'ms of CPU'))
  }
  if (reports !== undefined) {
    const slowest = reports.reduce((a, b) => (a.rowsPerSecond < b.rowsPerSecond ? a : b))
    goals.push(
      {
        ...{ goal: `reports: rows a second of the slowest, ${slowest.format} with ${slowest.zones} zones` },
        ...{ wanted: `at least ${wantedRowsPerSecond}`, measured: slowest.rowsPerSecond },
        reached: slowest.rowsPerSecond >= wantedRowsPerSecond,
      },
      atMost(
        'reports: what is held at the end, as a multiple of the beginning',
        Math.max(...reports.map((row) => row.heldRatio)),
        1.5,
      ),
      atMost(
        'reports: memory of a process for all rows, as a multiple of that for 100,000',
        Math.max(...reports.map(({ few, all }) => all.residentMiB / few.residentMiB)),
        1.5,
      ),
    )
  }
  if (auction !== undefined) {
    const times = (start: string) => auction.rows.find(({ name }) => name.startsWith(start))!.timesOneZone
    goals.push(
      atLeast('auction: faster than a comparator sort and merge, warm', auction.sortRatio, 20),
      atMost('auction: 1,000 zones, as a multiple of one zone', times('1,000 zones'), 5),
      atMost('auction: 10,000 zones of 20 orders, as a multiple of one zone', times('10,000 zones'), 2),
    )
  }
  for (const { name, workload, timesPeer } of book ?? []) {
    if (name.startsWith('core'))
      goals.push(atLeast(`book, ${workload}: core, as a multiple of the peer`, timesPeer, 24))
    if (name.startsWith('string')) {
      goals.push(atLeast(`book, ${workload}: string ids and journal, as a multiple of the peer`, timesPeer, 3))
    }
  }
  return goals
}

function blocked({ longestMs, workMs }: Blocks): string {
  return `${rounded(longestMs)} ms, at most ${rounded(workMs)} ms of work in one`
}

function rounded(value: number): number {
  return Number(value.toPrecision(3))
}
