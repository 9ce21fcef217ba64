/** Which area files are accepted, and what is said about the others. */
import { describe, expect, it } from 'vitest'
import { longestPathTicks } from '../../server/areas/longest-path.ts'
import { areaFaceOf, areaSettings, engineConfig, settingsOf } from '../../server/areas/settings.ts'
import { escrowFacts as chain, areaFile as file } from './area-file.ts'

describe('area settings', () => {
  it('become what the engine clears by', () => {
    const settings = areaSettings(file(), chain)
    expect(settings.rules).toMatchObject({ priceTick: 100, maxGridPerKwh: 300, maxBandTicks: 4_000, settlingGrade: 0 })
    // Who says nothing else has everybody's meter confirmed.
    expect(settings.rules.confirmation).toBe(2)
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
    ['rules.batchSeconds: a batch has at most 4095 intervals', file({ rules: { batchSeconds: 40_960 } })],
    [
      'rules.batchSeconds: batch and watcherGraceSeconds together must be shorter than the escrow',
      file({ rules: { batchSeconds: (Math.floor(chain.withdrawalDelaySeconds / 10) + 1) * 10 } }),
    ],
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
    ['colour: has no meaning here', { ...file(), colour: 'green' }],
    ['currency: write a currency’s three capital letters (ISO 4217), like EUR', { ...file(), currency: 'Euro' }],
    ['currency: is missing', { ...file(), currency: undefined }],
    ['graceSeconds: must be a number from 0 to 604800 (seconds), not "5 s"', { ...file(), graceSeconds: '5 s' }],
  ])('are refused by name: %s', (reason, written) => {
    expect(() => areaSettings(written, chain)).toThrow(reason)
  })

  it.each([
    ['31 umlauts, which are 62 bytes', 'ü'.repeat(31)],
    ['one umlaut', 'süd'],
    ['letters of another script', 'северный'],
    ['a letter of four bytes', '𝒩orth'],
    ['an umlaut of two code points', 'su\u0308d'],
    ['32 letters', 'n'.repeat(32)],
    ['nothing', ''],
    ['a blank', 'north end'],
  ])('name no zone that the 31 bytes of the escrow cannot hold as they are written: %s', (_, zone) => {
    const zones = [
      { zone: 'root', name: 'Root' },
      { zone, name: 'Süd', parent: 'root', feePerKwh: '0.01' },
    ]
    expect(() => areaSettings(file({ zones }), chain)).toThrow(
      `zones.1.zone: must be a zone: 1 to 31 letters (a to z), digits, dots, dashes or underscores (people read its "name"), not ${JSON.stringify(zone)}`,
    )
  })

  it('take a zone of 31 letters, and any letters in what people read of it', () => {
    const zones = [{ zone: 'n'.repeat(31), name: 'Süd, bei den Gärten' }]
    expect(areaSettings(file({ zones }), chain).zones[0]).toMatchObject(zones[0]!)
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

  describe('of an area in which the grid operator or a key decides the quantities', () => {
    const zones = [
      { zone: 'root', name: 'Root' },
      { zone: 'north', name: 'North', parent: 'root', feePerKwh: '0.01' },
    ]
    const fixed = { rule: 'fixed', pricePerKwh: '0.12' }
    const shared = (sharing: object | undefined, rules: object = {}) => ({
      ...file({ zones, rules: { allocation: 'coefficients', ...rules } }),
      ...(sharing && { sharing }),
    })

    it.each([
      ['imported', 1],
      ['coefficients', 2],
    ] as const)('say how energy is priced: %s', (allocation, number) => {
      const settings = areaSettings(shared({ price: fixed, waitSeconds: 200 }, { allocation }), chain)
      expect(settings.rules.allocation).toBe(number)
      expect(settings.sharing).toEqual({ price: { type: 'fixed', ticks: 1_200 }, waitMs: 200_000 })
      expect(engineConfig(settings).sharing).toEqual(settings.sharing)
      expect(settingsOf(engineConfig(settings), areaFaceOf(settings))).toEqual(settings)
    })

    it('write the clocks of their time zone down', () => {
      const price = {
        ...{ rule: 'by-time', timeZone: 'Europe/Vienna', otherwisePerKwh: '0.10' },
        periods: [{ days: ['mon', 'sun'], from: '06:30', to: '24:00', pricePerKwh: '0.14' }],
      }
      const { sharing } = areaSettings(shared({ price, waitSeconds: 0 }), chain)
      const rule = sharing!.price
      if (rule.type !== 'by-time') throw new Error('another rule')
      expect(rule.periods).toEqual([{ days: 0b100_0001, fromMinute: 390, toMinute: 1_440, ticks: 1_400 }])
      const change = (iso: string) => rule.clock.find(({ from }) => from === Date.parse(iso) / 1_000)?.offsetSeconds
      expect([change('2027-03-28T01:00:00Z'), change('2027-10-31T01:00:00Z')]).toEqual([7_200, 3_600])
      expect(rule.clock.length).toBe(1 + 2 * 41)
    })

    it.each([
      ['sharing: missing', shared(undefined)],
      [
        'sharing: only how energy is priced that no market gives out',
        { ...file(), sharing: { price: fixed, waitSeconds: 0 } },
      ],
      [
        '0.2500 lies outside the prices of this area',
        shared({ price: { ...fixed, pricePerKwh: '0.25' }, waitSeconds: 0 }),
      ],
      [
        'the floor lies above the ceiling',
        shared({ price: { rule: 'exchange', floorPerKwh: '0.2', ceilingPerKwh: '0.1' }, waitSeconds: 0 }),
      ],
      ['sharing.waitSeconds: batch, wait', shared({ price: fixed, waitSeconds: 240 })],
      [
        'zones: south has a capacity',
        { ...file({ rules: { allocation: 'imported' } }), sharing: { price: fixed, waitSeconds: 0 } },
      ],
      ['sharing.price.pricePerKwh: ', shared({ price: { ...fixed, pricePerKwh: '0.00001' }, waitSeconds: 0 })],
      [
        'sharing.price.timeZone: ',
        shared({
          price: {
            rule: 'by-time',
            timeZone: 'Nowhere',
            periods: [{ from: '06:00', to: '07:00', pricePerKwh: '0.1' }],
            otherwisePerKwh: '0.1',
          },
          waitSeconds: 0,
        }),
      ],
      [
        '22:00 is not before 06:00',
        shared({
          price: {
            rule: 'by-time',
            timeZone: 'UTC',
            periods: [{ from: '22:00', to: '06:00', pricePerKwh: '0.1' }],
            otherwisePerKwh: '0.1',
          },
          waitSeconds: 0,
        }),
      ],
    ])('are refused by name: %s', (reason, written) => {
      expect(() => areaSettings(written, chain)).toThrow(reason)
    })
  })
})
