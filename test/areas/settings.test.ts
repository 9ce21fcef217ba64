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

  it('say how long official values may take, which agents may not, and the escrow does not wait for longer', () => {
    const slow = { ...chain, withdrawalDelaySeconds: 72 * 3600 }
    const day = { batchSeconds: 86_400, intervalSeconds: 900, confirmation: 'everybody' }
    const waiting = (graceSeconds: number, settlingGrade: string) => ({
      ...file({ rules: { ...day, settlingGrade } }),
      graceSeconds,
    })
    expect(areaSettings(waiting(129_600, 'billing'), slow).graceMs).toBe(129_600_000)
    expect(() => areaSettings(waiting(129_600, 'device'), slow)).toThrow('graceSeconds: agents are waited for')
    expect(() => areaSettings(waiting(172_800, 'billing'), slow)).toThrow('graceSeconds: a batch is cut 176460 s after')
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
