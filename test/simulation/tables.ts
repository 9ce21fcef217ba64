/**
 * The tables of an area as plain maps: the slow and obvious twin of `server/store`. They follow from journaled commands and
 * their events alone, so tables that lived through every fault must equal those that are made anew from the journal.
 */
import postgres from 'postgres'
import type { AreaStore, Journaled } from '../../server/areas/area-store.ts'
import type {
  BatchCut,
  ChainSeat,
  Event,
  IntervalRun,
  LateReading,
  MeterReading,
} from '../../server/market/area/area.ts'
import type { Quality } from '../../server/market/area/codes.ts'
import type { Standing } from '../../server/market/area/standing.ts'
import { print } from './print.ts'

/** How a seat stands in one interval, by the newest run that tells of it. */
export interface SeatRow {
  run: number
  zone: string
  quality: Quality
  importWh: number
  exportWh: number
  boughtWh: number
  soldWh: number
  paid: bigint
  received: bigint
}

export interface BatchRow {
  batch: BatchCut
  number: number
  leftOut: number[]
}

interface ReadingRow {
  meter: string
  importWh: number
  exportWh: number
  quality: number
  signature: string
}

export class Tables {
  intervalSeconds = 0
  rootZone = ''
  readonly seats = new Map<number, ChainSeat>()
  /** By seat, epoch and time. */
  readonly readings = new Map<string, ReadingRow>()
  /** Arrivals of orders, forward orders, agreements and budgets by their identifiers. */
  readonly arrivals = new Map<string, number>()
  readonly trades = new Map<string, { buyer: number; seller: number; priceTicks: number; energyWh: number }>()
  /** Newest run of each interval, and whether it is final. */
  readonly intervals = new Map<number, { run: number; isFinal: boolean; matchedWh: number; isMissed?: true }>()
  /** By start and seat. */
  readonly seatRows = new Map<string, SeatRow>()
  readonly batches = new Map<number, BatchRow>()
  readonly missed = new Map<number, number>()
  readonly suspended = new Set<string>()

  /** Advances the tables; throws what PostgreSQL would where a row is there already. */
  project({ command, events }: Pick<Journaled, 'command' | 'events'>): void {
    const signed: readonly MeterReading[] =
      command.type === 'readings'
        ? command.readings
        : command.type === 'late-readings'
          ? command.readings.map(({ reading }) => reading)
          : []
    let answered = 0
    for (const event of events) {
      this.follow(event, signed[answered])
      if (event.type === 'reading') answered += 1
    }
  }

  private follow(event: Event, reading: MeterReading | undefined): void {
    switch (event.type) {
      case 'configured':
        this.intervalSeconds = event.config.rules.intervalSeconds
        this.rootZone = event.config.zones.find(({ parent }) => parent === null)!.id
        break
      case 'seat-changed':
        this.seats.set(event.seat.seat, event.seat)
        break
      case 'reading': {
        if (event.status !== 'stored') break
        const { meter, importWh, exportWh, quality, signature } = reading!
        for (const seat of [event.seat, event.nextSeat]) {
          if (seat === 0) continue
          const row = { meter, importWh, exportWh, quality, signature }
          insert(this.readings, readingKey(seat, event.epoch, event.time), row)
        }
        break
      }
      case 'reading-voided':
        this.readings.delete(readingKey(event.seat, event.epoch, event.time))
        break
      case 'order-accepted':
      case 'forward-accepted':
        insert(this.arrivals, event.order.id, event.order.arrival)
        break
      case 'agreement-accepted':
        insert(this.arrivals, event.agreement.id, event.agreement.arrival)
        break
      case 'budget-set':
        insert(this.arrivals, event.budget.id, event.budget.arrival)
        break
      case 'forward-trade': {
        const { start, number, buyer, seller, priceTicks, energyWh } = event.trade
        insert(this.trades, `${start} ${number}`, { buyer, seller, priceTicks, energyWh })
        break
      }
      case 'meter-suspended':
        this.suspended.add(event.meter)
        break
      case 'suspension-lifted':
        this.suspended.delete(event.meter)
        break
      case 'interval-cleared':
        this.clear(event.result)
        break
      case 'interval-reduced':
        this.intervals.set(event.start, { run: event.run, isFinal: true, matchedWh: event.matchedWh })
        for (const { seat, boughtWh, soldWh, paid, received } of event.changes) {
          const before = this.seatRows.get(`${event.start} ${seat}`)!
          this.seatRows.set(`${event.start} ${seat}`, { ...before, run: event.run, boughtWh, soldWh, paid, received })
        }
        break
      case 'interval-final':
        this.intervals.get(event.start)!.isFinal = true
        break
      case 'interval-amended':
      case 'interval-corrected': {
        const { start, run, seat, zone, quality, importWh, exportWh } = event
        const row = this.intervals.get(start)!
        if (row.run + Number(row.isFinal) !== run)
          throw refusal('23505', `run ${run} of interval ${start} follows run ${row.run}`)
        row.run = run
        const before = this.seatRows.get(`${start} ${seat}`) ?? untraded
        this.seatRows.set(`${start} ${seat}`, { ...before, run, zone, quality, importWh, exportWh })
        break
      }
      case 'batch-cut':
        this.batches.set(event.batch.end, { batch: event.batch, number: event.number, leftOut: event.leftOut })
        break
      case 'batch-missed':
        insert(this.missed, event.end, event.start)
        for (const [start, interval] of this.intervals) {
          if (start >= event.start && start < event.end) interval.isMissed = true
        }
        for (const [end, { batch }] of this.batches) {
          if (batch.start >= event.start && end <= event.end) this.batches.delete(end)
        }
        break
      default:
    }
  }

