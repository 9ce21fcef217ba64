/** The report as separated values: one row by hand, the form of RFC 4180, and on random streets the laws that a utility checks. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseMoney } from '../../contracts/protocol/units.ts'
import { type AuctionInput, clearAuction } from '../../server/market/auction.ts'
import { harmlessAndKept, quotedCell, textOfCell } from '../../server/reports/separated-cells.ts'
import type { SettledInterval } from '../../server/reports/settled-row.ts'
import { capGridTake } from '../../server/settlement/grid-take.ts'
import { Dice, randomAuction, smallTrees, wideTrees } from '../market/random-auctions.ts'
import { headOf, later, linesOf, seller, settings, write } from './rows.ts'

const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex')
const facts = { point: 'AT001', exportPoint: 'AT002', supplier: 'Grünstrom', balanceGroup: '11XSUN' }

describe('a row', () => {
  test('has every column, to the letter', async () => {
    const { text } = await write('csv', [seller], { factsOf: () => facts })
    const [header, line] = text.split('\r\n')
    expect(header).toBe(
      'gridArea,zone,meteringPoint,supplier,balanceGroup,intervalStart,intervalSeconds,run,status,quality,importWh,' +
        'exportWh,boughtWh,soldWh,residualImportWh,residualExportWh,deviationWh,averagePricePerKwh,energyAmount,' +
        'gridFeeAmount,congestionAmount,currency,batch,statementRoot,area,meter,exportMeteringPoint,zoneName,localStart,' +
        'intervals,computedAt,importAtStartWh,importAtEndWh,exportAtStartWh,exportAtEndWh,ownUseWh,boughtAgreementsWh,' +
        'boughtForwardWh,boughtSpotWh,boughtImportedWh,boughtCoefficientsWh,soldAgreementsWh,soldForwardWh,soldSpotWh,' +
        'soldImportedWh,soldCoefficientsWh,paidAmount,receivedAmount,purchasePricePerKwh,salePricePerKwh,rowHash',
    )
    const without =
      `Sun street,north,AT001,Grünstrom,11XSUN,2027-01-15T08:00:00Z,900,2,final,measured,0,500,0,300,0,200,0,0.100000,` +
      `0.033,0.003,0,EUR,2027-01-15T09:00:00Z,0x${'e'.repeat(64)},7,0x${'b'.repeat(40)},AT002,North feeder,` +
      `2027-01-15T09:00:00+01:00,1,2027-01-15T08:15:20Z,1000,1000,2000,2500,0,0,0,0,0,0,0,0,300,0,0,0,0.03,,0.100000`
    expect(line).toBe(`${without},${sha256(without)}`)
  })

  test('without trade, batch, reading or roster leaves those cells empty', async () => {
    const idle: SettledInterval = {
      ...{ ...seller, status: 'provisional', quality: 'missing', export_wh: 0, sold_wh: 0, received: '0' },
      ...{ outcomes: [], batch_end: null, statement_root: null, export_at_end: null },
    }
    const [row] = linesOf((await write('csv', [idle])).text)
    expect(row).toMatchObject({
      ...{ meteringPoint: seller.meter, supplier: '', balanceGroup: '', averagePricePerKwh: '', salePricePerKwh: '' },
      ...{ energyAmount: '0', batch: '', statementRoot: '', importAtStartWh: '1000', importAtEndWh: '' },
    })
  })

  test('counts energy that was traded forward at its own price and over no link', async () => {
    const forward: SettledInterval['outcomes'][number] = {
      ...{ stage: 'forward', arrival: 2, side: 'sell', filledWh: 100, priceTicks: 1_333, amount: 133_350n },
    }
    const both: SettledInterval = {
      ...{ ...seller, sold_wh: 400, received: '433350', deviation_wh: 50, outcomes: [forward, ...seller.outcomes] },
    }
    const [row] = linesOf((await write('csv', [both])).text)
    expect(row).toMatchObject({
      ...{ deviationWh: '50', averagePricePerKwh: '0.108338', energyAmount: '0.046335', gridFeeAmount: '0.003' },
      ...{ congestionAmount: '0', soldForwardWh: '100', soldSpotWh: '300' },
    })
  })

  test('tells what the buyer of an agreement pays for the way from what the seller gets', async () => {
    const bought: SettledInterval['outcomes'][number] = {
      ...{ stage: 'agreements', arrival: 3, side: 'buy', filledWh: 100, priceTicks: 1_350, amount: 135_000n },
    }
    const buyer: SettledInterval = {
      ...{ ...seller, import_wh: 250, export_wh: 150, bought_wh: 100, sold_wh: 0, paid: '135000', received: '0' },
      outcomes: [bought],
    }
    const [row] = linesOf((await write('csv', [buyer])).text)
    expect(row).toMatchObject({
      ...{ energyAmount: '-0.012', gridFeeAmount: '0.0015', congestionAmount: '0', paidAmount: '0.0135' },
      ...{ importWh: '250', ownUseWh: '150', boughtWh: '100', residualImportWh: '0', boughtAgreementsWh: '100' },
      ...{ exportWh: '150', soldWh: '0', residualExportWh: '0', receivedAmount: '0', purchasePricePerKwh: '0.135000' },
    })
    const billed = headOf({ settings: { ...settings, ownUse: 'residual' } })
    const [other] = linesOf((await write('csv', [{ ...seller, import_wh: 40 }], { head: billed })).text)
    expect(other).toMatchObject({ ownUseWh: '0', residualImportWh: '40', residualExportWh: '200' })
  })

  test('tells what whoever gets shared energy pays for its way from the price of the rule', async () => {
    const got: SettledInterval['outcomes'][number] = {
      ...{ stage: 'coefficients', arrival: 3, side: 'buy', filledWh: 100, priceTicks: 1_150, amount: 115_000n },
    }
    const member: SettledInterval = {
      ...{ ...seller, import_wh: 250, export_wh: 150, bought_wh: 100, sold_wh: 0, paid: '115000', received: '0' },
      outcomes: [got],
    }
    const [row] = linesOf((await write('csv', [member])).text)
    expect(row).toMatchObject({
      ...{ energyAmount: '-0.01', gridFeeAmount: '0.0015', congestionAmount: '0', paidAmount: '0.0115' },
      ...{ boughtWh: '100', boughtCoefficientsWh: '100', boughtSpotWh: '0', purchasePricePerKwh: '0.115000' },
    })
  })

  test('goes by the settings and the names of its time', async () => {
    const renamed = { ...settings, zones: settings.zones.map((zone) => ({ ...zone, name: `New ${zone.name}` })) }
    const settingsAt = (start: number) => (start > seller.start ? renamed : settings)
    const rows = linesOf((await write('csv', [seller, later(seller, 1)], { settingsAt })).text)
    expect(rows.slice(0, 2).map(({ zoneName }) => zoneName)).toEqual(['North feeder', 'New North feeder'])
  })

  test.each<[string, Partial<SettledInterval>, string]>([
    ['more sold than metered', { export_wh: 299 }, 'REPORT_UNBALANCED'],
    ['fills that are not the matched energy', { sold_wh: 301 }, 'REPORT_UNBALANCED'],
    ['less money than the fills are worth', { received: '299999' }, 'REPORT_UNBALANCED'],
    ['a flow without a price', { results: { ...seller.results!, zones: [] } }, 'REPORT_UNBALANCED'],
    ['a zone that the settings lack', { zone: 'west' }, 'REPORT_ZONE_UNKNOWN'],
  ])('with %s is named, and the others are written', async (_name, change, code) => {
    const rows = [seller, { ...seller, ...change, meter: 'm2' }, { ...seller, meter: 'm3' }]
    const { text, manifest, refusals } = await write('csv', rows)
    expect(linesOf(text).map(({ meter }) => meter)).toEqual([seller.meter, 'm3', ''])
    expect(refusals).toMatchObject([{ meter: 'm2', from: seller.start, rows: 1, code }])
    expect(manifest).toMatchObject({ rows: 2, refused: 1 })
  })
})

describe('a report', () => {
  test('ends with a line that says whether it is whole', async () => {
    const { text, manifest } = await write('csv', [seller, later(seller, 1)])
    const at = text.indexOf('#end')
    expect(text.slice(at)).toMatch(new RegExp(`^#end rows=2 refused=0 sha256=${sha256(text.slice(0, at))},`))
    expect(linesOf(text).at(-1)).toMatchObject({ exportWh: '1000', soldWh: '600', receivedAmount: '0.06' })
    expect(manifest).toMatchObject({
      ...{ rows: 2, bytes: Buffer.byteLength(text), sha256: sha256(text), computedUntil: '2027-01-15T08:15:20Z' },
      sums: { exportWh: 1_000, soldWh: 600, residualExportWh: 400, receivedAmount: '0.06', paidAmount: '0' },
    })
  })

  test('sums days and months of the area’s calendar', async () => {
    const head = headOf({ from: seller.start, to: seller.start + 40 * 86_400, by: 'day' })
    const rows = [0, 1, 60, 61, 2_000].map((after) => later(seller, after))
    const days = linesOf((await write('csv', rows, { head })).text).slice(0, -1)
    expect(
      days.map(({ intervals, soldWh, localStart, intervalSeconds }) => [
        intervals,
        soldWh,
        localStart,
        intervalSeconds,
      ]),
    ).toEqual([
      ['2', '600', '2027-01-15T00:00:00+01:00', '86400'],
      ['2', '600', '2027-01-16T00:00:00+01:00', '86400'],
      ['1', '300', '2027-02-05T00:00:00+01:00', '86400'],
    ])
    const months = linesOf((await write('csv', rows, { head: { ...head, by: 'month' } })).text)
    expect(months.map(({ soldWh }) => soldWh)).toEqual(['1200', '300', '1500'])
  })

  test('leaves out what is not asked for', async () => {
    const rows = [
      seller,
      { ...seller, meter: 'm2', run: 3 },
      later({ ...seller, meter: 'm3' }, 1, { zone: 'street', outcomes: [], sold_wh: 0, received: '0' }),
    ]
    const meters = async (selection: object) =>
      linesOf((await write('csv', rows, { head: headOf({ selection }) })).text)
        .map(({ meter }) => meter)
        .filter(Boolean)
    expect(await meters({ zone: 'street' })).toEqual(['m3'])
    expect(await meters({ point: 'm2' })).toEqual(['m2'])
    expect(await meters({ changedSince: { run: 2 } })).toEqual(['m2'])
    expect(await meters({ changedSince: { computedAt: seller.start + 921 } })).toEqual([])
  })

  test('for spreadsheets has a mark, semicolons, decimal commas and umlauts', async () => {
    const { text } = await write('csv-excel', [seller], { factsOf: () => facts })
    expect(text.startsWith('\ufeffgridArea;zone;')).toBe(true)
    const [row] = linesOf(text, ';')
    expect(row).toMatchObject({ supplier: 'Grünstrom', energyAmount: '0,033', localStart: '2027-01-15 09:00:00' })
  })
})

describe('a text', () => {
  const runs = ['=HYPERLINK("x")', '@SUM(A1)', '+1+1', '-2', '\t=1', ' =1', '\u200b=1', '＝1', '\r=1', '\n@a']

  test.each(runs)('that a spreadsheet would run is written so that it does not: %j', async (name) => {
    for (const format of ['csv', 'csv-excel']) {
      const { text } = await write(format, [seller], {
        head: headOf({ settings: { ...settings, name } }),
        factsOf: () => ({ ...facts, supplier: name }),
      })
      const lines = text.slice(text.indexOf('\r\n') + 2)
      expect(lines.startsWith("'") || lines.startsWith('"\'')).toBe(true)
      expect(lines).not.toMatch(/[,;]"?[\s\p{Cf}]*[=+@＝]/u)
    }
  })

  test('can be had back, and a number as a name stays one', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('=', "'", '1', 'a', ' ', '@', '\t', 'ü') }), (text) => {
        expect(textOfCell(harmlessAndKept(text))).toBe(text)
        expect(quotedCell(harmlessAndKept(text))).not.toMatch(/^"?[\s]*[=+@]/)
      }),
      { seed: 14 },
    )
    expect(harmlessAndKept('871687940000012345')).toBe("'871687940000012345")
  })
})

describe('on random streets', () => {
  const seed = 20_261_122

  test(`metered is own use + matched + residual, and money sums to what the grid keeps (seed ${seed})`, async () => {
    for (let at = 0; at < 200; at++) {
      const auction = randomAuction(seed + at, at % 2 === 0 ? smallTrees : wideTrees)
      const { rows, area, gridFees, gridTake } = settled(auction, new Dice(seed + at))
      const { text, refusals } = await write('csv', rows, { head: headOf({ settings: area }) })
      expect(refusals).toEqual([])
      const lines = linesOf(text)
      for (const row of lines) {
        const wh = (name: string) => Number(row[name])
        expect(wh('importWh')).toBe(wh('ownUseWh') + wh('boughtWh') + wh('residualImportWh'))
        expect(wh('exportWh')).toBe(wh('ownUseWh') + wh('soldWh') + wh('residualExportWh'))
        const amount = (name: string) => parseMoney(row[name]!)
        expect(amount('energyAmount') - amount('gridFeeAmount') - amount('congestionAmount')).toBe(
          amount('receivedAmount') - amount('paidAmount'),
        )
      }
      const sums = lines.at(-1)!
      expect({
        at,
        energy: sums.energyAmount,
        fees: parseMoney(sums.gridFeeAmount!),
        rent: parseMoney(sums.congestionAmount!),
      }).toEqual({
        ...{ at, energy: '0', fees: gridFees, rent: gridTake - gridFees },
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
  const results = { zones: result.zones, flows: result.flows }
  const rows = auction.orders.map(({ id, side, zone, energyWh }, index): SettledInterval => {
    const fill = fillOf.get(id)
    const filledWh = fill?.energyWh ?? 0
    const buys = side === 'buy'
    const worth = fill === undefined ? 0n : BigInt(fill.priceTicks) * BigInt(filledWh)
    const amount = buys ? worth - (refunds.get(id) ?? 0n) : worth + (refunds.get(id) ?? 0n)
    const meteredWh = energyWh + dice.between(0, 5)
    return {
      ...{ ...seller, meter: `m${index}`, zone, results },
      ...{ import_wh: buys ? meteredWh : 0, export_wh: buys ? 0 : meteredWh },
      ...{ bought_wh: buys ? filledWh : 0, sold_wh: buys ? 0 : filledWh },
      ...{ paid: buys ? String(amount) : '0', received: buys ? '0' : String(amount) },
      outcomes: [{ stage: 'spot', arrival: index, side, filledWh, priceTicks: fill?.priceTicks ?? null, amount }],
    }
  })
  const zones = auction.zones.map(({ id, parent = null }) => ({ zone: id, name: id, parent }))
  return { rows, area: { ...settings, zones }, gridFees, gridTake }
}
