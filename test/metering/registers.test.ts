/** Virtual registers made from interval values: nothing is lost, nothing is counted twice, and each interval says how good it is. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ValueQuality } from '../../server/exchange/official-values.ts'
import { type MeterInterval, makeRegisters, meterInterval } from '../../server/metering/registers.ts'

const length = 900
const t0 = 1_800_000_000
const start = { time: t0, importMicroWh: 0n, exportMicroWh: 0n }

function interval(place: number, importMicroWh: bigint, quality: ValueQuality = 'measured'): MeterInterval {
  return { start: t0 + place * length, importMicroWh, exportMicroWh: 2n * importMicroWh, quality }
}

describe('registers', () => {
  it('are the exact sum rounded down, also where a batch ends between', () => {
    const energies = fc.array(fc.bigInt({ min: 0n, max: 5_000_000_000n }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(energies, fc.nat(), (list, cut) => {
        const intervals = list.map((energy, place) => interval(place, energy))
        const whole = makeRegisters(start, intervals, length)
        const at = cut % list.length
        const first = makeRegisters(start, intervals.slice(0, at), length)
        const second = makeRegisters(first.after, intervals.slice(at), length)
        expect([...first.readings, ...second.readings]).toEqual(whole.readings)
        const sum = list.reduce((all, energy) => all + energy, 0n)
        expect(whole.readings.at(-1)).toMatchObject({
          importWh: Number(sum / 1_000_000n),
          exportWh: Number((2n * sum) / 1_000_000n),
        })
        for (const [index, { importWh }] of whole.readings.entries()) {
          expect(importWh).toBeGreaterThanOrEqual(whole.readings[index - 1]?.importWh ?? 0)
        }
      }),
    )
  })

  it('say of each boundary how good the interval is that ends there', () => {
    const qualities: ValueQuality[] = ['measured', 'substituted', 'estimated', 'missing']
    const { readings } = makeRegisters(
      start,
      qualities.map((quality, place) => interval(place, quality === 'missing' ? 0n : 1_000_000n, quality)),
      length,
    )
    expect(readings.map(({ importWh, quality }) => [importWh, quality])).toEqual([
      [1, 0],
      [2, 0],
      [3, 1],
      [3, 2],
    ])
  })
})

describe('a meter’s interval', () => {
  const value = (energyMicroWh: number | null, quality: ValueQuality = 'measured') => ({ energyMicroWh, quality })

  it('is the part of its points’ energy that takes part, and as good as the worst of them', () => {
    const points = [
      { direction: 'import' as const, factorPercent: 50, value: value(250_250_000) },
      { direction: 'export' as const, factorPercent: 100, value: value(1_000_000, 'substituted') },
    ]
    expect(meterInterval(t0, points)).toEqual({
      ...{ start: t0, importMicroWh: 125_125_000n, exportMicroWh: 1_000_000n, quality: 'substituted' },
    })
  })

  it('counts nothing where one of its points has no value, and where it has no point', () => {
    const half = [
      { direction: 'import' as const, factorPercent: 100, value: value(5_000_000) },
      { direction: 'export' as const, factorPercent: 100, value: null },
    ]
    for (const points of [half, []]) {
      expect(meterInterval(t0, points)).toMatchObject({ importMicroWh: 0n, exportMicroWh: 0n, quality: 'missing' })
    }
  })
})
