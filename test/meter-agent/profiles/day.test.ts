/**
 * A day of every family, in a house with panels and a battery, with faults mixed in: what is sold is what its true meter counted
 * between the boundaries that are sold, within a watt-hour and the step in which the device counts; or nothing. Seconds pass at once. SEED repeats a day,
 * POLL_SECONDS, a divisor of a quarter-hour, makes it finer.
 */
import { describe, expect, it } from 'vitest'
import type { RegisterReply, RegisterRequest } from '../../../meter-agent/modbus/connection.ts'
import { exceptionError, ModbusError } from '../../../meter-agent/modbus/error.ts'
import type { RegisterSource } from '../../../meter-agent/modbus/register-source.ts'
import type { RegisterImage } from '../../../meter-agent/modbus/words.ts'
import { profiles } from '../../../meter-agent/profiles/families.ts'
import type { Profile } from '../../../meter-agent/profiles/profile.ts'
import { ProfileReader } from '../../../meter-agent/profiles/profile-device.ts'
import type { DeviceSample } from '../../../meter-agent/registers/device-sample.ts'
import { observeGrid } from '../../../meter-agent/registers/meter.ts'
import { startEpoch } from '../../../meter-agent/registers/state.ts'
import type { DeviceValues } from '../../../meter-agent/simulator/device-values.ts'
import { advanceHome, type HomeTraits, newHome } from '../../../meter-agent/simulator/household.ts'
import { deviceRegisters, profileImage } from '../../../meter-agent/simulator/profile-image.ts'
import { sunSpecImage } from '../../../meter-agent/simulator/sunspec-image.ts'
import { SunSpecPoller } from '../../../meter-agent/sunspec/sunspec-device.ts'
import { judgeArrival, noArrivals } from '../../../meter-agent/telegrams/arrivals.ts'
import { concludeTelegram } from '../../../meter-agent/telegrams/conclude.ts'
import type { Framer } from '../../../meter-agent/telegrams/meter-telegram.ts'
import { P1Framer } from '../../../meter-agent/telegrams/p1.ts'
import { SmlFramer } from '../../../meter-agent/telegrams/sml.ts'
import { seededRandom } from '../bundle.ts'
import { patience } from '../modbus/register-table.ts'
import { type MeterValues, p1Text, signedP1, smlOf } from '../telegrams/telegrams.ts'

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const pollSeconds = Number(process.env.POLL_SECONDS ?? 150)
const quarter = 900
const day = 86_400
const startSeconds = 1_800_000_000 - (1_800_000_000 % day)
console.log(`days of all families: SEED=${seed}`)

interface Day {
  index: number
  values: DeviceValues[]
}

/** On a day of thick clouds a meter that is proven at noon has little left to sell. */
const leastFedWh = 12_000

/**
 * A day of a house whose power stands still between two polls, so that its meter and its power tell one story; under other clouds where
 * too little was fed in to tell whether all is sold.
 */
function dayOf(index: number, clouds = seed + index): Day {
  const home: HomeTraits = {
    seed: seed + index,
    cloudSeed: clouds,
    sky: { dayLengthSeconds: day, epochMs: startSeconds * 1000, latitudeDegrees: 50, declinationDegrees: 15 },
    panels: { peakKw: 8, azimuthDegrees: 180, tiltDegrees: 35 },
    load: 'household',
    loadScale: 1,
    battery: { capacityWh: 5_000, powerW: 2_500 },
    mainFuseW: 30_000,
  }
  let state = newHome(startSeconds * 1000, { importWh: 1_234_567, exportWh: 3_456_789, productionWh: 9_876_543 })
  const values: DeviceValues[] = []
  for (let second = 0; second <= day; second += pollSeconds) {
    values.push({
      powerW: Math.round(state.powerW),
      productionW: Math.round(state.productionW),
      importMilliWh: BigInt(Math.floor(state.importMilliWh)),
      exportMilliWh: BigInt(Math.floor(state.exportMilliWh)),
      productionMilliWh: BigInt(Math.floor(state.productionMilliWh)),
      batteryPowerW: Math.round(state.batteryPowerW),
      stateOfChargePercent: Math.round(state.batteryWh / 50),
      manufacturer: 'Example',
      model: 'E5',
      version: '1',
      serialNumber: '4711',
    })
    state = advanceHome(home, state, pollSeconds)
  }
  const fedWh = Number(values.at(-1)!.exportMilliWh! - values[0]!.exportMilliWh!) / 1000
  return fedWh >= leastFedWh ? { index, values } : dayOf(index, clouds + 1_000_003)
}

