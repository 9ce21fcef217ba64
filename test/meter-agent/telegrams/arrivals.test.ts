/** Which telegrams are samples, by when and how they arrive. */
import { expect, test } from 'vitest'
import { type ArrivalVerdict, judgeArrival, noArrivals } from '../../../meter-agent/telegrams/arrivals.ts'
import type { MeterTelegram } from '../../../meter-agent/telegrams/meter-telegram.ts'

function telegram(meterSeconds: number | null, { codes = ['1.8.0', '2.8.0'], isChecked = true } = {}): MeterTelegram {
  const value = { raw: 1n, exponent: 0, unit: 'Wh', digits: null, doubt: null }
  return {
    identity: { manufacturer: 'XMX', model: null, version: null, serialNumber: '1' },
    standard: null,
    meterSeconds,
    values: new Map(codes.map((code) => [code, value])),
    isChecked,
    warnings: [],
  }
}

function verdictsOf(arrived: [MeterTelegram, string, number][]): ArrivalVerdict[] {
  let arrivals = noArrivals
  return arrived.map(([one, bytes, atMs]) => {
    const judged = judgeArrival(arrivals, { telegram: one, bytes: Buffer.from(bytes), atMs })
    arrivals = judged.arrivals
    return judged.verdict
  })
}

test('a telegram that comes again is none, unless the meter has no clock', () => {
  expect(
    verdictsOf([
      [telegram(1), 'a', 1000],
      [telegram(1), 'a', 2000],
      [telegram(3), 'b', 3000],
    ]),
  ).toEqual(['sample', 'repeated', 'sample'])
  expect(
    verdictsOf([
      [telegram(null), 'a', 1000],
      [telegram(null), 'a', 2000],
    ]),
  ).toEqual(['sample', 'sample'])
})

test('telegrams that stood in a gateway’s buffer are late; those that follow in time are samples', () => {
  const inTime = [1, 2, 3].map((s): [MeterTelegram, string, number] => [telegram(s), `${s}`, s * 1000])
  const burst = [4, 5, 6].map((s): [MeterTelegram, string, number] => [telegram(s), `${s}`, 60_000])
  expect(verdictsOf([...inTime, ...burst, [telegram(60), '60', 60_100]])).toEqual([
    'sample',
    'sample',
    'sample',
    'late',
    'late',
    'late',
    'sample',
  ])
})

test('a meter whose clock was set back is believed again after some telegrams', () => {
  const back = Array.from({ length: 12 }, (_, i): [MeterTelegram, string, number] => [
    telegram(i - 500),
    `b${i}`,
    (i + 2) * 1000,
  ])
  const verdicts = verdictsOf([[telegram(1), 'a', 1000], ...back])
  expect(verdicts.slice(1, 11)).toEqual(Array(10).fill('late'))
  expect(verdicts.slice(11)).toEqual(['sample', 'sample'])
})

test('without a checksum two in a row must hold the same values', () => {
  const plain = (codes: string[]) => telegram(null, { codes, isChecked: false })
  expect(
    verdictsOf([
      [plain(['1.8.0', '2.8.0']), 'a', 1],
      [plain(['1.8.0', '2.8.0']), 'b', 2],
      [plain(['1.8.0']), 'c', 3],
      [plain(['1.8.0', '2.8.0']), 'd', 4],
      [plain(['1.8.0', '2.8.0']), 'e', 5],
    ]),
  ).toEqual(['unconfirmed', 'sample', 'unconfirmed', 'unconfirmed', 'sample'])
})

test('a sum of tariffs never loses a tariff', () => {
  const both = { codes: ['1.8.1', '1.8.2'] }
  expect(
    verdictsOf([
      [telegram(1, both), 'a', 1000],
      [telegram(2, { codes: ['1.8.1'] }), 'b', 2000],
      [telegram(3, both), 'c', 3000],
    ]),
  ).toEqual(['sample', 'incomplete', 'sample'])
})
