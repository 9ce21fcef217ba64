/** Whatever nonsense stands in the registers of any family, a value is right or not there. */
import { describe, expect, it } from 'vitest'
import { profiles } from '../../../meter-agent/profiles/families.ts'
import { wordAddresses, wordCount } from '../../../meter-agent/profiles/point-value.ts'
import type { Profile } from '../../../meter-agent/profiles/profile.ts'
import { ProfileReader } from '../../../meter-agent/profiles/profile-device.ts'
import { profileImage } from '../../../meter-agent/simulator/profile-image.ts'
import { patience, RegisterTable } from '../modbus/register-table.ts'
import { house } from '../simulator/house.ts'

const fields = ['powerW', 'productionW', 'importWh', 'exportWh', 'productionWh', 'batteryPowerW'] as const
const values = { ...house(), batteryPowerW: -700, stateOfChargePercent: 63 }

/** A device of the family whose words of a point are changed. */
function open(
  profile: Profile,
  change: (registers: Map<number, number>, grid: Map<number, number>) => void = () => {},
) {
  const image = profileImage(profile, values)
  change(image.device, image.grid)
  const source = new RegisterTable(image.device, { functionCodes: [...profile.functions] })
  for (const code of [3, 4] as const)
    if (image.byFunction[code].size > 0) source.other.set(code, image.byFunction[code])
  const grid = new RegisterTable(image.grid, { functionCodes: [...profile.functions] })
  const device = source.read.bind(source)
  source.read = (request) => (request.unit === 30 ? grid.read(request) : device(request))
  return new ProfileReader({ source, profile, unit: profile.unit, gridUnit: 30, patience })
}

/** Words, high one first, in place of a value's own. */
const nonsense: [string, (words: readonly number[]) => number[]][] = [
  ['all ones', (words) => words.map(() => 0xffff)],
  ['the smallest signed number', (words) => words.map((_, index) => (index === 0 ? 0x8000 : 0))],
  ['the largest signed number', (words) => words.map((_, index) => (index === 0 ? 0x7fff : 0xffff))],
  ['a high word of ones', (words) => words.map((word, index) => (index === 0 ? 0xffff : word))],
  ['a high word of "not there"', (words) => words.map((word, index) => (index === 0 ? 0x7fff : word))],
  ['a float of no number', (words) => words.map((_, index) => (index === 0 ? 0x7fc0 : 0))],
]

describe.each([...profiles.values()].map((profile) => [profile.name, profile] as const))('%s', (_, profile) => {
  const numbers = Object.entries(profile.points).filter(([name, point]) => {
    const used = fields.some((field) =>
      profile.reading[field].some(({ plus, minus }) => [...plus, ...minus].includes(name)),
    )
    return used && point.type !== 'string'
  })

  it.each(nonsense)('%s in any of its numbers is no value', async (what, bend) => {
    const { reading: whole } = await open(profile).readOnce()
    for (const [name, point] of numbers) {
      // Of a float the smallest signed number is a 0, and no float's "no number" is a whole number like others.
      const isFloat = point.type.startsWith('f')
      if ((isFloat && what === 'the smallest signed number') || (!isFloat && what === 'a float of no number')) continue
      const order = typeof profile.wordOrder === 'string' ? profile.wordOrder : 'low-first'
      const addresses = wordAddresses(point, order)
      const { reading } = await open(profile, (device, grid) => {
        const table = point.at === 'grid' ? grid : device
        const bent = bend(addresses.map((address) => table.get(address)!))
        addresses.forEach((address, index) => {
          table.set(address, bent[index]!)
        })
      }).readOnce()
      for (const field of fields) {
        const value = reading[field]
        if (value === null || value === whole[field]) continue
        const uses = profile.reading[field].some(({ plus, minus }) => [...plus, ...minus].includes(name))
        expect([name, field, uses]).toEqual([name, field, true])
        // A signed power of all ones is −1 of its last digit, a narrow one has no word to be half of; other formulas may stand in.
        const slack = wordCount(point) === 1 ? 40_000 * 10 ** point.scale : 70_000 * 10 ** point.scale
        if (field.endsWith('Wh')) expect([name, field, value]).toEqual([name, field, whole[field]])
        else if (Math.abs(value) > 10 ** point.scale)
          expect(Math.abs(value - (whole[field] ?? 0)), `${name} ${field} ${value}`).toBeLessThanOrEqual(slack)
      }
    }
  })

  it('registers filled with ones have no value at all', async () => {
    const { reading } = await open(profile, (device, grid) => {
      const identity = new Set(
        Object.values(profile.points)
          .filter(({ type }) => type === 'string')
          .map(({ address }) => address),
      )
      for (const table of [device, grid])
        for (const address of table.keys()) if (!identity.has(address)) table.set(address, 0xffff)
    })
      .readOnce()
      .catch(() => ({ reading: {} as Record<string, number | null> }))
    for (const field of ['importWh', 'exportWh', 'productionWh'] as const) expect(reading[field] ?? null).toBeNull()
    if (profile.reading.importWh.length > 0) expect(reading.powerW ?? null).toBeNull()
  })
})