const faults = [
  'exception',
  'silence',
  'zeros',
  'ones',
  'smallest',
  'swapped',
  'late',
  'early',
  'garbage',
  'reset',
  'frozen',
] as const
type Fault = (typeof faults)[number] | null

/** What a line or a device with a fault makes of a reply. */
function bent(words: number[], fault: Fault, random: () => number): number[] {
  switch (fault) {
    case 'zeros':
      return words.map(() => 0)
    case 'ones':
      return words.map(() => 0xffff)
    case 'smallest':
      return words.map((_, index) => (index % 2 ? 0 : 0x8000))
    case 'swapped':
      return words.map((word, index) => words[index ^ 1] ?? word)
    case 'late':
      return [0, ...words.slice(0, -1)]
    case 'early':
      return [...words.slice(1), 0]
    case 'garbage':
      return words.map(() => Math.floor(random() * 0x10000))
    default:
      return words
  }
}

interface Counted {
  importMilliWh: number
  exportMilliWh: number
}

/** Intervals in a row that are sold: what is sold over them, and what the true meter counted. */
interface Stretch {
  exportWh: number
  importWh: number
  trueExportWh: number
  trueImportWh: number
}

/** What a device's true meter shows, what is wrong with the device or its line, and when. */
interface Moment {
  second: number
  values: DeviceValues
  fault: Fault
}

interface Device {
  registers(values: DeviceValues): (request: RegisterRequest) => number[] | 'none'
  poller(source: RegisterSource, now: () => Moment): { poll(): Promise<DeviceSample> }
  perPhase: boolean
}

async function live(device: Device, { index, values }: Day, withFaults: boolean): Promise<Stretch[]> {
  const random = seededRandom(seed * 31 + index)
  let now = values[0]!
  let frozen: DeviceValues | null = null
  let fault: Fault = null
  let left = 0
  const source: RegisterSource = {
    generation: 1,
    async read(request): Promise<RegisterReply> {
      const what = `registers ${request.address}+${request.count}`
      if (fault === 'exception') throw exceptionError([4, 6, 10, 11][Math.floor(random() * 4)]!, what)
      if (fault === 'silence') throw new ModbusError('MODBUS_TIMEOUT', `${what}: no reply`, { fault: 'no-reply' })
      const answer = device.registers(frozen ?? now)(request)
      if (answer === 'none') throw exceptionError(2, what)
      return { registers: bent(answer, fault, random), requestedAtMs: 0, repliedAtMs: 0 }
    },
  }
  let second = startSeconds
  const poller = device.poller(source, () => ({ second, values: frozen ?? now, fault }))
  let state = startEpoch({ epoch: 1, epochTime: startSeconds, sequence: 0 })
  const rules = {
    intervalMs: quarter * 1000,
    gapLimitMs: 3 * pollSeconds * 1000,
    nameplateW: 10_000,
    mainFuseW: 30_000,
    countsPerPhase: device.perPhase,
  }
  const stretches: Stretch[] = []
  let stretch: Stretch | null = null
  const truth = new Map<number, DeviceValues>()
  let [sampledAt, sampledBefore] = [startSeconds, startSeconds]
  /** What the true meter counted until a boundary, as a line between the polls on both sides of it that brought something. */
  const countedAt = (time: number, side: 'importMilliWh' | 'exportMilliWh') => {
    const [from, to] = sampledAt === time ? [time, time] : [sampledBefore, sampledAt]
    const [low, high] = [from, to].map((at) => Number(truth.get(at)![side]!))
    return to === from ? high! : low! + ((high! - low!) * (time - from)) / (to - from)
  }
  let before: (Counted & { time: number; importWh: number; exportWh: number; quality: number }) | null = null
  for (const [step, value] of values.entries()) {
    now = value
    second = startSeconds + step * pollSeconds
    if (left > 0) left -= 1
    else {
      fault = withFaults && step > 5 && random() < 0.02 ? faults[Math.floor(random() * faults.length)]! : null
      left = fault === null ? 0 : Math.floor(random() * 8)
      frozen = fault === 'frozen' ? now : null
    }
    // A meter that shows for some minutes what it showed before is late, as slow meters are: it sells what it shows.
    truth.set(second, frozen ?? value)
    const sample = await poller.poll().catch(() => null)
    if (!sample) continue
    const observed = observeGrid(state, { atMs: second * 1000, clockOffsetMs: 0, device: sample }, rules)
    state = observed.state
    // Not every sample counts: what cannot be is passed by.
    const countedSecond = state.anchorAtMs === null ? startSeconds : state.anchorAtMs / 1000
    if (countedSecond > sampledAt) [sampledBefore, sampledAt] = [sampledAt, countedSecond]
    for (const reading of observed.readings) {
      const counted = (side: 'importMilliWh' | 'exportMilliWh') => countedAt(reading.time, side)
      const own = { ...reading, importMilliWh: counted('importMilliWh'), exportMilliWh: counted('exportMilliWh') }
      if (before?.quality === 0 && reading.quality === 0 && reading.time - before.time === quarter) {
        if (!stretch) {
          stretch = { exportWh: 0, importWh: 0, trueExportWh: 0, trueImportWh: 0 }
          stretches.push(stretch)
        }
        stretch.exportWh += reading.exportWh - before.exportWh
        stretch.importWh += reading.importWh - before.importWh
        stretch.trueExportWh += (own.exportMilliWh - before.exportMilliWh) / 1000
        stretch.trueImportWh += (own.importMilliWh - before.importMilliWh) / 1000
      } else stretch = null
      before = own
    }
  }
  return stretches
}

