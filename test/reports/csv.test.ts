/** The settlement report: one row by hand, the form of RFC 4180, and on random streets the laws that a utility checks. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { parseMoney } from '../../contracts/protocol/units.ts'
import { type AuctionInput, clearAuction } from '../../server/market/auction.ts'
import { reportLine, writeReport } from '../../server/reports/csv.ts'
import type { ReportSettings, SettledInterval } from '../../server/reports/row.ts'
import { capGridTake } from '../../server/settlement/grid-take.ts'
import { Dice, randomAuction, smallTrees, wideTrees } from '../market/random-auctions.ts'

const header =
  'gridArea,zone,meteringPoint,supplier,balanceGroup,intervalStart,intervalSeconds,run,status,quality,importWh,exportWh,' +
  'boughtWh,soldWh,ownUseWh,residualImportWh,residualExportWh,deviationWh,averagePricePerKwh,energyAmount,gridFeeAmount,' +
  'congestionAmount,currency,batch,statementRoot,rowHash'
const columns = header.split(',')

const settings: ReportSettings = {
  name: 'Sun street',
  currency: 'EUR',
  priceDecimals: 4,
  rules: { intervalSeconds: 900 },
  ownUse: 'net',
  zones: [
    { zone: 'street', parent: null },
    { zone: 'north', parent: 'street' },
  ],
}

/** A seller in an exporting feeder: 300 of 500 Wh at 0.10, fee 0.01 to the street. */
const seller: SettledInterval = {
  start: 1_800_000_000,
  meter: `0x${'b'.repeat(40)}`,
  zone: 'north',
  run: 2,
  status: 'final',
  quality: 'measured',
  import_wh: 0,
  export_wh: 500,
  bought_wh: 0,
  sold_wh: 300,
  paid: '0',
  received: '300000',
  deviation_wh: 0,
  outcomes: [{ stage: 'spot', arrival: 1, side: 'sell', filledWh: 300, priceTicks: 1_000, amount: 300_000n }],
  agreed: new Map([[3, 1_200]]),
  zones: [
    { zone: 'street', priceTicks: 1_100 },
    { zone: 'north', priceTicks: 1_000 },
  ],
  flows: [{ zone: 'north', exportWh: 300, congestionTicks: 0 }],
  batch_end: 1_800_003_600,
  statement_root: `0x${'e'.repeat(64)}`,
}

async function* pages(...given: SettledInterval[][]) {
  yield* given
}

async function text(chunks: AsyncIterable<string>): Promise<string> {
  let all = ''
  for await (const chunk of chunks) all += chunk
  return all
}

describe('a row', () => {
  test('has every column, to the letter', () => {
    const line = reportLine(settings, seller)
    const without =
      `Sun street,north,0x${'b'.repeat(40)},,,2027-01-15T08:00:00Z,900,2,final,measured,0,500,0,300,0,0,200,0,0.100000,` +
      `0.033,0.003,0,EUR,2027-01-15T09:00:00Z,0x${'e'.repeat(64)}`
    expect(line).toBe(`${without},${createHash('sha256').update(without).digest('hex')}`)
  })

  test('without trade, batch or price leaves those cells empty', () => {
    const idle: SettledInterval = {
      ...seller,
      status: 'provisional',
      quality: 'missing',
      export_wh: 0,
      sold_wh: 0,
      received: '0',
      outcomes: [{ stage: 'spot', arrival: 1, side: 'sell', filledWh: 0, priceTicks: null, amount: 0n }],
      batch_end: null,
      statement_root: null,
    }
    const cells = reportLine(settings, idle).split(',')
    expect(cells[columns.indexOf('averagePricePerKwh')]).toBe('')
    expect(cells.slice(19, 25)).toEqual(['0', '0', '0', 'EUR', '', ''])
  })

  test('counts energy that was traded forward at its own price and over no link', () => {
    const forward: SettledInterval['outcomes'][number] = {
      ...{ stage: 'forward', arrival: 2, side: 'sell', filledWh: 100, priceTicks: 1_333, amount: 133_350n },
    }
    const line = reportLine(settings, {
      ...seller,
      sold_wh: 400,
      received: '433350',
      deviation_wh: 50,
      outcomes: [forward, ...seller.outcomes],
    })
    const cells = line.split(',')
    expect(cells.slice(columns.indexOf('deviationWh'), columns.indexOf('currency'))).toEqual([
      '50',
      '0.108338',
      '0.046335',
      '0.003',
      '0',
    ])
  })

  test('tells what the buyer of an agreement pays for the way from what the seller gets', () => {
    const bought = {
      stage: 'agreements',
      arrival: 3,
      side: 'buy',
      filledWh: 100,
      priceTicks: 1_350,
      amount: 135_000n,
    } as const
    const line = reportLine(settings, {
      ...seller,
      ...{
        import_wh: 250,
        export_wh: 150,
        bought_wh: 100,
        sold_wh: 0,
        paid: '135000',
        received: '0',
        outcomes: [bought],
      },
    })
    const cells = line.split(',')
    const cell = (name: string) => cells[columns.indexOf(name)]
    expect(['energyAmount', 'gridFeeAmount', 'congestionAmount'].map(cell)).toEqual(['-0.012', '0.0015', '0'])
    expect(['importWh', 'ownUseWh', 'boughtWh', 'residualImportWh'].map(cell)).toEqual(['250', '150', '100', '0'])
    expect(['exportWh', 'soldWh', 'residualExportWh'].map(cell)).toEqual(['150', '0', '0'])
    const billed = reportLine({ ...settings, ownUse: 'residual' }, { ...seller, import_wh: 40 }).split(',')
    expect(billed.slice(columns.indexOf('ownUseWh'), columns.indexOf('deviationWh'))).toEqual(['0', '40', '200'])
  })

  test('quotes what RFC 4180 wants quoted', () => {
    const line = reportLine({ ...settings, name: 'Sun, "street"\nEast' }, seller)
    expect(line.startsWith('"Sun, ""street""\nEast",north,')).toBe(true)
  })

  test.each<[string, Partial<SettledInterval>, string]>([
    ['more sold than metered', { export_wh: 299 }, 'REPORT_UNBALANCED'],
    ['fills that are not the matched energy', { sold_wh: 301 }, 'REPORT_UNBALANCED'],
    ['less money than the fills are worth', { received: '299999' }, 'REPORT_UNBALANCED'],
    [
      'a fill without a price',
      { outcomes: [{ ...seller.outcomes[0]!, priceTicks: null }], zones: [] },
      'REPORT_UNBALANCED',
    ],
    ['a flow without a price', { zones: [] }, 'REPORT_UNBALANCED'],
    ['a zone that the settings lack', { zone: 'west' }, 'REPORT_ZONE_UNKNOWN'],
  ])('with %s is never written', (_name, change, code) => {
    expect(() => reportLine(settings, { ...seller, ...change })).toThrowError(expect.objectContaining({ code }))
  })
})

