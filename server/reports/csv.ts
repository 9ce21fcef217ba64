/**
 * The settlement report as CSV (RFC 4180, UTF-8): one row per metering point and interval, the newest run of each, times
 * in ISO 8601 UTC, energies in Wh, money in decimal tokens.
 *
 * Money of a row, seen from the account: `energyAmount − gridFeeAmount − congestionAmount` is what it received less what
 * it paid. `energyAmount` values its energy at the price of the tree's root, and what was agreed or traded ahead at its own
 * price, to which the buyer of an agreement adds the grid fee of the way. On the way from the root to its zone a row pays the fee and the congestion of every link whose net flow it goes with, and gains
 * them where it goes against the flow. So over the rows of an interval `gridFeeAmount` sums to the interval's grid fees,
 * `congestionAmount` to the congestion rent that the grid operator keeps (rent beyond the cap of the area's rules has gone back
 * to the accounts), and `energyAmount` to 0.
 */

import { createHash } from 'node:crypto'
import { BigNumber } from 'bignumber.js'
import { formatMoney, type LedgerUnits, type Ticks, type UtcSeconds } from '../../contracts/protocol/units.ts'
import { ReportError, type ReportSettings, type SettledInterval, type SettledOutcome } from './row.ts'

const columns = [
  'gridArea',
  'zone',
  'meteringPoint',
  'supplier',
  'balanceGroup',
  'intervalStart',
  'intervalSeconds',
  'run',
  'status',
  'quality',
  'importWh',
  'exportWh',
  'boughtWh',
  'soldWh',
  'ownUseWh',
  'residualImportWh',
  'residualExportWh',
  'deviationWh',
  'averagePricePerKwh',
  'energyAmount',
  'gridFeeAmount',
  'congestionAmount',
  'currency',
  'batch',
  'statementRoot',
  'rowHash',
] as const

/**
 * Writes the report page by page: the header with the first, `\r\n` after every line. Throws `REPORT_UNBALANCED` rather
 * than write a row in which metered is not own use + matched + residual, or money does not add up. `settingsAt` gives the
 * settings that held when an interval started.
 */
export async function* writeReport(
  settingsAt: (start: UtcSeconds) => ReportSettings,
  pages: AsyncIterable<readonly SettledInterval[]>,
): AsyncGenerator<string> {
  yield `${columns.join(',')}\r\n`
  for await (const page of pages) yield page.map((row) => `${reportLine(settingsAt(row.start), row)}\r\n`).join('')
}

/**
 * One line without its end. `meteringPoint` is the meter's address; supplier and balance group are empty until the area
 * keeps them; `ownUseWh` is the same on both sides, and 0 where the supplier bills it; `deviationWh` was agreed or traded
 * ahead and not delivered or not taken; `averagePricePerKwh` is money
 * by matched energy, rounded to a hundredth of a tick, half away from zero; `batch` is the batch's end, empty while it is
 * not cut.
 *
 * `rowHash` is the SHA-256, in hexadecimal digits, of the UTF-8 bytes of the line up to and without its last comma.
 */
export function reportLine(settings: ReportSettings, row: SettledInterval): string {
  const ownUseWh = settings.ownUse === 'net' ? Math.min(row.import_wh, row.export_wh) : 0
  const residualImportWh = row.import_wh - ownUseWh - row.bought_wh
  const residualExportWh = row.export_wh - ownUseWh - row.sold_wh
  if (residualImportWh < 0 || residualExportWh < 0) {
    throw unbalanced(row, 'more was matched than metered')
  }
  const amounts = amountsOf(settings, row)
  const money = (units: LedgerUnits) => formatMoney(units, settings.priceDecimals)
  const cells = [
    settings.name,
    row.zone,
    row.meter,
    '',
    '',
    isoSeconds(row.start),
    settings.rules.intervalSeconds,
    row.run,
    row.status,
    row.quality,
    row.import_wh,
    row.export_wh,
    row.bought_wh,
    row.sold_wh,
    ownUseWh,
    residualImportWh,
    residualExportWh,
    row.deviation_wh,
    averagePrice(settings, row),
    money(amounts.energy),
    money(amounts.gridFee),
    money(amounts.congestion),
    settings.currency,
    row.batch_end === null ? '' : isoSeconds(row.batch_end),
    row.statement_root ?? '',
  ]
  const line = cells.map(cellText).join(',')
  return `${line},${createHash('sha256').update(line, 'utf8').digest('hex')}`
}

