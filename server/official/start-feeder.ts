/** Runs the feeder for every area that settles on official values, and counts what it does. */
import type { Wallet } from 'ethers'
import type { Logger } from 'pino'
import { Counter, type Registry } from 'prom-client'
import type { AreaHandle } from '../areas/area-handle.ts'
import { type Poller, startPoller } from '../chain/poller.ts'
import { findAreas } from '../store/areas.ts'
import type { Database } from '../store/database.ts'
import { type FeederNote, type FeederParts, feedArea } from './feeder.ts'

export interface FeederOptions extends Pick<FeederParts, 'deliver'> {
  database: Database
  /** The metering operator's. */
  wallet: Wallet
  areas: () => readonly AreaHandle[]
  pollMs: number
  registry: Registry
  log: Logger
}

export function startFeeder({ database, wallet, areas, deliver, pollMs, registry, log }: FeederOptions): Poller {
  const noted = counting(registry, log)
  const parts: FeederParts = { database, operator: wallet, deliver, noted }
  return startPoller({
    name: 'official values',
    everyMs: pollMs,
    log,
    async run() {
      for (const area of areas()) {
        const { chainId, escrow } = area.settings.chain
        const [found] = await findAreas(database, { chainId, escrow, area: area.settings.area })
        if (found !== undefined) await feedArea(parts, area, found.areaId)
      }
    },
  })
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