describe('a report', () => {
  test('is a header and a line per row, each ended by CR LF, page after page', async () => {
    const report = await text(writeReport(() => settings, pages([seller, seller], [], [seller])))
    const lines = report.split('\r\n')
    expect(lines[0]).toBe(header)
    expect(lines).toHaveLength(5)
    expect(lines.at(-1)).toBe('')
    expect(await text(writeReport(() => settings, pages()))).toBe(`${header}\r\n`)
  })
})

describe('on random streets', () => {
  const seed = 20_261_122

  test(`metered is matched + residual, and money sums to what the grid keeps (seed ${seed})`, () => {
    for (let at = 0; at < 300; at++) {
      const auction = randomAuction(seed + at, at % 2 === 0 ? smallTrees : wideTrees)
      const { rows, area, gridFees, gridTake } = settled(auction, new Dice(seed + at))
      const sums = { energyAmount: 0n, gridFeeAmount: 0n, congestionAmount: 0n }
      for (const row of rows) {
        const cells = reportLine(area, row).split(',')
        const cell = (name: string) => cells[columns.indexOf(name)]!
        expect(Number(cell('importWh'))).toBe(Number(cell('boughtWh')) + Number(cell('residualImportWh')))
        expect(Number(cell('exportWh'))).toBe(Number(cell('soldWh')) + Number(cell('residualExportWh')))
        const amount = (name: keyof typeof sums) => parseMoney(cell(name))
        expect(amount('energyAmount') - amount('gridFeeAmount') - amount('congestionAmount')).toBe(
          BigInt(row.received) - BigInt(row.paid),
        )
        for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += amount(name)
      }
      expect({ at, ...sums }).toEqual({
        at,
        energyAmount: 0n,
        gridFeeAmount: gridFees,
        congestionAmount: gridTake - gridFees,
      })
    }
  })
})

/** An auction as one settled interval: an order a metering point, some of which metered more than they offered. */
function settled(auction: AuctionInput, dice: Dice) {
  const result = clearAuction(auction)
  const fillOf = new Map(result.fills.map((fill) => [fill.order, fill]))
  const fills = auction.orders.flatMap(({ id, side }) => {
    const fill = fillOf.get(id)
    if (fill === undefined) return []
    return [{ order: id, side, energyWh: fill.energyWh, amount: BigInt(fill.priceTicks) * BigInt(fill.energyWh) }]
  })
  const maxGridPerKwh = dice.oneOf([0, 1, 100, 2_000_000_000])
  const { matchedWh, gridFees, congestionRent } = result
  const { gridTake, refunds } = capGridTake({ maxGridPerKwh, matchedWh, gridFees, congestionRent, fills })
  const rows = auction.orders.map(({ id, side, zone, energyWh }, index): SettledInterval => {
    const fill = fillOf.get(id)
    const filledWh = fill?.energyWh ?? 0
    const amount = fill === undefined ? 0n : BigInt(fill.priceTicks) * BigInt(filledWh)
    const refund = refunds.get(id) ?? 0n
    const meteredWh = energyWh + dice.between(0, 5)
    const buys = side === 'buy'
    return {
      ...seller,
      meter: `m${index}`,
      zone,
      import_wh: buys ? meteredWh : 0,
      export_wh: buys ? 0 : meteredWh,
      bought_wh: buys ? filledWh : 0,
      sold_wh: buys ? 0 : filledWh,
      paid: buys ? String(amount - refund) : '0',
      received: buys ? '0' : String(amount + refund),
      outcomes: [
        {
          ...{ stage: 'spot', arrival: index, side, filledWh },
          priceTicks: fill?.priceTicks ?? null,
          amount: buys ? amount - refund : amount + refund,
        },
      ],
      zones: result.zones,
      flows: result.flows,
    }
  })
  const zones = auction.zones.map(({ id, parent = null }) => ({ zone: id, parent }))
  return { rows, area: { ...settings, zones }, gridFees, gridTake }
}