/** The row's money split three ways; see the head of this file. */
function amountsOf(settings: ReportSettings, row: SettledInterval) {
  const filled = { buy: 0, sell: 0 }
  let clearedWh = 0
  let withoutRefund = 0n
  let gridFee = 0n
  for (const outcome of row.outcomes) {
    const { stage, side, filledWh, amount } = outcome
    if (filledWh === 0) continue
    filled[side] += filledWh
    const isSpot = stage === 'spot'
    if (isSpot) clearedWh += side === 'buy' ? filledWh : -filledWh
    const worth = isSpot ? BigInt(clearingPrice(row, outcome)) * BigInt(filledWh) : amount
    withoutRefund += side === 'sell' ? worth : -worth
    if (stage === 'agreements' && side === 'buy') gridFee += amount - agreedPrice(row, outcome) * BigInt(filledWh)
  }
  if (filled.buy !== row.bought_wh || filled.sell !== row.sold_wh) {
    throw unbalanced(row, 'the fills are not the matched energy')
  }
  let grossCongestion = 0n
  if (clearedWh !== 0) {
    for (const { feeTicks, congestionTicks, towardsRoot } of flowingLinks(settings, row)) {
      const withFlow = BigInt(towardsRoot ? -clearedWh : clearedWh)
      gridFee += BigInt(feeTicks) * withFlow
      grossCongestion += BigInt(congestionTicks) * withFlow
    }
  }
  const refund = BigInt(row.received) - BigInt(row.paid) - withoutRefund
  if (refund < 0n) throw unbalanced(row, 'the account got less than its fills are worth')
  return { energy: withoutRefund + gridFee + grossCongestion, gridFee, congestion: grossCongestion - refund }
}

/** What was left of an interval from which somebody was taken out still has its zone's price. */
function clearingPrice(row: SettledInterval, { priceTicks }: SettledOutcome): Ticks {
  const price = row.zones.find(({ zone }) => zone === row.zone)?.priceTicks ?? priceTicks
  if (price === null) throw unbalanced(row, 'a fill has no price')
  return price
}

function agreedPrice(row: SettledInterval, { arrival }: SettledOutcome): bigint {
  const ticks = row.agreed.get(arrival)
  if (ticks === undefined) throw unbalanced(row, `agreement ${arrival} is not known`)
  return BigInt(ticks)
}

/** The links from the row's zone to the root over which energy flowed in this interval, with what passing them cost. */
function flowingLinks(settings: ReportSettings, row: SettledInterval) {
  const links: { feeTicks: number; congestionTicks: number; towardsRoot: boolean }[] = []
  const priceOf = (zone: string) => row.zones.find((result) => result.zone === zone)?.priceTicks ?? null
  let zone = settings.zones.find((candidate) => candidate.zone === row.zone)
  while (zone?.parent !== null) {
    if (zone === undefined)
      throw new ReportError('REPORT_ZONE_UNKNOWN', `the area has no zone ${row.zone} (${row.meter})`)
    const { zone: id, parent } = zone
    const flow = row.flows.find((candidate) => candidate.zone === id)
    if (flow !== undefined && flow.exportWh !== 0) {
      const [inside, outside] = [priceOf(id), priceOf(parent)]
      if (inside === null || outside === null) throw unbalanced(row, `energy flowed over ${id} without a price`)
      const towardsRoot = flow.exportWh > 0
      const difference = towardsRoot ? outside - inside : inside - outside
      links.push({ feeTicks: difference - flow.congestionTicks, congestionTicks: flow.congestionTicks, towardsRoot })
    }
    zone = settings.zones.find((candidate) => candidate.zone === parent)
  }
  return links
}

function averagePrice(settings: ReportSettings, row: SettledInterval): string {
  const matchedWh = row.bought_wh + row.sold_wh
  if (matchedWh === 0) return ''
  return new BigNumber(row.paid)
    .plus(row.received)
    .div(matchedWh)
    .shiftedBy(-settings.priceDecimals)
    .toFixed(settings.priceDecimals + 2, BigNumber.ROUND_HALF_UP)
}

function unbalanced(row: SettledInterval, reason: string): ReportError {
  return new ReportError('REPORT_UNBALANCED', `${row.meter} at ${isoSeconds(row.start)}, run ${row.run}: ${reason}`)
}

function isoSeconds(seconds: UtcSeconds): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}

/** RFC 4180: a cell with a comma, a quote or a line break is quoted, its quotes doubled. */
function cellText(cell: string | number): string {
  const text = String(cell)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