  private clear({ start, run, matchedWh, zones, seats }: IntervalRun): void {
    if ((this.intervals.get(start)?.run ?? 0) + 1 !== run) throw refusal('23505', `interval ${start} has run ${run}`)
    this.intervals.set(start, { run, isFinal: false, matchedWh })
    for (const { seat, zone, quality, importWh, exportWh, boughtWh, soldWh, paid, received } of seats) {
      const amounts = { quality, importWh, exportWh, boughtWh, soldWh, paid, received }
      this.seatRows.set(`${start} ${seat}`, { run, zone: zones[zone]!.zone, ...amounts })
    }
  }

  /** What stands here of readings that the engine does not hold; see `AreaStore.late`. */
  late(asked: Parameters<AreaStore['late']>[0]): LateReading[] {
    return asked.map(({ reading, seat }): LateReading => {
      const { time } = reading
      const known = this.knownOf(reading, seat)
      const registersOf = (at: number) => {
        const { epoch } = reading
        const { importWh, exportWh } = known.get(at)!
        return { epoch, time: at, importWh, exportWh }
      }
      const earlier = [...known.keys()].filter((at) => at < time)
      const later = [...known.keys()].filter((at) => at > time)
      return {
        ...{ reading, seat },
        before: earlier.length === 0 ? null : registersOf(Math.max(...earlier)),
        same: known.get(time) ?? null,
        after: later.length === 0 ? null : registersOf(Math.min(...later)),
        startQuality: known.get(time - this.intervalSeconds) ?? null,
        endQuality: known.get(time + this.intervalSeconds) ?? null,
        ending: this.standing(seat, time - this.intervalSeconds),
        starting: this.standing(seat, time),
      }
    })
  }

  /** The meter's registers of one epoch by boundary, whatever seat it had. */
  private knownOf({ meter, epoch }: MeterReading, number: number) {
    const known = new Map<number, { importWh: number; exportWh: number; quality: number }>()
    const seat = this.seats.get(number)
    for (const start of seat === undefined ? [] : [seat.epochStart, seat.base]) {
      const { importWh, exportWh } = start
      if (start.epoch === epoch) known.set(start.time, { importWh, exportWh, quality: 0 })
    }
    for (const [key, row] of this.readings) {
      const [, ofEpoch, time] = key.split(' ').map(Number)
      const { importWh, exportWh, quality } = row
      if (row.meter === meter && ofEpoch === epoch) known.set(time!, { importWh, exportWh, quality })
    }
    return known
  }

  private standing(number: number, start: number): Standing | null {
    const interval = this.intervals.get(start)
    const terms = this.seats.get(number)?.terms.findLast(({ from }) => from <= start)
    if (interval === undefined || interval.isMissed || terms === undefined) return null
    const row = this.seatRows.get(`${start} ${number}`)
    const { quality, importWh, exportWh, boughtWh, soldWh } = row ?? untraded
    const zone = row?.zone ?? terms.zone ?? this.rootZone
    const energies = { importWh, exportWh, boughtWh, soldWh }
    return { start, run: interval.run, zone, hasRow: row !== undefined, quality, ...energies }
  }

  /** Everything in one text, to compare two of these. */
  print(): string {
    const lines = Object.entries(this).flatMap(([name, value]) => {
      if (value instanceof Set) return [...value].map((each) => `${name} ${each}`)
      if (value instanceof Map) return [...value].map(([key, each]) => `${name} ${key} ${print(each)}`)
      return [`${name} ${value}`]
    })
    return lines.sort().join('\n')
  }
}

const untraded: SeatRow = {
  ...{ run: 0, zone: '', quality: 'missing', importWh: 0, exportWh: 0, boughtWh: 0, soldWh: 0, paid: 0n, received: 0n },
}

export function readingKey(seat: number, epoch: number, time: number): string {
  return `${seat} ${epoch} ${time}`
}

/** What PostgreSQL says where a table takes a row not. */
export function refusal(code: string, message: string): postgres.PostgresError {
  return new postgres.PostgresError({ code, message } as never)
}

function insert<Key, Value>(table: Map<Key, Value>, key: Key, value: Value): void {
  if (table.has(key)) throw refusal('23505', `duplicate key value violates unique constraint: ${key}`)
  table.set(key, value)
}
