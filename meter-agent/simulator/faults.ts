/** What can go wrong with a simulated device. */
import { z } from 'zod'
import type { DeviceValues } from './device-values.ts'

/** What a simulated device can be made to do wrong. */
export const faultSchema = z.discriminatedUnion('kind', [
  /** Takes requests and never answers. */
  z.strictObject({ kind: z.literal('silence') }),
  /** Answers, but late. */
  z.strictObject({ kind: z.literal('late'), delayMs: z.number().int().min(0).default(4_000) }),
  /** Answers with an exception. */
  z.strictObject({ kind: z.literal('exception'), code: z.number().int().min(1).max(255).default(4) }),
  /** A second client throws the first one out. */
  z.strictObject({ kind: z.literal('single-client') }),
  /** Sentinels, then exceptions, then closed connections, each for a third of the time; then works again. */
  z.strictObject({ kind: z.literal('reboot'), seconds: z.number().positive().default(6) }),
  /** Nothing is implemented any more, as some devices say at night. */
  z.strictObject({ kind: z.literal('sentinels') }),
  /** Counters read 0. */
  z.strictObject({ kind: z.literal('dip') }),
  /** Counters stop, powers go on. */
  z.strictObject({ kind: z.literal('freeze') }),
  /** Counters start again from 0; for good. */
  z.strictObject({ kind: z.literal('reset') }),
  /** The two words of every register pair change places. */
  z.strictObject({ kind: z.literal('word-order') }),
  /** Bytes on the line that belong to no frame, and a flipped bit where a checksum can show it. */
  z.strictObject({ kind: z.literal('noise') }),
  /** Replies miss their last register but claim to be whole. */
  z.strictObject({ kind: z.literal('short') }),
  /** Replies come from another unit. */
  z.strictObject({ kind: z.literal('foreign') }),
  /** Replies do not repeat the transaction id. */
  z.strictObject({ kind: z.literal('no-transaction-id') }),
  /** Connections are refused. */
  z.strictObject({ kind: z.literal('refuse') }),
])

/** A fault as it is asked for. */
export type FaultRequest = z.input<typeof faultSchema>
/** A fault with its defaults filled in. */
export type Fault = z.output<typeof faultSchema>

const counters = ['importMilliWh', 'exportMilliWh', 'productionMilliWh'] as const
type Counters = Pick<DeviceValues, (typeof counters)[number]>

/** Where a reboot has got to. */
export type RebootPhase = 'sentinels' | 'exceptions' | 'closed' | 'over'

/** Bends a device's values as its faults want it; a freeze and a reset need to remember. */
export class FaultyCounters {
  #frozen: Counters | null = null
  #base: Counters = { importMilliWh: 0n, exportMilliWh: 0n, productionMilliWh: 0n }

  /** Called when a fault begins; `values` are those before it. */
  begin(fault: Fault, values: DeviceValues): void {
    if (fault.kind === 'freeze') this.#frozen = this.#counters(values)
    if (fault.kind === 'reset') {
      this.#base = {
        importMilliWh: values.importMilliWh ?? 0n,
        exportMilliWh: values.exportMilliWh ?? 0n,
        productionMilliWh: values.productionMilliWh ?? 0n,
      }
    }
  }

  bend(values: DeviceValues, fault: Fault | null, reboot: RebootPhase): DeviceValues {
    if (fault?.kind === 'sentinels' || reboot === 'sentinels') return nothingImplemented(values)
    if (fault?.kind === 'dip') {
      const zero = (value: bigint | null) => (value === null ? null : 0n)
      return mapCounters(values, (name) => zero(values[name]))
    }
    if (fault?.kind === 'freeze' && this.#frozen) return { ...values, ...this.#frozen }
    return { ...values, ...this.#counters(values) }
  }

  #counters(values: DeviceValues): Counters {
    return mapCounters(values, (name) => {
      const value = values[name]
      return value === null ? null : value - (this.#base[name] ?? 0n)
    })
  }
}

function mapCounters<T extends Counters>(values: T, change: (name: (typeof counters)[number]) => bigint | null): T {
  return { ...values, ...Object.fromEntries(counters.map((name) => [name, change(name)])) }
}

function nothingImplemented({ manufacturer, model, version, serialNumber }: DeviceValues): DeviceValues {
  return {
    powerW: null,
    productionW: null,
    importMilliWh: null,
    exportMilliWh: null,
    productionMilliWh: null,
    batteryPowerW: null,
    stateOfChargePercent: null,
    manufacturer,
    model,
    version,
    serialNumber,
  }
}
