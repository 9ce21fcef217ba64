/** Whether a boundary reading is accepted, from its neighbours alone; and an interval's energy from its two ends. */
import { describe, expect, it } from 'vitest'
import { type AdmissionContext, admitReading, intervalEnergy, misplaced } from '../../server/readings/admission.ts'

const length = 900
const start = 1_800_000_000
const at = (number: number) => start + number * length
const registers = (number: number, importWh: number, exportWh: number, epoch = 1) => {
  return { epoch, time: at(number), importWh, exportWh }
}

function context(change: Partial<AdmissionContext> = {}): AdmissionContext {
  return {
    ...{ nowMs: at(10) * 1000, intervalSeconds: length, epochStart: registers(0, 100, 200) },
    ...{ base: registers(0, 100, 200), before: registers(0, 100, 200), same: null, after: null },
    ...{ maxImportWhPerInterval: 1_000, maxExportWhPerInterval: 500 },
    ...change,
  }
}

const admit = (
  number: number,
  importWh: number,
  exportWh: number,
  change: Partial<AdmissionContext> = {},
  quality = 0,
) => admitReading({ ...registers(number, importWh, exportWh), quality }, context(change))

describe('a reading', () => {
  it('is stored where it fits between its neighbours', () => {
    expect(admit(1, 100, 200)).toEqual({ status: 'stored' })
    expect(admit(2, 150, 260, { before: registers(1, 150, 250), after: registers(3, 150, 260) })).toEqual({
      status: 'stored',
    })
  })

  it.each([
    ['READING_MISALIGNED', [length], { time: at(1) + 1 }, {}],
    ['READING_FUTURE', [at(11)], { time: at(11) }, { nowMs: at(11) * 1000 - 2_001 }],
    ['READING_EPOCH_UNKNOWN', [2, 1], { epoch: 2 }, {}],
    ['READING_EPOCH_ENDED', [1, 2], {}, { epochStart: registers(0, 100, 200, 2) }],
    ['READING_BEFORE_EPOCH', [at(-1), at(0)], { time: at(-1) }, {}],
    ['READING_BEFORE_EPOCH', [0, at(0)], { time: 0 }, {}],
    ['READING_BEFORE_EPOCH', [at(0), at(0)], { time: at(0) }, {}],
  ])('that has no place is refused with %s', (code, details, change, contextChange) => {
    const reading = { ...registers(1, 100, 201), quality: 0, ...change }
    expect(admitReading(reading, context(contextChange))).toEqual({ status: 'refused', code, details })
    expect(misplaced(reading, context(contextChange))).toEqual({ status: 'refused', code, details })
  })

  it('may be two seconds ahead of the clock', () => {
    expect(admit(1, 100, 200, { nowMs: at(1) * 1000 - 2_000 })).toEqual({ status: 'stored' })
  })

  it('that says where the epoch began says nothing new', () => {
    expect(admit(0, 100, 200)).toEqual({ status: 'duplicate' })
  })

  it('that repeats is a duplicate, and one that differs in anything signed is an equivocation', () => {
    const same = { importWh: 150, exportWh: 250, quality: 0 }
    expect(admit(1, 150, 250, { same })).toEqual({ status: 'duplicate' })
    const other = { status: 'refused', code: 'READING_EQUIVOCATION', details: [at(1)] }
    expect(admit(1, 151, 250, { same })).toEqual(other)
    expect(admit(1, 150, 249, { same })).toEqual(other)
    expect(admit(1, 150, 250, { same }, 1)).toEqual(other)
  })

  it('never lies below the one before or above the one after, and names the later boundary first', () => {
    const refused = (later: number, earlier: number) => {
      return { status: 'refused', code: 'READING_FALLING', details: [at(later), at(earlier)] }
    }
    const before = registers(1, 150, 250)
    const after = registers(4, 160, 260)
    expect(admit(3, 149, 255, { before, after })).toEqual(refused(3, 1))
    expect(admit(3, 155, 249, { before, after })).toEqual(refused(3, 1))
    expect(admit(3, 161, 255, { before, after })).toEqual(refused(4, 3))
    expect(admit(3, 155, 261, { before, after })).toEqual(refused(4, 3))
  })

  it('holds no more than a fifth and 10 Wh above what can flow since the one before', () => {
    // 1.2 × 500 × 2 + 10 and 1.2 × 1,000 × 2 + 10.
    expect(admit(2, 100, 200 + 1_210)).toEqual({ status: 'stored' })
    expect(admit(2, 100, 200 + 1_211)).toEqual({
      ...{ status: 'refused', code: 'READING_IMPLAUSIBLE', details: [1, 1_211, 2] },
    })
    expect(admit(2, 100 + 2_410, 200)).toEqual({ status: 'stored' })
    expect(admit(2, 100 + 2_411, 200)).toEqual({
      ...{ status: 'refused', code: 'READING_IMPLAUSIBLE', details: [0, 2_411, 2] },
    })
  })
})

describe('an interval', () => {
  const end = (importWh: number, exportWh: number, quality = 0, epoch = 1) => ({ importWh, exportWh, quality, epoch })

  it('is what its registers advanced by, and as good as the worse of its ends', () => {
    expect(intervalEnergy(end(1, 2), end(5, 9))).toEqual({ quality: 'measured', importWh: 4, exportWh: 7 })
    expect(intervalEnergy(end(1, 2, 1), end(5, 9))).toMatchObject({ quality: 'estimated' })
    expect(intervalEnergy(end(1, 2, 1), end(5, 9, 2))).toMatchObject({ quality: 'doubtful' })
  })

  it('is missing without one of its ends, or where the registers began anew between them', () => {
    const missing = { quality: 'missing', importWh: 0, exportWh: 0 }
    expect(intervalEnergy(null, end(5, 9))).toEqual(missing)
    expect(intervalEnergy(end(1, 2), null)).toEqual(missing)
    expect(intervalEnergy(end(1, 2), end(5, 9, 0, 2))).toEqual(missing)
  })
})
