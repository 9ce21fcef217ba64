/** Settled intervals for tests of reports, and what becomes of them in a format. */
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { TimeZone } from '../../server/exchange/time-zone.ts'
import { reportFormat } from '../../server/reports/formats.ts'
import type { ReportManifest } from '../../server/reports/manifest.ts'
import type { Refusal } from '../../server/reports/refusals.ts'
import type { PointFacts, ReportSettings } from '../../server/reports/row.ts'
import type { SettledInterval } from '../../server/reports/settled-row.ts'
import { writeReport } from '../../server/reports/write-report.ts'
import type { ReportHead } from '../../server/reports/writer.ts'

/** 2027-01-15T08:00:00Z. */
const t0 = 1_800_000_000

export const settings: ReportSettings = {
  area: 7,
  name: 'Sun street',
  currency: 'EUR',
  priceDecimals: 4,
  rules: { intervalSeconds: 900 },
  ownUse: 'net',
  zones: [
    { zone: 'street', name: 'Whole street', parent: null },
    { zone: 'north', name: 'North feeder', parent: 'street' },
  ],
}

/** A seller in an exporting feeder: 300 of 500 Wh at 0.10, fee 0.01 to the street. */
export const seller: SettledInterval = {
  start: t0,
  meter: `0x${'b'.repeat(40)}`,
  account: `0x${'a'.repeat(40)}`,
  zone: 'north',
  run: 2,
  is_corrected: false,
  computed_at: t0 + 920,
  status: 'final',
  quality: 'measured',
  ...{ import_at_start: 1_000, export_at_start: 2_000, import_at_end: 1_000, export_at_end: 2_500 },
  import_wh: 0,
  export_wh: 500,
  bought_wh: 0,
  sold_wh: 300,
  paid: '0',
  received: '300000',
  deviation_wh: 0,
  outcomes: [{ stage: 'spot', arrival: 1, side: 'sell', filledWh: 300, priceTicks: 1_000, amount: 300_000n }],
  agreed: new Map([[3, 1_200]]),
  results: {
    zones: [
      { zone: 'street', priceTicks: 1_100 },
      { zone: 'north', priceTicks: 1_000 },
    ],
    flows: [{ zone: 'north', exportWh: 300, congestionTicks: 0 }],
  },
  batch_end: t0 + 3_600,
  statement_root: `0x${'e'.repeat(64)}`,
}

/** The row of another interval, so many after the first one. */
export function later(row: SettledInterval, intervals: number, change: Partial<SettledInterval> = {}): SettledInterval {
  return { ...row, start: row.start + intervals * 900, ...change }
}

export function headOf(change: Partial<ReportHead> = {}): ReportHead {
  return {
    ...{ settings, from: t0, to: t0 + 3_600, by: 'interval', selection: {}, timeZone: new TimeZone('Europe/Vienna') },
    ...{ version: 1, createdAt: t0 + 7_200, isFinal: true, parties: null },
    ...change,
  }
}

export interface Written {
  text: string
  manifest: ReportManifest
  refusals: Refusal[]
}

/** Writes settled intervals in a format; `factsOf` is what the roster says. */
export async function write(
  format: string,
  rows: readonly SettledInterval[],
  {
    head = headOf(),
    settingsAt = () => head.settings,
    factsOf = () => null,
  }: {
    head?: ReportHead
    settingsAt?: (start: UtcSeconds) => ReportSettings
    factsOf?: (meter: string, start: UtcSeconds) => PointFacts | null
  } = {},
): Promise<Written> {
  const refusals: Refusal[] = []
  async function* pages() {
    for (let from = 0; from < rows.length; from += 100) yield rows.slice(from, from + 100)
  }
  const pieces = writeReport(reportFormat(format), head, { pages: pages(), settingsAt, factsOf }, (refusal) =>
    refusals.push(refusal),
  )
  let text = ''
  for (;;) {
    const piece = await pieces.next()
    if (piece.done) return { text, manifest: piece.value, refusals }
    text += piece.value
  }
}

/** The lines of separated values without quotes, as objects by the header. */
export function linesOf(text: string, separator = ','): Record<string, string>[] {
  const [header, ...lines] = text.replace('\ufeff', '').trimEnd().split('\r\n')
  const names = header!.split(separator)
  return lines.map((line) => {
    const cells = line.split(separator)
    return Object.fromEntries(names.map((name, at) => [name, cells[at]!]))
  })
}
