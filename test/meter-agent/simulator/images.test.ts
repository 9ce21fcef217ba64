/** The reader gets back what the simulator put into its registers. */
import { describe, expect, it } from 'vitest'
import { profiles } from '../../../meter-agent/profiles/families.ts'
import { ProfileReader } from '../../../meter-agent/profiles/profile-device.ts'
import type { DeviceValues } from '../../../meter-agent/simulator/device-values.ts'
import { profileImage } from '../../../meter-agent/simulator/profile-image.ts'
import { sunSpecImage } from '../../../meter-agent/simulator/sunspec-image.ts'
import { SunSpecPoller } from '../../../meter-agent/sunspec/sunspec-device.ts'
import { patience, RegisterTable } from '../modbus/register-table.ts'
import { house } from './house.ts'

const situations: [string, Partial<DeviceValues>][] = [
  ['feeding in', {}],
  ['importing at night', { powerW: 730, productionW: 0 }],
  ['charging a battery', { batteryPowerW: -900, stateOfChargePercent: 64 }],
  ['discharging a battery', { powerW: 20, productionW: 0, batteryPowerW: 450, stateOfChargePercent: 63 }],
  ['new, with nothing counted', { importMilliWh: 0n, exportMilliWh: 0n, productionMilliWh: 0n }],
  [
    'without anything implemented',
    {
      powerW: null,
      productionW: null,
      importMilliWh: null,
      exportMilliWh: null,
      productionMilliWh: null,
    },
  ],
]

/** Every value the reader gives is the simulated one, as exactly as the register can show it. */
function expectAgreement(sample: Awaited<ReturnType<ProfileReader['poll']>>, values: DeviceValues) {
  for (const side of ['import', 'export', 'production'] as const) {
    const counter = sample.counters[side]
    const shown = values[`${side}MilliWh`]
    if (counter === null || (shown === null && counter.milliWh === 0n)) continue
    const difference = shown! - counter.milliWh
    expect(difference > -counter.resolutionMilliWh && difference < counter.resolutionMilliWh, side).toBe(true)
  }
  for (const field of ['powerW', 'productionW', 'batteryPowerW', 'stateOfChargePercent'] as const) {
    if (sample.reading[field] === null || (values[field] === null && sample.reading[field] === 0)) continue
    // High-voltage maps count in steps of 10 W.
    expect(Math.abs(sample.reading[field]! - values[field]!), field).toBeLessThanOrEqual(5)
  }
}

describe.each(situations)('a simulated house %s', (_, changes) => {
  const values = { ...house(), ...changes }

  it.each([...profiles.values()])('reads the same through $name', async (profile) => {
    const image = profileImage(profile, values)
    const source = new RegisterTable(image.device, { functionCodes: [...profile.functions] })
    for (const code of [3, 4] as const) {
      if (image.byFunction[code].size > 0) source.other.set(code, image.byFunction[code])
    }
    const grid = new RegisterTable(image.grid, { functionCodes: [...profile.functions] })
    const device = source.read.bind(source)
    source.read = (request) => (request.unit === 30 ? grid.read(request) : device(request))
    const reader = new ProfileReader({ source, profile, unit: profile.unit, gridUnit: 30, patience })
    const sample = await reader.poll()
    expectAgreement(sample, values)
    if (profile.reading.powerW.length > 0 && values.powerW !== null) expect(sample.reading.powerW).not.toBeNull()
    if (profile.reading.batteryPowerW.length > 0 && values.batteryPowerW !== null) {
      expect(sample.reading.batteryPowerW).toBe(values.batteryPowerW)
    }
  })

  it.each([[[1, 103, 1, 203]], [[1, 101, 201]], [[1, 113, 1, 213]], [[1, 701, 713, 203]], [[1, 102, 124, 204, 802]]])(
    'reads the same through SunSpec models %j',
    async (models) => {
      const scaleFactors: Record<string, number> = { TotWh_SF: 1, WH_SF: models.includes(102) ? 1 : 0 }
      const image = sunSpecImage({ kind: 'sunspec', unit: 1, models, scaleFactors }, values)
      const sample = await new SunSpecPoller({ source: new RegisterTable(image), unit: 1, patience }).poll()
      expectAgreement(sample, values)
      expect(sample.reading.powerW).toBe(values.powerW)
      expect(sample.reading.productionW).toBe(values.productionW)
      expect(sample.device).toMatchObject({ manufacturer: 'Example', model: 'E5', serialNumber: '12345' })
    },
  )
})
