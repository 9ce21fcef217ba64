/** Runs the feeder for every area that settles on official values, and counts what it does. */
import type { Wallet } from 'ethers'
import type { Logger } from 'pino'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { AreaHandle } from '../areas/area-handle.ts'
import { type Poller, startPoller } from '../chain/poller.ts'
import type { Tolerance } from '../metering/witnesses.ts'
import { findAreas } from '../store/areas.ts'
import type { Database } from '../store/database.ts'
import { newestOfficial } from '../store/metering-store.ts'
import { newestWitnesses } from '../store/witness-store.ts'
import { type FeederNote, type FeederParts, feedArea } from './feeder.ts'

export interface FeederOptions extends Pick<FeederParts, 'deliver'> {
  database: Database
  /** The metering operator's wallet, or null where this server has none. */
  wallet: Wallet | null
  tolerance: Tolerance
  areas: () => readonly AreaHandle[]
  pollMs: number
  registry: Registry
  log: Logger
}

export function startFeeder(options: FeederOptions): Poller {
  const { database, wallet, tolerance, areas, deliver, pollMs, registry, log } = options
  const noted = counting(registry, log)
  const measure = measureWitnesses(options)
  const parts: FeederParts = { database, operator: wallet, tolerance, deliver, noted }
  return startPoller({
    name: 'official values',
    everyMs: pollMs,
    log,
    async run() {
      for (const area of areas()) {
        const { chainId, escrow } = area.settings.chain
        const [found] = await findAreas(database, { chainId, escrow, area: area.settings.area })
        if (found === undefined) continue
        await feedArea(parts, area, found.areaId)
        await measure(area, found.areaId)
      }
    },
  })
}

/** Witnesses are measured for today and so many days before it. */
const measuredDays = 2
const measuredEveryMs = 30_000

/**
 * Measures an area now and then and keeps the result for the metrics, which must answer even while the database does not.
 */
function measureWitnesses({
  database,
  areas,
  registry,
}: FeederOptions): (area: AreaHandle, areaId: number) => Promise<void> {
  const registers = [registry]
  const labelNames = ['area']
  const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames, registers })
  const beyond = gauge(
    'commonwatt_witness_beyond_intervals',
    'Intervals of the newest days in which the metering operator and the home’s agent differ beyond the tolerance',
  )
  const compared = gauge(
    'commonwatt_witness_compared_intervals',
    'Intervals of the newest days of which both say something',
  )
  const largest = gauge(
    'commonwatt_witness_largest_difference_wh',
    'Largest difference of one interval in the newest days',
  )
  const measuredAtMs = new Map<number, number>()
  /** For each area, the start of the newest interval for which an official value counts. */
  const newestStart = new Map<number, UtcSeconds>()
  new Gauge({
    name: 'commonwatt_official_values_age_seconds',
    help: 'Since the end of the newest interval with an official value that counts, where there is one',
    labelNames,
    registers,
    collect() {
      for (const { settings, status } of areas()) {
        const start = newestStart.get(settings.area)
        if (start === undefined) continue
        this.set({ area: settings.area }, status.nowMs / 1000 - start - settings.rules.intervalSeconds)
      }
    },
  })
  return async ({ settings: { area }, status }, areaId) => {
    if (performance.now() - (measuredAtMs.get(area) ?? Number.NEGATIVE_INFINITY) < measuredEveryMs) return
    const day = Math.floor(status.nowMs / 86_400_000)
    const sums = await newestWitnesses(database, areaId, day - measuredDays)
    beyond.set({ area }, sums.beyond)
    compared.set({ area }, sums.compared)
    largest.set({ area }, sums.largestWh)
    const newest = await newestOfficial(database, areaId)
    if (newest !== null) newestStart.set(area, newest)
    measuredAtMs.set(area, performance.now())
  }
}

function counting(registry: Registry, log: Logger): (note: FeederNote) => void {
  const registers = [registry]
  const told = new Counter({
    name: 'commonwatt_official_values_told_total',
    help: 'Official values told to the area, by what became of them',
    labelNames: ['area', 'status'],
    registers,
  })
  const signed = new Counter({
    name: 'commonwatt_metering_readings_signed_total',
    help: 'Readings signed by the metering operator’s key',
    labelNames: ['area'],
    registers,
  })
  const refused = new Counter({
    name: 'commonwatt_metering_readings_refused_total',
    help: 'Readings of the metering operator that the area will never take, by code',
    labelNames: ['area', 'code'],
    registers,
  })
  return (note) => {
    const { area } = note
    if (note.what === 'told') {
      told.inc({ area, status: note.status }, note.count)
      if (note.status === 'traded') {
        log.warn(note, 'official values came after the cut that are below what was traded: nothing was corrected')
      }
    } else if (note.what === 'signed') signed.inc({ area }, note.readings)
    else {
      refused.inc({ area, code: note.code })
      log.error(note, 'a reading made from official values is refused')
    }
  }
}