/** Each stretch begins and ends within a step of the counter, and a reading is rounded down to the watt-hour. */
function expectTrue(stretches: readonly Stretch[], stepWh: number): void {
  const most = 1 + (stepWh > 1 ? stepWh : 1)
  for (const { exportWh, importWh, trueExportWh, trueImportWh } of stretches) {
    expect(Math.abs(exportWh - trueExportWh)).toBeLessThanOrEqual(most)
    expect(Math.abs(importWh - trueImportWh)).toBeLessThanOrEqual(most)
  }
}

const sum = (stretches: readonly Stretch[], side: 'importWh' | 'exportWh') =>
  stretches.reduce((total, one) => total + one[side], 0)

function deviceOf(profile: Profile): Device {
  const imageOf = drawnOnce((values) => profileImage(profile, values))
  return {
    perPhase: profile.counting === 'per-phase',
    registers: (values) => (request) => {
      const image = imageOf(values)
      const table =
        request.unit === 30
          ? profile.functions.includes(request.functionCode)
            ? image.grid
            : new Map()
          : deviceRegisters(profile, image, request.functionCode)
      return wordsOf(table, request)
    },
    poller: (source) => new ProfileReader({ source, profile, unit: profile.unit, gridUnit: 30, patience }),
  }
}

/** A device's registers, drawn anew only when its values are others. */
function drawnOnce<Image>(draw: (values: DeviceValues) => Image): (values: DeviceValues) => Image {
  let drawn: { values: DeviceValues; image: Image } | null = null
  return (values) => {
    if (drawn?.values !== values) drawn = { values, image: draw(values) }
    return drawn.image
  }
}

function wordsOf(table: RegisterImage, { address, count }: RegisterRequest): number[] | 'none' {
  const words = Array.from({ length: count }, (_, index) => table.get(address + index))
  return words.every((word) => word === undefined) ? 'none' : words.map((word) => word ?? 0)
}

/** In what steps a family's counters count, in Wh: as much as that may a sale differ at both its ends. */
function stepOf(profile: Profile): number {
  const scales = [...profile.reading.importWh, ...profile.reading.exportWh].flatMap(({ plus, shift }) =>
    plus.map((name) => {
      const { scale, type } = profile.points[name]!
      return type.startsWith('f') ? 1 : 10 ** (scale + shift)
    }),
  )
  return Math.max(1, ...scales)
}

/** Whether a device of the family says what it is, and every counter of its meter rests on two sources. */
function isForSale({ recognition, reading, points }: Profile): boolean {
  const formulas = [...reading.importWh.slice(0, 1), ...reading.exportWh.slice(0, 1)]
  const rests = formulas.every(
    ({ verified, plus }) => verified && plus.every((name) => !points[name]!.evidence.includes('?')),
  )
  return recognition.own.length > 0 && reading.exportWh.length > 0 && rests
}

