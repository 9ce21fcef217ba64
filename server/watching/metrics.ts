/** What a watcher tells Prometheus. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

export interface WatchMetrics {
  computed: Counter<'says'>
  newestEnd: Gauge
  seconds: Histogram
  unseen: Gauge
}

export function watchMetrics(registry: Registry): WatchMetrics {
  const registers = [registry]
  const computed = new Counter({
    ...{ name: 'commonwatt_watch_batches_total', help: 'Batches that this watcher computed, by what it says of them' },
    ...{ labelNames: ['says'] as const, registers },
  })
  for (const says of ['approved', 'refused', 'withheld']) computed.inc({ says }, 0)
  return {
    computed,
    newestEnd: new Gauge({
      ...{ name: 'commonwatt_watch_newest_end_seconds', help: 'When the batch ends that was computed last', registers },
    }),
    unseen: new Gauge({
      ...{
        name: 'commonwatt_watch_unseen',
        help: '1 while the chain announces a batch that is not shown to the watcher',
      },
      registers,
    }),
    seconds: new Histogram({
      ...{ name: 'commonwatt_watch_computing_seconds', help: 'Reading and computing one batch', registers },
      buckets: [0.1, 0.3, 1, 3, 10, 30, 100, 300],
    }),
  }
}
