/** Which area files are accepted, and what is said about the others. */
import { describe, expect, it } from 'vitest'
import { longestPathTicks } from '../../server/areas/longest-path.ts'
import { areaSettings, engineConfig } from '../../server/areas/settings.ts'
import { escrowFacts as chain, areaFile as file } from './area-file.ts'

describe('area settings', () => {
  it('become what the engine clears by', () => {
    const settings = areaSettings(file(), chain)
    expect(settings.rules).toMatchObject({ priceTick: 100, maxGridPerKwh: 300, maxBandTicks: 4_000, settlingGrade: 0 })
    expect(engineConfig(settings).zones[2]).toEqual({
      id: 'south',
      parent: 'root',
      feeTicksPerKwh: 200,
      capacityWh: 70,
    })
  })

  it('may say what the supplier’s power emits, and by whose word', () => {
    const supplierMix = { gramsPerKwh: 380, source: 'its label of 2025' }
    expect(areaSettings({ ...file(), supplierMix }, chain).supplierMix).toEqual(supplierMix)
    expect(areaSettings(file(), chain).supplierMix).toBeUndefined()
    expect(() => areaSettings({ ...file(), supplierMix: { gramsPerKwh: 380 } }, chain)).toThrow('supplierMix.source')
  })

  it.each([
    ['rules.batchSeconds: 65 is no multiple', file({ rules: { batchSeconds: 65 } })],
    ['the longest path costs 0.0300, more than the cap of 0.0299', file({ rules: { maxGridPerKwh: '0.0299' } })],
    [
      'feePerKwh: price 0.00001 is off the tick',
      file({
        zones: [
          { zone: 'r', name: 'R' },
          { zone: 'a', name: 'A', parent: 'r', feePerKwh: '0.00001' },
        ],
      }),
    ],
    [
      'zones: ',
      file({
        zones: [
          { zone: 'a', name: 'A', parent: 'b' },
          { zone: 'b', name: 'B', parent: 'a' },
        ],
      }),
    ],
    [
      'zones: ',
      file({
        zones: [
          { zone: 'a', name: 'A' },
          { zone: 'b', name: 'B' },
        ],
      }),
    ],
    ['rules.grid', file({ rules: { grid: '0x12' } })],
    ['Unrecognized key', { ...file(), colour: 'green' }],
  ])('are refused by name: %s', (reason, written) => {
    expect(() => areaSettings(written, chain)).toThrow(reason)
  })

  it('the longest path may turn below the root', () => {
    const zone = (name: string, parent: string | null, feeTicksPerKwh = 0) => ({ zone: name, parent, feeTicksPerKwh })
    const tree = [zone('root', null), zone('a', 'root', 1), zone('b', 'a', 5), zone('c', 'a', 7), zone('d', 'root', 2)]
    expect(longestPathTicks(tree)).toBe(12)
  })

  it('of an area in which somebody else decides the quantities are refused: the market would trade there all the same', () => {
    for (const allocation of ['imported', 'coefficients']) {
      expect(() => areaSettings(file({ rules: { allocation } }), chain)).toThrow(`rules.allocation: this release`)
    }
  })
})
