/**
 * The settlement report as EnergyAccount_MarketDocument (IEC 62325-451-4, version 4.1): for each metering point time series of
 * what was metered, matched and left to the supplier. Energies are kWh with three decimals, which are exact; `in` is what the
 * point drew or bought, `out` what it fed in or sold.
 *
 * | series | business type | in | out | price |
 * | --- | --- | --- | --- | --- |
 * | `…-import` | A04 consumption | drawn | 0 | |
 * | `…-export` | A01 production | 0 | fed in | |
 * | `…-bought` | A02 internal trade | bought from neighbours | 0 | paid per kWh |
 * | `…-sold` | A02 internal trade | 0 | sold to neighbours | received per kWh |
 * | `…-residual` | A07 net production or consumption | from the supplier | to the supplier | |
 *
 * A period of a series is a stretch without gaps; what has no row has no position. The participant of a series is the point's
 * balance group.
 */
import { createHash } from 'node:crypto'
import type { UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import { isoSeconds } from '../exchange/instants.ts'
import { xmlText } from '../exchange/xml-text.ts'
import { kilowattHours, pricePerKwh } from './decimals.ts'
import { isEic, partyCode, pointCode } from './energy-codes.ts'
import { GrowingText } from './growing-text.ts'
import { type ReportTotals, totalsComment } from './manifest.ts'
import { PointOrder } from './point-order.ts'
import { ReportError, type ReportRow, type RowQuality } from './row.ts'
import type { FormatWriter, MarketParties, ReportHead } from './writer.ts'

const namespace = 'urn:iec62325.351:tc57wg16:451-4:energyaccountdocument:4:1'
const activeEnergy = '8716867000030'
/** Document: aggregated data; process: imbalance settlement, in detail; roles: market operator to balance responsible party. */
const [aggregatedData, imbalanceSettlement, detail] = ['A11', 'A06', 'A02']
const [marketOperator, balanceResponsible] = ['A11', 'A08']
const [intermediate, final] = ['A01', 'A02']
const mostRevisions = 999

/** As provided; not available; estimated. */
const qualityCodes: Record<RowQuality, string> = { measured: 'A04', missing: 'A02', estimated: 'A03', doubtful: 'A03' }

interface Series {
  name: string
  businessType: string
  point: 'point' | 'exportPoint'
  isPriced: boolean
  of(row: ReportRow): { inWh: Wh; outWh: Wh; price: string }
}

const price = (units: bigint, energyWh: Wh, { settings }: ReportRow) =>
  pricePerKwh(units, energyWh, settings.priceDecimals)

const series: readonly Series[] = [
  {
    ...{ name: 'import', businessType: 'A04', point: 'point', isPriced: false },
    of: ({ importWh }) => ({ inWh: importWh, outWh: 0, price: '' }),
  },
  {
    ...{ name: 'export', businessType: 'A01', point: 'exportPoint', isPriced: false },
    of: ({ exportWh }) => ({ inWh: 0, outWh: exportWh, price: '' }),
  },
  {
    ...{ name: 'bought', businessType: 'A02', point: 'point', isPriced: true },
    of: (row) => ({ inWh: row.boughtWh, outWh: 0, price: price(row.paid, row.boughtWh, row) }),
  },
  {
    ...{ name: 'sold', businessType: 'A02', point: 'exportPoint', isPriced: true },
    of: (row) => ({ inWh: 0, outWh: row.soldWh, price: price(row.received, row.soldWh, row) }),
  },
  {
    ...{ name: 'residual', businessType: 'A07', point: 'point', isPriced: false },
    of: ({ residualImportWh, residualExportWh }) => ({ inWh: residualImportWh, outWh: residualExportWh, price: '' }),
  },
]

/** Parties with codes, a currency of ISO 4217, whole minutes. Throws `REPORT_FORMAT`, `REPORT_CURRENCY` or `REPORT_RANGE`. */
export function checkEnergyAccount(head: ReportHead): void {
  const { sender, receiver, domain } = partiesOf(head)
  for (const [name, code, isRight] of [
    ['sender', sender, partyCode(sender) !== null],
    ['receiver', receiver, partyCode(receiver) !== null],
    ['domain', domain, isEic(domain)],
  ] as const) {
    if (!isRight) throw new ReportError('REPORT_FORMAT', `energy-account: ${name} ${JSON.stringify(code)} is no EIC`)
  }
  if (!/^[A-Z]{3}$/.test(head.settings.currency)) {
    throw new ReportError('REPORT_CURRENCY', `currency ${head.settings.currency} is no code of ISO 4217`)
  }
  if (head.version > mostRevisions) {
    throw new ReportError('REPORT_FORMAT', `energy-account has no revision after ${mostRevisions}`)
  }
  minute(head.from)
  minute(head.to)
}

function partiesOf({ parties }: ReportHead): MarketParties {
  if (parties === null) throw new ReportError('REPORT_FORMAT', 'energy-account needs sender, receiver and domain (EIC)')
  return parties
}

/** `2026-11-01T00:00Z`. Throws `REPORT_RANGE` for a time within a minute. */
function minute(time: UtcSeconds): string {
  if (time % 60 !== 0)
    throw new ReportError('REPORT_RANGE', `energy-account has whole minutes, and none at ${isoSeconds(time)}`)
  return `${isoSeconds(time).slice(0, 16)}Z`
}

const element = (name: string, content: string | number) => `<${name}>${content}</${name}>`
const coded = (name: string, { code, scheme }: { code: string; scheme: string }) =>
  `<${name} codingScheme="${scheme}">${xmlText(code)}</${name}>`
const timeInterval = (name: string, from: UtcSeconds, to: UtcSeconds) =>
  element(name, element('start', minute(from)) + element('end', minute(to)))

/** What is open of a point, with the period that is not ended. */
interface OpenPoint {
  first: ReportRow
  period: { start: UtcSeconds; end: UtcSeconds; resolution: string; positions: number }
}

class EnergyAccountWriter implements FormatWriter {
  readonly #head: ReportHead
  readonly #parties: MarketParties
  readonly #order = new PointOrder()
  #open: OpenPoint | null = null
  /** Of each series of the open point: its periods that are ended, and the positions of the one that is not. */
  readonly #ended = series.map(() => new GrowingText())
  readonly #positions = series.map(() => new GrowingText())
  #hasSeries = false

  constructor(head: ReportHead) {
    this.#head = head
    this.#parties = partiesOf(head)
  }

  begin(): string {
    const { settings, from, to, version, createdAt, isFinal } = this.#head
    const { sender, receiver, domain } = this.#parties
    const party = (name: string, text: string, role: string) =>
      `${coded(`${name}_MarketParticipant.mRID`, partyCode(text)!)}\n${element(`${name}_MarketParticipant.marketRole.type`, role)}\n`
    return [
      '<?xml version="1.0" encoding="UTF-8"?>',
      `<EnergyAccount_MarketDocument xmlns="${namespace}">`,
      element('mRID', `commonwatt-${settings.area}-${from}-${to}`),
      element('revisionNumber', version),
      element('type', aggregatedData),
      element('docStatus', element('value', isFinal ? final : intermediate)),
      element('process.processType', imbalanceSettlement),
      element('process.classificationType', detail),
      party('sender', sender, marketOperator) + party('receiver', receiver, balanceResponsible).trimEnd(),
      element('createdDateTime', isoSeconds(createdAt)),
      timeInterval('period.timeInterval', from, to),
      coded('domain.mRID', { code: domain, scheme: 'A01' }),
      '',
    ].join('\n')
  }

  row(row: ReportRow): string {
    const { facts, start, end } = row
    for (const point of [facts.point, facts.exportPoint]) {
      if (pointCode(point) === null) {
        throw new ReportError('REPORT_POINT', `${JSON.stringify(point)} is no official identifier of a metering point`)
      }
    }
    if (facts.balanceGroup !== null && partyCode(facts.balanceGroup) === null) {
      throw new ReportError('REPORT_POINT', `balance group ${JSON.stringify(facts.balanceGroup)} is no EIC`)
    }
    if (start % 60 !== 0 || end % 60 !== 0) throw new ReportError('REPORT_LENGTH', 'the interval has no whole minutes')
    let text = ''
    if (this.#order.begins(row)) {
      text = this.#endPoint()
      this.#open = { first: row, period: this.#periodFrom(row) }
    }
    const open = this.#open!
    if (open.period.end !== start || open.period.resolution !== this.#resolution(row)) {
      this.#endPeriod(open)
      open.period = this.#periodFrom(row)
    }
    open.period.end = end
    open.period.positions++
    for (const [i, { of }] of series.entries()) {
      this.#positions[i]!.add(pointText(open.period.positions, row, of(row)))
    }
    return text
  }

  end(): string {
    const text = this.#endPoint()
    if (!this.#hasSeries)
      throw new ReportError('REPORT_EMPTY', 'energy-account cannot be without a row, and there is none')
    return `${text}</EnergyAccount_MarketDocument>\n`
  }

  trailer(totals: ReportTotals): string {
    return totalsComment(totals)
  }

  #periodFrom(row: ReportRow): OpenPoint['period'] {
    return { start: row.start, end: row.start, resolution: this.#resolution(row), positions: 0 }
  }

  /** Days and months are as long as they are. */
  #resolution({ start, end }: ReportRow): string {
    const { by } = this.#head
    return by === 'interval' ? `PT${(end - start) / 60}M` : by === 'day' ? 'P1D' : 'P1M'
  }

  #endPeriod({ period }: OpenPoint): void {
    const { start, end, resolution, positions } = period
    if (positions === 0) return
    const head = timeInterval('timeInterval', start, end) + element('resolution', resolution)
    for (const [i, ended] of this.#ended.entries()) {
      ended.add(`<Period>${head}\n`)
      ended.addAll(this.#positions[i]!)
      ended.add('</Period>\n')
    }
  }

  #endPoint(): string {
    const open = this.#open
    this.#open = null
    if (open === null) return ''
    this.#endPeriod(open)
    this.#hasSeries = true
    const { facts, settings } = open.first
    const group = facts.balanceGroup === null ? null : partyCode(facts.balanceGroup)
    return series
      .map(({ name, businessType, point, isPriced }, i) =>
        [
          '<TimeSeries>',
          element('mRID', `${xmlText(seriesName(facts[point]))}-${name}`),
          element('businessType', businessType),
          element('product', activeEnergy),
          element('objectAggregation', 'A02'),
          element('curveType', 'A01'),
          coded('area_Domain.mRID', { code: this.#parties.domain, scheme: 'A01' }),
          group === null ? '' : coded('marketParticipant.mRID', group),
          element('measurement_Unit.name', 'KWH'),
          isPriced ? element('currency_Unit.name', settings.currency) : '',
          coded('marketEvaluationPoint.mRID', pointCode(facts[point])!),
          this.#ended[i]!.take(),
        ]
          .filter((line) => line !== '')
          .join('\n')
          .concat('</TimeSeries>\n'),
      )
      .join('')
  }
}

/** The name of a series has room for 60 characters. */
function seriesName(point: string): string {
  return point.length <= 48 ? point : createHash('sha256').update(point).digest('hex').slice(0, 48)
}

function pointText(position: number, { quality }: ReportRow, { inWh, outWh, price }: ReturnType<Series['of']>): string {
  const mark = qualityCodes[quality]
  return (
    `<Point><position>${position}</position>` +
    `<in_Quantity.quantity>${kilowattHours(inWh)}</in_Quantity.quantity><in_Quantity.quality>${mark}</in_Quantity.quality>` +
    `<out_Quantity.quantity>${kilowattHours(outWh)}</out_Quantity.quantity><out_Quantity.quality>${mark}</out_Quantity.quality>` +
    `${price === '' ? '' : element('price.amount', price)}</Point>\n`
  )
}

export function energyAccountWriter(head: ReportHead): FormatWriter {
  return new EnergyAccountWriter(head)
}
