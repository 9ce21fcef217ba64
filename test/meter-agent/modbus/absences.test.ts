/** Registers that a device does not have. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { profileNamed } from '../../../meter-agent/profiles/families.ts'
import { ProfileReader } from '../../../meter-agent/profiles/profile-device.ts'
import { SunSpecPoller } from '../../../meter-agent/sunspec/sunspec-device.ts'
import { chain, common, model } from '../sunspec/image.ts'
import { patience, RegisterTable, registersOf } from './register-table.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

/** The address of a register that the devices here do not have. */
const hole = 40_073 + 16
const meterEnergy = '42c8 0000 4348 0000'

describe.each([
  {
    kind: 'SunSpec',
    absent: hole,
    open() {
      const registers = chain([common({}), model(103, { W: 15, W_SF: 2 })])
      registers.delete(hole)
      const source = new RegisterTable(registers)
      return { source, device: new SunSpecPoller({ source, unit: 1, patience }) }
    },
  },
  {
    kind: 'profile',
    absent: 0x0c,
    open() {
      const source = new RegisterTable(registersOf({ 72: meterEnergy }), { functionCodes: [4] })
      const profile = profileNamed('eastron-sdm120')
      return { source, device: new ProfileReader({ source, profile, unit: 1, gridUnit: null, patience }) }
    },
  },
])('what a $kind device does not have', ({ open, absent }) => {
  const asked = (source: RegisterTable) =>
    source.requests.splice(0).some(({ address, count }) => address <= absent && absent < address + count)

  it('is asked for once a connection', async () => {
    const { source, device } = open()
    await device.poll()
    expect(asked(source)).toBe(true)
    for (let poll = 0; poll < 3; poll += 1) {
      await device.poll()
      expect(asked(source)).toBe(false)
    }
    source.generation += 1
    await device.poll()
    expect(asked(source)).toBe(true)
  })

  it('is asked for again after an hour', async () => {
    const { source, device } = open()
    await device.poll()
    vi.advanceTimersByTime(3_599_000)
    source.requests.splice(0)
    await device.poll()
    expect(asked(source)).toBe(false)
    vi.advanceTimersByTime(2_000)
    await device.poll()
    expect(asked(source)).toBe(true)
    await device.poll()
    expect(asked(source)).toBe(false)
  })
})
