/** Reads and polls a device by the register map of its family. */

import { ModbusError } from '../modbus/error.ts'
import type { Patience, RegisterSource } from '../modbus/register-source.ts'
import { isOneMoment, outerTimes, type ReplyTimes, readApart } from '../modbus/reply-times.ts'
import type { Counter, DeviceSample } from '../registers/device-sample.ts'
import { concludeProfile, type ProfileConclusion } from './conclude.ts'
import { decodePoint, type Extent, extentOf, type RawValue, type WordOrder, wordAddresses } from './point-value.ts'
import { formulaPoints, type Profile } from './profile.ts'

/** A device with its own register map behind a Modbus unit. */
export interface ProfileUnit {
  source: RegisterSource
  profile: Profile
  unit: number
  /** The grid meter's unit; `null` if not known. Only some profiles have points there. */
  gridUnit: number | null
  patience: Patience
}

interface Block extends Extent {
  at: 'device' | 'grid'
  points: string[]
}

const forgetAbsenceMs = 3_600_000

/** Reads and polls a device with its own register map. */
export class ProfileReader {
  readonly #device: ProfileUnit
  readonly #identityPoints: ReadonlySet<string>
  readonly #gridPoints: ReadonlySet<string>
  readonly #productionPoints: ReadonlySet<string>
  #blocks: Block[] = []
  #absent: string[] = []
  #identity = new Map<string, RawValue | null>()
  #generation = -1
  #plannedAtMs = 0
  #functionCode: 3 | 4
  readonly #counted = new Set<string>()

