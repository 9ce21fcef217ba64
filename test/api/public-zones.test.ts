/** What is told of zones: every figure is of five meters or more, or of the whole area; and together they are the area's. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type MeteredZone, publicZones } from '../../server/api/public-zones.ts'

const zone = (name: string, parent: string | null, meters: number, energyWh = 100 * meters): MeteredZone => ({
  ...{ zone: name, parent, meters, soldWh: energyWh, boughtWh: 0, importWh: 0, exportWh: energyWh },
})
const sold = (zones: readonly MeteredZone[]) => publicZones(zones).map(({ soldWh }) => soldWh)

describe('zones', () => {
  test('of five meters are told, of four with the zone above', () => {
    expect(sold([zone('root', null, 6), zone('a', 'root', 5), zone('b', 'root', 4)])).toEqual([1_000, 500, null])
  })

  test('join the next one above that is told', () => {
    const deep = [zone('root', null, 5), zone('a', 'root', 1), zone('b', 'a', 1), zone('c', 'b', 7)]
    expect(sold(deep)).toEqual([700, null, null, 700])
    expect(sold([zone('root', null, 0), zone('a', 'root', 3), zone('b', 'a', 2)])).toEqual([0, 500, null])
  })

  test('that leave too few at the root take a larger one with them', () => {
    expect(sold([zone('root', null, 0), zone('a', 'root', 1), zone('b', 'root', 6), zone('c', 'root', 9)])).toEqual([
      700,
      null,
      null,
      900,
    ])
  })

  test('of a small area are one figure', () => {
    expect(sold([zone('root', null, 0), zone('a', 'root', 1), zone('b', 'root', 1)])).toEqual([200, null, null])
  })
})

/** A tree of up to twelve zones, each below an earlier one. */
const trees = fc
  .array(fc.record({ above: fc.nat(), meters: fc.nat(8), energyWh: fc.nat(5_000) }), { minLength: 1, maxLength: 12 })
  .map((zones) =>
    zones.map(({ above, meters, energyWh }, n) => zone(`z${n}`, n === 0 ? null : `z${above % n}`, meters, energyWh)),
  )

test('no figure, and no difference of figures along a branch, is of one to four meters unless the area has no more', () => {
  fc.assert(
    fc.property(trees, (zones) => {
      const shown = publicZones(zones)
      const total = (all: readonly { soldWh: number | null }[]) =>
        all.reduce((sum, each) => sum + (each.soldWh ?? 0), 0)
      expect(total(shown)).toBe(total(zones))
      // The same with meters for energies: then each figure is how many it is told of.
      const counted = publicZones(zones.map((each) => ({ ...each, soldWh: each.meters })))
      const all = zones.reduce((sum, { meters }) => sum + meters, 0)
      for (const { soldWh } of counted) {
        expect(soldWh === null || soldWh === 0 || soldWh >= Math.min(5, all)).toBe(true)
      }
    }),
  )
})