/** A meter that sends telegrams by itself: what comes over its line is judged as it is at home. */
function telegramDevice(framer: () => Framer, send: (values: MeterValues, second: number) => Buffer): Device {
  return {
    perPhase: false,
    registers: () => () => 'none',
    poller(_source, moment) {
      const finder = framer()
      const random = seededRandom(seed)
      let arrivals = noArrivals
      let counted: MeterValues = { importWh: 0, exportWh: 0, powerW: 0 }
      let last: Buffer = Buffer.alloc(0)
      return {
        async poll() {
          const { second, values, fault } = moment()
          const whole = (milliWh: bigint | null) => Number((milliWh ?? 0n) / 1000n)
          counted = {
            importWh: whole(values.importMilliWh),
            exportWh: whole(values.exportMilliWh),
            powerW: values.powerW ?? 0,
          }
          if (fault === 'zeros' || fault === 'reset') counted = { importWh: 0, exportWh: 0, powerW: 0 }
          // A gateway that is stuck hands out what it sent before.
          const sent = fault === 'late' || fault === 'early' ? last : send(counted, second)
          last = sent
          const stream = bytesBent(sent, fault, random)
          let sample: DeviceSample | null = null
          for (const found of finder.take(stream)) {
            if (found.kind === 'damage') continue
            const { telegram, bytes } = found
            const judged = judgeArrival(arrivals, { telegram, bytes, atMs: second * 1000 })
            arrivals = judged.arrivals
            if (judged.verdict === 'sample')
              sample = { requestedAtMs: 0, repliedAtMs: 0, ...concludeTelegram(telegram) }
          }
          if (sample === null) throw new Error('no telegram')
          return sample
        },
      }
    },
  }
}

/** What a line with a fault makes of a telegram's bytes. */
function bytesBent(sent: Buffer, fault: Fault, random: () => number): Buffer {
  const at = Math.floor(random() * sent.length)
  switch (fault) {
    case 'silence':
    case 'exception':
      return Buffer.alloc(0)
    case 'garbage':
      return Buffer.from(sent.map((byte) => (random() < 0.02 ? Math.floor(random() * 256) : byte)))
    case 'swapped':
      return Buffer.concat([sent.subarray(at), sent.subarray(0, at)])
    case 'ones':
    case 'smallest':
      return sent.subarray(0, at)
    default:
      return sent
  }
}

const families = [...profiles.values()].map((profile) => [profile.name, profile] as const)

describe(`a day of each family (SEED=${seed})`, () => {
  it.each(families)('%s sells what its true meter says, or nothing', async (_, profile) => {
    const index = families.findIndex(([name]) => name === profile.name)
    const house = dayOf(index)
    const quiet = await live(deviceOf(profile), house, false)
    expectTrue(quiet, stepOf(profile))
    expectTrue(await live(deviceOf(profile), house, true), stepOf(profile))
    if (process.env.SHOW) console.log(profile.name, sum(quiet, 'importWh'), sum(quiet, 'exportWh'))
    if (isForSale(profile)) expect(sum(quiet, 'exportWh')).toBeGreaterThan(1_000)
    else expect([sum(quiet, 'importWh'), sum(quiet, 'exportWh')]).toEqual([0, 0])
  })

  it.each([
    [[1, 103, 1, 203], 0],
    [[1, 203], 1],
    [[1, 701, 213], 0],
  ])('SunSpec models %j in steps of 10^%i Wh, too', async (models, step) => {
    const imageOf = drawnOnce((values) =>
      sunSpecImage({ kind: 'sunspec', unit: 1, models, scaleFactors: { TotWh_SF: step } }, values),
    )
    const device: Device = {
      perPhase: false,
      registers: (values) => (request) => (request.functionCode === 3 ? wordsOf(imageOf(values), request) : 'none'),
      poller: (source) => new SunSpecPoller({ source, unit: 1, patience }),
    }
    const house = dayOf(900 + step)
    const quiet = await live(device, house, false)
    expectTrue(quiet, 10 ** step)
    expectTrue(await live(device, house, true), 10 ** step)
    expect(sum(quiet, 'exportWh')).toBeGreaterThan(5_000)
  })

  it.each([
    ['P1', () => new P1Framer(), (of: MeterValues, second: number) => signedP1(p1Text(of, p1Clock(second)))],
    ['SML', () => new SmlFramer(), (of: MeterValues, second: number) => smlOf(of, second - startSeconds + 1000)],
  ] as const)('a meter that sends %s telegrams, too', async (_, framer, send) => {
    const device = telegramDevice(framer, send)
    const house = dayOf(950)
    const quiet = await live(device, house, false)
    expectTrue(quiet, 1)
    expectTrue(await live(device, house, true), 1)
    expect(sum(quiet, 'exportWh')).toBeGreaterThan(5_000)
  })
})

/** Winter time, an hour before UTC. */
function p1Clock(second: number): string {
  return `${new Date((second + 3600) * 1000).toISOString().replace(/[^\d]/g, '').slice(2, 14)}W`
}
