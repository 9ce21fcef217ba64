/**
 * From what the market settled to a row of the report: sums are checked and money is split.
 *
 * Money of a row, seen from the account: `energy − gridFee − congestion` is what it received less what it paid. `energy`
 * values its energy at the price of the tree's root, and what was agreed or traded ahead at its own price, to which the buyer
 * of an agreement adds the grid fee of the way. On the way from the root to its zone a row pays the fee and the congestion of
 * every link whose net flow it goes with, and gains them where it goes against the flow. So over the rows of an interval
 * `gridFee` sums to the interval's grid fees, `congestion` to the congestion rent that the grid operator keeps (rent beyond
 * the cap of the area's rules has gone back to the accounts), and `energy` to 0.
 */
import type { LedgerUnits, Ticks, UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import {
  type BoundaryRegisters,
  type MoneySplit,
  noEnergies,
  type PointFacts,
  ReportError,
  type ReportRow,
  type ReportSettings,
  type ReportStage,
  type RowQuality,
  type RowStatus,
} from './row.ts'

/** What one order or agreement matched; `amount` in ledger units, after the share in excess congestion rent. */
export interface SettledOutcome {
  stage: ReportStage
  /** Names the order or agreement. */
  arrival: number
  side: 'buy' | 'sell'
  filledWh: Wh
  priceTicks: Ticks | null
  amount: LedgerUnits
}

/** Results of an interval's zones and links; rows of one interval hold the same object, which is looked at once. */
export interface IntervalResults {
  zones: readonly { zone: string; priceTicks: Ticks | null }[]
  flows: readonly { zone: string; exportWh: Wh; congestionTicks: Ticks }[]
}

/** One metering point in one interval as the store has it; money as decimal strings of ledger units. */
export interface SettledInterval {
  start: UtcSeconds
  meter: string
  account: string
  zone: string
  run: number
  /** Whether that run corrected what was final. */
  is_corrected: boolean
  computed_at: UtcSeconds
  status: RowStatus
  quality: RowQuality
  /** Registers at the boundaries; null where no reading is known. */
  import_at_start: Wh | null
  export_at_start: Wh | null
  import_at_end: Wh | null
  export_at_end: Wh | null
  import_wh: Wh
  export_wh: Wh
  bought_wh: Wh
  sold_wh: Wh
  paid: string
  received: string
  /** Traded ahead and not delivered or not taken. */
  deviation_wh: Wh
  outcomes: readonly SettledOutcome[]
  /** What the sellers of agreements get, by the agreement's arrival; their buyers pay the grid fee besides. */
  agreed: ReadonlyMap<number, Ticks>
  /** Null where rows are read by point: then money is not split. */
  results: IntervalResults | null
  batch_end: UtcSeconds | null
  statement_root: string | null
}

/** The meter's own address where the roster does not know it. */
const withoutRoster = (meter: string): PointFacts => ({
  point: meter,
  exportPoint: meter,
  supplier: null,
  balanceGroup: null,
})

/**
 * The row of a settled interval under the settings of its time. Throws `REPORT_UNBALANCED` where metered is not own use +
 * matched + residual or money does not add up, `REPORT_ZONE_UNKNOWN` for a zone that those settings lack.
 */
export function settledRow(settings: ReportSettings, facts: PointFacts | null, settled: SettledInterval): ReportRow {
  const { start, meter, import_wh: importWh, export_wh: exportWh } = settled
  const ownUseWh = settings.ownUse === 'net' ? Math.min(importWh, exportWh) : 0
  const residualImportWh = importWh - ownUseWh - settled.bought_wh
  const residualExportWh = exportWh - ownUseWh - settled.sold_wh
  if (residualImportWh < 0 || residualExportWh < 0) throw unbalanced('more was matched than metered')
  const { bought, sold } = stageEnergies(settled)
  const [paid, received] = [ledgerUnits(settled.paid), ledgerUnits(settled.received)]
  const atStart = registers(settled.import_at_start, settled.export_at_start)
  const atEnd = registers(settled.import_at_end, settled.export_at_end)
  // An official value that was corrected after it was signed is in no register.
  const isInRegisters = !settled.is_corrected || advancedBy(atStart, atEnd, settled)
  return {
    settings,
    facts: facts ?? withoutRoster(meter),
    meter,
    zone: settled.zone,
    zoneName: zoneIn(settings, settled.zone).name,
    start,
    end: start + settings.rules.intervalSeconds,
    intervals: 1,
    run: settled.run,
    computedAt: settled.computed_at,
    status: settled.status,
    quality: settled.quality,
    registersAtStart: isInRegisters ? atStart : null,
    registersAtEnd: isInRegisters ? atEnd : null,
    importWh,
    exportWh,
    ownUseWh,
    boughtWh: settled.bought_wh,
    soldWh: settled.sold_wh,
    bought,
    sold,
    residualImportWh,
    residualExportWh,
    deviationWh: settled.deviation_wh,
    paid,
    received,
    split: settled.results === null ? null : splitOf(settings, settled, settled.results, received - paid),
    batch: settled.batch_end,
    statementRoot: settled.statement_root,
  }
}

/** Of the two amounts of a row one is nearly always none. */
function ledgerUnits(text: string): LedgerUnits {
  return text === '0' ? 0n : BigInt(text)
}

function registers(importWh: Wh | null, exportWh: Wh | null) {
  return importWh === null || exportWh === null ? null : { importWh, exportWh }
}

function advancedBy(
  atStart: BoundaryRegisters | null,
  atEnd: BoundaryRegisters | null,
  { import_wh, export_wh }: SettledInterval,
): boolean {
  if (atStart === null || atEnd === null) return true
  return atEnd.importWh - atStart.importWh === import_wh && atEnd.exportWh - atStart.exportWh === export_wh
}

function stageEnergies({ outcomes, bought_wh, sold_wh }: SettledInterval) {
  let [boughtWh, soldWh] = [0, 0]
  // Most rows have fills of one side, and those of the other share what is empty.
  let [bought, sold]: [Record<ReportStage, Wh> | null, Record<ReportStage, Wh> | null] = [null, null]
  for (const { stage, side, filledWh } of outcomes) {
    if (filledWh === 0) continue
    if (side === 'buy') {
      boughtWh += filledWh
      bought ??= stagesOfNothing()
      bought[stage] += filledWh
    } else {
      soldWh += filledWh
      sold ??= stagesOfNothing()
      sold[stage] += filledWh
    }
  }
  if (boughtWh !== bought_wh || soldWh !== sold_wh) throw unbalanced('the fills are not the matched energy')
  return { bought: bought ?? noEnergies, sold: sold ?? noEnergies }
}

function stagesOfNothing(): Record<ReportStage, Wh> {
  return { agreements: 0, forward: 0, spot: 0, imported: 0, coefficients: 0 }
}

function splitOf(
  settings: ReportSettings,
  row: SettledInterval,
  results: IntervalResults,
  /** What the account received less what it paid. */
  net: LedgerUnits,
): MoneySplit {
  let clearedWh = 0
  let withoutRefund = 0n
  let gridFee = 0n
  for (const outcome of row.outcomes) {
    const { stage, side, filledWh, amount } = outcome
    if (filledWh === 0) continue
    const isSpot = stage === 'spot'
    if (isSpot) clearedWh += side === 'buy' ? filledWh : -filledWh
    const worth = isSpot ? BigInt(clearingPrice(results, row.zone, outcome)) * BigInt(filledWh) : amount
    withoutRefund += side === 'sell' ? worth : -worth
    if (side === 'sell') continue
    if (stage === 'agreements') gridFee += amount - agreedPrice(row, outcome) * BigInt(filledWh)
    if (stage === 'imported' || stage === 'coefficients') {
      // The zone shows the price of the rule, and whoever gets energy pays the fee of its way on top.
      gridFee += amount - BigInt(clearingPrice(results, row.zone, outcome)) * BigInt(filledWh)
    }
  }
  let grossCongestion = 0n
  if (clearedWh !== 0) {
    const { feeTicks, congestionTicks } = pathOf(settings, results, row.zone)
    gridFee += BigInt(feeTicks) * BigInt(clearedWh)
    grossCongestion = BigInt(congestionTicks) * BigInt(clearedWh)
  }
  const refund = net - withoutRefund
  if (refund < 0n) throw unbalanced('the account got less than its fills are worth')
  return { energy: withoutRefund + gridFee + grossCongestion, gridFee, congestion: grossCongestion - refund }
}

/** Where somebody was taken out of an interval, what is left of it still has its zone's price. */
function clearingPrice(results: IntervalResults, zone: string, { priceTicks }: SettledOutcome): Ticks {
  const price = lookupsOf(results).prices.get(zone) ?? priceTicks
  if (price === null) throw unbalanced('a fill has no price')
  return price
}

function agreedPrice({ agreed }: SettledInterval, { arrival }: SettledOutcome): bigint {
  const ticks = agreed.get(arrival)
  if (ticks === undefined) throw unbalanced(`agreement ${arrival} is not known`)
  return BigInt(ticks)
}

/** What a buyer of the zone pays for the way from the root, per kWh; a seller gains it. */
interface Path {
  feeTicks: number
  congestionTicks: number
}

interface Lookups {
  prices: ReadonlyMap<string, Ticks | null>
  flows: ReadonlyMap<string, IntervalResults['flows'][number]>
  /** Filled when a row of the zone comes by. */
  paths: Map<string, Path>
}

/** An interval may have thousands of zones and each a row of its own, so nothing is searched for in its lists. */
const lookups = new WeakMap<IntervalResults, Lookups>()
const zoneLookups = new WeakMap<ReportSettings, ReadonlyMap<string, ReportSettings['zones'][number]>>()

function lookupsOf(results: IntervalResults): Lookups {
  let known = lookups.get(results)
  if (known === undefined) {
    known = {
      prices: new Map(results.zones.map(({ zone, priceTicks }) => [zone, priceTicks])),
      flows: new Map(results.flows.map((flow) => [flow.zone, flow])),
      paths: new Map(),
    }
    lookups.set(results, known)
  }
  return known
}

function zoneIn(settings: ReportSettings, id: string): ReportSettings['zones'][number] {
  let known = zoneLookups.get(settings)
  if (known === undefined) {
    known = new Map(settings.zones.map((zone) => [zone.zone, zone]))
    zoneLookups.set(settings, known)
  }
  const zone = known.get(id)
  if (zone === undefined) throw new ReportError('REPORT_ZONE_UNKNOWN', `the area had no zone ${id} at that time`)
  return zone
}

function pathOf(settings: ReportSettings, results: IntervalResults, id: string): Path {
  const { prices, flows, paths } = lookupsOf(results)
  const known = paths.get(id)
  if (known !== undefined) return known
  const { parent } = zoneIn(settings, id)
  let path: Path = { feeTicks: 0, congestionTicks: 0 }
  if (parent !== null) {
    path = pathOf(settings, results, parent)
    const flow = flows.get(id)
    if (flow !== undefined && flow.exportWh !== 0) {
      const [inside, outside] = [prices.get(id) ?? null, prices.get(parent) ?? null]
      if (inside === null || outside === null) throw unbalanced(`energy flowed over ${id} without a price`)
      const against = flow.exportWh > 0 ? -1 : 1
      const fee = against * (inside - outside) - flow.congestionTicks
      path = {
        feeTicks: path.feeTicks + against * fee,
        congestionTicks: path.congestionTicks + against * flow.congestionTicks,
      }
    }
  }
  paths.set(id, path)
  return path
}

function unbalanced(reason: string): ReportError {
  return new ReportError('REPORT_UNBALANCED', reason)
}