  constructor(device: ProfileUnit) {
    this.#device = device
    const { identity, reading, functions } = device.profile
    this.#functionCode = functions[0]!
    const identityNames = [identity.model, identity.version, ...(identity.serialNumber ?? [])]
    const readingNames = new Set(Object.values(reading).flat().flatMap(formulaPoints))
    this.#identityPoints = new Set(
      identityNames.filter((name): name is string => name !== undefined && !readingNames.has(name)),
    )
    this.#gridPoints = new Set([...reading.importWh, ...reading.exportWh].flatMap(formulaPoints))
    this.#productionPoints = new Set(reading.productionWh.flatMap(formulaPoints))
  }

  /** Reads once, leaving out what fails after the first answer. @throws ModbusError when nothing essential answers */
  async readOnce(): Promise<ProfileConclusion> {
    const { conclusion } = await this.#read(true)
    return conclusion
  }

  /** @throws ModbusError when the device does not answer or is in trouble */
  async poll(): Promise<DeviceSample> {
    const { conclusion, times } = await this.#read(false)
    if (this.#device.profile.zeroCounterIsNoData) this.#dropZeroCounters(conclusion)
    const { counters, warnings } = conclusion
    if ((counters.import || counters.export) && !isOneMoment(times)) {
      warnings.push(readApart)
      conclusion.counters = { ...counters, import: null, export: null }
    }
    return { ...outerTimes(times), ...conclusion }
  }

  async #read(lenient: boolean) {
    if (
      this.#generation !== this.#device.source.generation ||
      performance.now() - this.#plannedAtMs > forgetAbsenceMs
    ) {
      this.#plan()
    }
    const registers = new RegisterTable()
    const gridTimes: ReplyTimes[] = []
    const productionTimes: ReplyTimes[] = []
    const allTimes: ReplyTimes[] = []
    const failures: ModbusError[] = []
    const next: Block[] = []
    const queue = [...this.#blocks]
    for (let block = queue.shift(); block; block = queue.shift()) {
      try {
        const times = await this.#readBlock(block, registers)
        next.push(block)
        allTimes.push(times)
        if (block.points.some((name) => this.#gridPoints.has(name))) gridTimes.push(times)
        if (block.points.some((name) => this.#productionPoints.has(name))) productionTimes.push(times)
      } catch (error) {
        if (!(error instanceof ModbusError)) throw error
        const nobodyBehindGateway = block.at === 'grid' && (error.exception === 10 || error.exception === 11)
        if (error.saysNotThere || (allTimes.length > 0 && error.saysNotThereEither)) {
          queue.unshift(...this.#split(block))
        } else if (nobodyBehindGateway || (lenient && allTimes.length > 0)) {
          failures.push(error)
          next.push(block)
          // A link that has failed twice, or was closed, is not asked again.
          if (failures.filter((failure) => failure.isLinkFailure).length >= 2 || error.code === 'MODBUS_CLOSED') break
        } else {
          throw error
        }
      }
    }
    if (allTimes.length === 0) {
      throw new ModbusError(
        'MODBUS_NOTHING_ANSWERED',
        `unit ${this.#device.unit} has none of the registers of profile ${this.#device.profile.name}: is it such a device?`,
      )
    }
    this.#blocks = next
    if (this.#identity.size === 0) this.#identity = await this.#readIdentity(lenient)
    if (this.#generation === -1) this.#generation = this.#device.source.generation
    const conclusion = this.#conclude(registers, failures)
    const { counters } = conclusion
    const source = counters.import || counters.export ? gridTimes : counters.production ? productionTimes : allTimes
    return { conclusion, times: source }
  }

  /** What was learnt on another connection no longer holds. */
  #plan(): void {
    const { points } = this.#device.profile
    this.#blocks = this.#blocksOf(Object.keys(points).filter((name) => !this.#identityPoints.has(name)))
    this.#absent = []
    this.#identity = new Map()
    this.#generation = -1
    this.#plannedAtMs = performance.now()
  }

  /** Joins points into requests: as few as the gaps, the largest request and the windows of the map allow. */
  #blocksOf(names: readonly string[]): Block[] {
    const { profile, gridUnit, patience } = this.#device
    const sorted = names
      .map((name) => ({ name, at: profile.points[name]!.at, ...extentOf(profile.points[name]!) }))
      .filter(({ at }) => at === 'device' || gridUnit !== null)
      .sort((a, b) => a.at.localeCompare(b.at) || a.first - b.first)
    const blocks: Block[] = []
    const window = profile.window ?? 0x10000
    for (const { name, at, first, last } of sorted) {
      const block = blocks.at(-1)
      const joins =
        block !== undefined &&
        block.at === at &&
        first - block.last - 1 <= profile.largestGap &&
        Math.max(last, block.last) - block.first < patience.registersPerRequest &&
        Math.floor(block.first / window) === Math.floor(last / window)
      if (joins) {
        block.last = Math.max(last, block.last)
        block.points.push(name)
      } else {
        blocks.push({ at, first, last, points: [name] })
      }
    }
    return blocks
  }

  /** Halves a block that the device refused; a single point is not there, and is not asked for again on this connection. */
  #split(block: Block): Block[] {
    if (block.points.length === 1) {
      this.#absent.push(block.points[0]!)
      return []
    }
    const middle = Math.ceil(block.points.length / 2)
    return [block.points.slice(0, middle), block.points.slice(middle)].map((points) => {
      const extents = points.map((name) => extentOf(this.#device.profile.points[name]!))
      const first = Math.min(...extents.map((extent) => extent.first))
      return { at: block.at, first, last: Math.max(...extents.map((extent) => extent.last)), points }
    })
  }

  async #readBlock(block: Block, registers: RegisterTable): Promise<ReplyTimes> {
    const { source, profile, patience, gridUnit } = this.#device
    const unit = block.at === 'grid' ? gridUnit! : this.#device.unit
    const ask = (functionCode: 3 | 4) =>
      source.read({
        unit,
        functionCode,
        address: block.first,
        count: block.last - block.first + 1,
        timeoutMs: patience.timeoutMs,
        tries: patience.tries,
      })
    let reply: Awaited<ReturnType<typeof ask>>
    try {
      reply = await ask(this.#functionCode)
    } catch (error) {
      const other = profile.functions.find((code) => code !== this.#functionCode)
      const firstRead = this.#generation === -1 && registers.size === 0
      if (!(error instanceof ModbusError) || ![1, 2].includes(error.exception ?? 0) || !other || !firstRead) throw error
      reply = await ask(other).catch((failure) => {
        const serves = failure instanceof ModbusError && error.exception === 1 && failure.saysNotThere
        if (serves) this.#functionCode = other
        throw serves ? failure : error
      })
      this.#functionCode = other
    }
    registers.put(block.at, block.first, reply.registers)
    return reply
  }

  /** Who the device is; what it does not answer stays unknown. */
  async #readIdentity(lenient: boolean): Promise<Map<string, RawValue | null>> {
    const registers = new RegisterTable()
    const queue = this.#blocksOf([...this.#identityPoints])
    for (let block = queue.shift(); block; block = queue.shift()) {
      try {
        await this.#readBlock(block, registers)
      } catch (error) {
        if (!(error instanceof ModbusError)) throw error
        if (error.saysNotThereEither) queue.unshift(...this.#split(block))
        else if (!lenient) throw error
      }
    }
    return new Map([...this.#identityPoints].map((name) => [name, this.#value(name, registers, 'high-first')]))
  }

  #conclude(registers: RegisterTable, failures: readonly ModbusError[]): ProfileConclusion {
    const { profile, gridUnit } = this.#device
    const warnings: string[] = []
    const floatOrder = this.#floatOrder(registers)
    const integerOrder = typeof profile.wordOrder === 'string' ? profile.wordOrder : 'high-first'
    const values = new Map(this.#identity)
    for (const [name, point] of Object.entries(profile.points)) {
      if (this.#identityPoints.has(name)) continue
      const order = point.type === 'f32' ? floatOrder : integerOrder
      values.set(name, order === null ? null : this.#value(name, registers, order))
    }
    if (floatOrder === null) warnings.push('the order of the words in a float cannot be told: no float is taken')
    const lost = Object.entries(profile.points)
      .filter(([, { at }]) => at === 'device' || gridUnit !== null)
      .map(([name]) => name)
      .filter(
        (name) => !this.#identityPoints.has(name) && !this.#absent.includes(name) && !registers.holds(name, profile),
      )
    const conclusion = concludeProfile(profile, values, new Set(lost))
    const missing = this.#absent.map((name) => `${name} (${profile.points[name]!.address})`)
    if (missing.length > 0) warnings.push(`the device does not have ${missing.join(', ')}`)
    if (gridUnit === null && Object.values(profile.points).some((point) => point.at === 'grid')) {
      warnings.push('no import and export energies without the unit id of the grid meter (gridUnit)')
    }
    warnings.push(...failures.map((failure) => `registers left out: ${failure.message}`))
    return { ...conclusion, warnings: [...warnings, ...conclusion.warnings] }
  }

  /** The words' order in floats, told by the point that must lie in a range if the profile has one. */
  #floatOrder(registers: RegisterTable): WordOrder | null {
    const { wordOrder } = this.#device.profile
    if (typeof wordOrder === 'string') return wordOrder
    const plausible = (['high-first', 'low-first'] as const).filter((order) => {
      const value = this.#value(wordOrder.tellingPoint, registers, order)
      return typeof value === 'number' && value >= wordOrder.atLeast && value <= wordOrder.atMost
    })
    return plausible.length === 1 ? plausible[0]! : null
  }

  #value(name: string, registers: RegisterTable, order: WordOrder): RawValue | null {
    const point = this.#device.profile.points[name]!
    const words = registers.take(point.at, wordAddresses(point, order))
    return words === null ? null : decodePoint(point, words)
  }

  #dropZeroCounters(conclusion: ProfileConclusion): void {
    const { counters, reading, warnings } = conclusion
    for (const side of ['import', 'export', 'production'] as const) {
      const counter: Counter | null = counters[side]
      if (counter === null) continue
      if (counter.milliWh > 0n) {
        this.#counted.add(side)
      } else if (this.#counted.has(side)) {
        counters[side] = null
        reading[`${side}Wh`] = null
        warnings.push(`the ${side} counter fell to 0: that means "no data" here`)
      }
    }
  }
}

/** Registers read in one poll, by where they are. */
class RegisterTable {
  readonly #words = new Map<string, number>()

  get size(): number {
    return this.#words.size
  }

  put(at: Block['at'], first: number, registers: readonly number[]): void {
    registers.forEach((word, index) => {
      this.#words.set(`${at}:${first + index}`, word)
    })
  }

  holds(name: string, { points }: Profile): boolean {
    const point = points[name]!
    return this.take(point.at, wordAddresses(point, 'high-first')) !== null
  }

  /** The words at these addresses; `null` if one of them was not read. */
  take(at: Block['at'], addresses: readonly number[]): number[] | null {
    const words = addresses.map((address) => this.#words.get(`${at}:${address}`))
    return words.every((word) => word !== undefined) ? (words as number[]) : null
  }
}
