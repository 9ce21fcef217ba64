/** What is measured of areas, each under its number. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { AreaHandle } from './area-handle.ts'
import type { Counts } from './runner.ts'

const labelNames = ['area'] as const

/** Registers the metrics of all areas of a process; `areas` are asked for their state when somebody reads it. */
export function areaMetrics(registry: Registry, areas: () => readonly AreaHandle[]) {
  const registers = [registry]
  const gauge = (name: string, help: string, value: (area: AreaHandle) => number | null) =>
    new Gauge({
      ...{ name, help, labelNames, registers },
      collect() {
        this.reset()
        for (const area of areas()) {
          const now = value(area)
          if (now !== null) this.set({ area: area.settings.area }, now)
        }
      },
    })
  gauge('commonwatt_area_ready', '1 while the area trades', ({ status }) => Number(status.condition.is === 'ready'))
  gauge('commonwatt_journal_sequence', 'Newest journaled command', ({ status }) => status.sequence)
  gauge(
    'commonwatt_clock_ahead_of_database_seconds',
    'By how much this clock is ahead of the database’s',
    ({ status }) => seconds(status.aheadOfDatabaseMs),
  )
  gauge('commonwatt_clock_ahead_of_chain_seconds', 'Age of the chain’s newest block when it was seen', ({ status }) =>
    seconds(status.aheadOfChainMs),
  )
  gauge('commonwatt_oldest_open_interval_seconds', 'Since the end of the oldest interval without a result', (area) => {
    const { oldestOpen, nowMs } = area.status
    return oldestOpen === null ? 0 : Math.max(0, nowMs / 1000 - oldestOpen - area.settings.rules.intervalSeconds)
  })
  gauge(
    'commonwatt_unsettled_seconds',
    'From the start of the oldest batch that is not settled to the end of the newest',
    ({ status: { cutUntil, unsettledFrom } }) => (unsettledFrom === null ? 0 : cutUntil - unsettledFrom),
  )
  const counters = {
    commands: new Counter({ name: 'commonwatt_commands_total', help: 'Commands journaled', labelNames, registers }),
    queue: new Gauge({
      name: 'commonwatt_command_queue',
      help: 'Commands waiting for the journal',
      labelNames,
      registers,
    }),
    commitSeconds: new Histogram({
      ...{ name: 'commonwatt_commit_seconds', help: 'Duration of journal transactions', labelNames, registers },
      buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5],
    }),
    readings: new Counter({
      ...{ name: 'commonwatt_readings_total', help: 'Readings by what became of them', registers },
      labelNames: ['area', 'status'] as const,
    }),
    intervals: new Counter({
      ...{ name: 'commonwatt_intervals_total', help: 'Computations of intervals, and intervals made final', registers },
      labelNames: ['area', 'status'] as const,
    }),
    matchedWh: new Counter({
      ...{ name: 'commonwatt_matched_wh_total', help: 'Energy of batches in Wh, as they were cut first' },
      ...{ labelNames, registers },
    }),
  }
  return {
    /** Adds what happened in an area. */
    count(area: number, { commands, commitMs, readings, computed, final, batchWh, queue }: Counts): void {
      counters.commands.inc({ area }, commands)
      counters.queue.set({ area }, queue)
      counters.commitSeconds.observe({ area }, commitMs / 1000)
      for (const [status, count] of Object.entries(readings)) counters.readings.inc({ area, status }, count)
      counters.intervals.inc({ area, status: 'provisional' }, computed)
      counters.intervals.inc({ area, status: 'final' }, final)
      counters.matchedWh.inc({ area }, batchWh)
    },
  }
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000
}
