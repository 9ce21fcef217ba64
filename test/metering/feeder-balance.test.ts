/** A transformer's meter beside the homes of its zone and the zones below it. */
import { expect, test } from 'vitest'
import { feederBalances, type TransformerValue, type ZoneNet } from '../../server/metering/feeder-balance.ts'

const zones = [
  { zone: 'town', parent: null },
  { zone: 'street', parent: 'town' },
  { zone: 'lane', parent: 'street' },
  { zone: 'hill', parent: 'town' },
]
const home = (zone: string, start: number, netWh: number, isMeasured = true): ZoneNet => ({
  zone,
  start,
  netWh,
  isMeasured,
})
const value = (
  start: number,
  energyWh: number | null,
  direction: TransformerValue['direction'] = 'import',
): TransformerValue => ({ start, point: 'T', direction, energyWh })
const street = { zone: 'street', point: 'T' }
const balance = (homes: ZoneNet[], values: TransformerValue[]) =>
  feederBalances([street], { zones, homes, values })[0]!.intervals.map(({ start, ...own }) => [
    start,
    ...Object.values(own),
  ])

test('the difference is what no home of the zone or the zones below it took', () => {
  const homes = [home('street', 0, 500), home('lane', 0, -200), home('hill', 0, 9_999), home('street', 900, -700)]
  expect(balance(homes, [value(0, 310), value(900, 0), value(0, 0, 'export'), value(900, 680, 'export')])).toEqual([
    [0, 310, 300, 10],
    [900, -680, -700, 20],
  ])
  // A meter that only draws tells one direction.
  expect(balance([home('lane', 0, 100)], [value(0, 101)])).toEqual([[0, 101, 100, 1]])
})

test('nothing is concluded where a value lacks, is an estimate, or a home was not measured', () => {
  const both = (start: number) => [value(start, 100), value(start, 0, 'export')]
  const homes = [home('street', 0, 90, false), home('lane', 0, 5), home('lane', 900, 95), home('lane', 1_800, 95)]
  expect(
    balance(homes, [...both(0), value(900, null), value(900, 0, 'export'), value(1_800, 100), ...both(2_700)]),
  ).toEqual([
    [0, 100, null, null],
    [900, null, 95, null],
    [1_800, null, 95, null],
    [2_700, 100, null, null],
  ])
})
