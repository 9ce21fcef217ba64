/** The time that a reading is given when replies are slow. */
import { describe, expect, it } from 'vitest'
import { profileNamed } from '../../../meter-agent/profiles/families.ts'
import { ProfileReader } from '../../../meter-agent/profiles/profile-device.ts'
import { SunSpecPoller } from '../../../meter-agent/sunspec/sunspec-device.ts'
import { chain, common, model } from '../sunspec/image.ts'
import { patience, RegisterTable, registersOf } from './register-table.ts'

/** Every request takes so long; small requests, so that import and export are asked for one after the other. */
function slow(registers: Map<number, number>, functionCode: number, requestMs: number) {
  const source = new RegisterTable(registers, { functionCodes: [functionCode] })
  const read = source.read.bind(source)
  source.read = async (request) => {
    const reply = await read(request)
    const repliedAtMs = source.requests.length * requestMs
    return { ...reply, requestedAtMs: repliedAtMs - requestMs, repliedAtMs }
  }
  return { source, unit: 1, patience: { ...patience, registersPerRequest: 2 } }
}

const kilo = [0, 1000]
describe.each([
  {
    kind: 'SunSpec',
    open: (requestMs: number) => {
      const meter = { W: 5, W_SF: 0, TotWhImp: kilo, TotWhExp: kilo, TotWh_SF: 0, Hz: 50, Hz_SF: 0 }
      const device = slow(chain([common({}), model(203, meter)]), 3, requestMs)
      return new SunSpecPoller(device)
    },
    requests: 53,
  },
  {
    kind: 'profile',
    open: (requestMs: number) => {
      const registers = registersOf({ 12: '40a0 0000', 72: '3f80 0000 3f80 0000' })
      const profile = profileNamed('eastron-sdm120')
      return new ProfileReader({ ...slow(registers, 4, requestMs), profile, gridUnit: null, confirmed: true })
    },
    requests: 2,
  },
])('the counters of a $kind device', ({ open, requests }) => {
  it('that were read within two seconds are a sample', async () => {
    const { counters, warnings } = await open(2000 / (requests - 1) - 1).poll()
    expect(counters).toMatchObject({ import: { milliWh: 1_000_000n }, export: { milliWh: 1_000_000n } })
    expect(warnings.filter((warning) => warning.includes('apart'))).toEqual([])
  })

  it('that were read further apart are none', async () => {
    const { counters, reading, warnings } = await open(2000 / (requests - 1) + 1).poll()
    expect(counters).toMatchObject({ import: null, export: null })
    expect(reading).toMatchObject({ powerW: 5, importWh: 1000, exportWh: 1000 })
    expect(warnings).toContainEqual(expect.stringContaining('more than 2 s apart'))
  })
})

it('the time of a sample is that of the grid’s counters, however slow the others are', async () => {
  const registers = registersOf({
    3: '3232 3037 3132 3334 3536',
    78: '5678 1389 0001 a8ca 0000',
    96: '869f 0001',
    169: 'faec',
    184: '003a 0000 03e8 0384 0000 0000 fda8',
  })
  const profile = { ...profileNamed('deye-1p'), largestGap: 3 }
  const { requestedAtMs, repliedAtMs } = await new ProfileReader({
    ...slow(registers, 3, 10_000),
    patience,
    profile,
    gridUnit: null,
  }).poll()
  // The first request is the block from 78 on.
  expect([requestedAtMs, repliedAtMs]).toEqual([0, 10_000])
})
