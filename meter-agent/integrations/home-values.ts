/** What other software of a home is told of one meter, whatever language it speaks: plain values, `null` where nothing is known. */
import { sellingOf, type sellingStates } from '../home/selling.ts'
import type { AgentStatus, MeterStatus } from '../home/status.ts'

export interface HomeValues {
  /** Whether the home sells, and the sentence that says why or why not. */
  state: (typeof sellingStates)[number]
  sentence: string
  /** W; import and discharge positive. */
  powerW: number | null
  consumptionW: number | null
  productionW: number | null
  batteryPowerW: number | null
  stateOfChargePercent: number | null
  /** Wh that never fall but at a new epoch. */
  importWh: number | null
  exportWh: number | null
  productionWh: number | null
  /** Between neighbours, as a decimal number; `null` where nothing was traded or it is not known. */
  pricePerKwh: string | null
  soldTodayWh: number | null
  boughtTodayWh: number | null
  /** When the day of the two before began, ISO 8601. */
  todayFrom: string | null
}

/** A price older than so many intervals is not the price now. */
const priceHolds = 3
/** No local day is longer. */
const longestDaySeconds = 25 * 3600

/** @param nowMs UTC milliseconds */
export function homeValues(
  meter: MeterStatus,
  agent: AgentStatus,
  { nowMs, intervalSeconds }: { nowMs: number; intervalSeconds: number },
): HomeValues {
  const { live, consumptionW, registers, market } = meter
  const now = nowMs / 1000
  const price = market?.price && now < market.price.start + priceHolds * intervalSeconds ? market.price : null
  const today = market?.today && now < market.today.from + longestDaySeconds ? market.today : null
  return {
    ...sellingOf(meter, agent),
    powerW: rounded(live?.powerW),
    consumptionW: rounded(consumptionW),
    productionW: rounded(live?.productionW),
    batteryPowerW: rounded(live?.batteryPowerW),
    stateOfChargePercent: rounded(live?.stateOfChargePercent),
    ...registers,
    pricePerKwh: price?.perKwh ?? null,
    soldTodayWh: today?.soldWh ?? null,
    boughtTodayWh: today?.boughtWh ?? null,
    todayFrom: today ? new Date(today.from * 1000).toISOString() : null,
  }
}

function rounded(value: number | null | undefined): number | null {
  return value === null || value === undefined ? null : Math.round(value)
}
