/**
 * The settlement report as CSV (RFC 4180, UTF-8): one row per metering point and interval, the newest run of each, times
 * in ISO 8601 UTC, energies in Wh, money in decimal tokens.
 *
 * Money of a row, seen from the account: `energyAmount − gridFeeAmount − congestionAmount` is what it received less what
 * it paid. `energyAmount` values its energy at the price of the tree's root, and what was traded forward at its own price. On
 * the way from the root to its zone a row pays the fee and the congestion of every link whose net flow it goes with, and gains
 * them where it goes against the flow. So over the rows of an interval `gridFeeAmount` sums to the interval's grid fees,
 * `congestionAmount` to the congestion rent that the grid operator keeps (rent beyond the cap of the area's rules has gone back
 * to the accounts), and `energyAmount` to 0.
 */

import { createHash } from 'node:crypto'
import { BigNumber } from 'bignumber.js'
import { formatMoney, type LedgerUnits, type UtcSeconds } from '../../contracts/protocol/units.ts'
import { ReportError, type ReportSettings, type SettledInterval } from './row.ts'

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
 * than write a row in which metered is not matched + residual, or money does not add up.
 */
export async function* writeReport(
  settings: ReportSettings,
  pages: AsyncIterable<readonly SettledInterval[]>,
): AsyncGenerator<string> {
  yield `${columns.join(',')}\r\n`
  for await (const page of pages) yield page.map((row) => `${reportLine(settings, row)}\r\n`).join('')
}

/**
 * One line without its end. `meteringPoint` is the meter's address; supplier and balance group are empty until the area
 * keeps them; `deviationWh` was traded forward and not delivered or not taken; `averagePricePerKwh` is money
 * by matched energy, rounded to a hundredth of a tick, half away from zero; `batch` is the batch's end, empty while it is
 * not cut.
 *
 * `rowHash` is the SHA-256, in hexadecimal digits, of the UTF-8 bytes of the line up to and without its last comma.
 */
export function reportLine(settings: ReportSettings, row: SettledInterval): string {
  const residualImportWh = row.import_wh - row.bought_wh
  const residualExportWh = row.export_wh - row.sold_wh
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
  for (const { side, filledWh, priceTicks, amount, code } of row.outcomes) {
    if (filledWh === 0) continue
    if (priceTicks === null) throw unbalanced(row, 'a fill has no price')
    filled[side] += filledWh
    const forward = code.startsWith('forward-')
    if (!forward) clearedWh += side === 'buy' ? filledWh : -filledWh
    const worth = forward ? BigInt(amount) : BigInt(priceTicks) * BigInt(filledWh)
    withoutRefund += side === 'sell' ? worth : -worth
  }
  if (filled.buy !== row.bought_wh || filled.sell !== row.sold_wh) {
    throw unbalanced(row, 'the fills are not the matched energy')
  }
  let gridFee = 0n
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
