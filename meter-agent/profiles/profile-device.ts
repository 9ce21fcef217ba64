/** A device with its own register map: which registers are asked for together, what it does not have, and who it is. */

import { ModbusError } from '../modbus/error.ts'
import type { Patience, RegisterSource } from '../modbus/register-source.ts'
import { isOneMoment, outerTimes, type ReplyTimes, readApart } from '../modbus/reply-times.ts'
import type { Counter, Counting, DeviceSample, MeterPlace } from '../registers/device-sample.ts'
import { concludeProfile, type ProfileConclusion } from './conclude.ts'
import { decodePoint, type Extent, extentOf, type RawValue, type WordOrder, wordAddresses } from './point-value.ts'
import type { Profile } from './profile.ts'
import { formulaPoints, pollPoints, recognitionPoints } from './profile.ts'
import { foreignDevice, isUndecided, measuresElsewhere, recognise, seenIdentity } from './recognise.ts'

/** A device with its own register map behind a Modbus unit. */
export interface ProfileUnit {
  source: RegisterSource
  profile: Profile
  unit: number
  /** The grid meter's unit; `null` if not known. Only some profiles have points there. */
  gridUnit: number | null
  patience: Patience
  /** Somebody has chosen it as the grid meter and vouches for what it counts, whatever it says of itself. */
  confirmed?: boolean
}

/** What a poll of such a device concludes. */
export type ProfileReading = ProfileConclusion & { counting: Counting; place: MeterPlace }

interface Block extends Extent {
  at: 'device' | 'grid'
  functionCode: 3 | 4 | null
  points: string[]
}

/** Who the device is, as far as it answered. */
interface Identity {
  values: Map<string, RawValue | null>
  /** Points whose registers were lost on the line; they are asked for again. */
  lost: Set<string>
}

const mostIdentityTries = 5

const forgetAbsenceMs = 3_600_000

/** Reads and polls a device with its own register map. */
export class ProfileReader {
  readonly #device: ProfileUnit
  readonly #identityPoints: ReadonlySet<string>
  readonly #gridPoints: ReadonlySet<string>
  readonly #productionPoints: ReadonlySet<string>
  #blocks: Block[] = []
  #absent: string[] = []
  #identity: Identity | null = null
  #identityTries = 0
  /** The device has said that it is of the family, or cannot say more than it has. */
  #isKnown = false
  #generation = -1
  #plannedAtMs = 0
  #functionCode: 3 | 4
  readonly #counted = new Set<string>()

  constructor(device: ProfileUnit) {
    this.#device = device
    const { profile } = device
    const { identity, reading, functions } = profile
    this.#functionCode = functions[0]!
    const identityNames = [identity.model, identity.version, ...(identity.serialNumber ?? [])]
    const polled = new Set(pollPoints(profile))
    this.#identityPoints = new Set(
      [...identityNames, ...recognitionPoints(profile)].filter(
        (name): name is string => name !== undefined && !polled.has(name),
      ),
    )
    this.#gridPoints = new Set([...reading.importWh, ...reading.exportWh].flatMap(formulaPoints))
    this.#productionPoints = new Set(reading.productionWh.flatMap(formulaPoints))
  }

  /** Reads once, leaving out what fails after the first answer. @throws ModbusError when nothing essential answers */
  async readOnce(): Promise<ProfileReading> {
    const { conclusion } = await this.#read(true)
    return conclusion
  }

  /** @throws ModbusError when the device does not answer, is in trouble or is another one */
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
    const isOver = failures.some((failure) => failure.isLinkFailure || failure.code === 'MODBUS_CLOSED')
    const conclusion = this.#conclude(registers, failures, await this.#whoIsIt(isOver))
    if (this.#generation === -1) this.#generation = this.#device.source.generation
    const { counters } = conclusion
    const source = counters.import || counters.export ? gridTimes : counters.production ? productionTimes : allTimes
    return { conclusion, times: source }
  }

  /** What was learnt on another connection no longer holds. */
  #plan(): void {
    const { points } = this.#device.profile
    this.#blocks = this.#blocksOf(Object.keys(points).filter((name) => !this.#identityPoints.has(name)))
    this.#absent = []
    this.#identity = null
    this.#identityTries = 0
    this.#isKnown = false
    this.#generation = -1
    this.#plannedAtMs = performance.now()
  }

  /** Joins points into requests: as few as the gaps, the largest request and the windows of the map allow. */
  #blocksOf(names: readonly string[]): Block[] {
    const { profile, gridUnit, patience } = this.#device
    const sorted = names
      .map((name) => {
        const { at, alone, functionCode = null } = profile.points[name]!
        return { name, at, alone, functionCode, ...extentOf(profile.points[name]!) }
      })
      .filter(({ at }) => at === 'device' || gridUnit !== null)
      .sort(
        (a, b) =>
          a.at.localeCompare(b.at) ||
          (a.functionCode ?? 0) - (b.functionCode ?? 0) ||
          Number(a.alone) - Number(b.alone) ||
          a.first - b.first,
      )
    const blocks: Block[] = []
    const window = profile.window ?? 0x10000
    for (const { name, at, alone, functionCode, first, last } of sorted) {
      const block = blocks.at(-1)
      const joins =
        block !== undefined &&
        !alone &&
        block.at === at &&
        block.functionCode === functionCode &&
        first - block.last - 1 <= profile.largestGap &&
        Math.max(last, block.last) - block.first < patience.registersPerRequest &&
        Math.floor(block.first / window) === Math.floor(last / window)
      if (joins) {
        block.last = Math.max(last, block.last)
        block.points.push(name)
      } else {
        blocks.push({ at, functionCode, first, last, points: [name] })
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
      const last = Math.max(...extents.map((extent) => extent.last))
      return { at: block.at, functionCode: block.functionCode, first, last, points }
    })
  }

  async #readBlock(
    block: Block,
    registers: RegisterTable,
    { tries, lasting }: { tries?: number; lasting?: boolean } = {},
  ): Promise<ReplyTimes> {
    const { source, profile, patience, gridUnit } = this.#device
    const unit = block.at === 'grid' ? gridUnit! : this.#device.unit
    const ask = (functionCode: 3 | 4) =>
      source.read({
        unit,
        functionCode,
        address: block.first,
        count: block.last - block.first + 1,
        timeoutMs: patience.timeoutMs,
        tries: tries ?? patience.tries,
        lasting,
      })
    let reply: Awaited<ReturnType<typeof ask>>
    try {
      reply = await ask(block.functionCode ?? this.#functionCode)
    } catch (error) {
      const other = profile.functions.find((code) => code !== this.#functionCode)
      const firstRead = this.#generation === -1 && registers.size === 0 && block.functionCode === null
      if (!(error instanceof ModbusError) || ![1, 2].includes(error.exception ?? 0) || !other || !firstRead) throw error
      reply = await ask(other).catch((failure) => {
        const serves = failure instanceof ModbusError && error.exception === 1 && failure.saysNotThere
        if (serves) this.#functionCode = other
        throw serves ? failure : error
      })
      this.#functionCode = other
    }
    // What is asked for alone means something else among its neighbours.
    registers.put(placeOf(block, profile), block.first, reply.registers)
    return reply
  }

  /** Who the device is: asked once a connection, and again where a reply was lost. What it does not answer stays unknown. */
  async #whoIsIt(isOver: boolean): Promise<Identity> {
    if (this.#identity && (this.#isKnown || this.#identityTries >= mostIdentityTries)) return this.#identity
    const registers = new RegisterTable()
    const lost = new Set<string>()
    const queue = this.#blocksOf([...this.#identityPoints])
    let closed = isOver
    for (let block = queue.shift(); block; block = queue.shift()) {
      const { points } = block
      if (closed) {
        for (const name of points) lost.add(name)
        continue
      }
      try {
        // Some devices never answer for registers they do not have: that is no trouble of the link.
        await this.#readBlock(block, registers, { tries: 1, lasting: true })
      } catch (error) {
        if (!(error instanceof ModbusError)) throw error
        if (error.saysNotThereEither) queue.unshift(...this.#splitIdentity(block))
        else {
          for (const name of points) lost.add(name)
          closed ||= error.isLinkFailure || error.code === 'MODBUS_CLOSED'
        }
      }
    }
    const order = this.#integerOrder
    const values = new Map([...this.#identityPoints].map((name) => [name, this.#value(name, registers, order)]))
    this.#identityTries += 1
    this.#identity = { values, lost }
    return this.#identity
  }

  #splitIdentity(block: Block): Block[] {
    if (block.points.length === 1) return []
    return block.points.map((name) => ({ ...block, ...extentOf(this.#device.profile.points[name]!), points: [name] }))
  }

  get #integerOrder(): WordOrder {
    const { wordOrder } = this.#device.profile
    return typeof wordOrder === 'string' ? wordOrder : 'high-first'
  }

  #conclude(registers: RegisterTable, failures: readonly ModbusError[], identity: Identity): ProfileReading {
    const { profile, gridUnit, confirmed = false } = this.#device
    const warnings: string[] = []
    const floatOrder = this.#floatOrder(registers)
    const values = new Map(identity.values)
    for (const [name, point] of Object.entries(profile.points)) {
      if (this.#identityPoints.has(name)) continue
      const order = point.type === 'f32' ? floatOrder : this.#integerOrder
      values.set(name, order === null ? null : this.#value(name, registers, order))
    }
    if (floatOrder === null) warnings.push('the order of the words in a float cannot be told: no float is taken')
    const lost = Object.entries(profile.points)
      .filter(([, { at }]) => at === 'device' || gridUnit !== null)
      .map(([name]) => name)
      .filter(
        (name) => !this.#identityPoints.has(name) && !this.#absent.includes(name) && !registers.holds(name, profile),
      )
    const allLost = new Set([...lost, ...identity.lost])
    const recognised = recognise(profile, values)
    const isForeign = recognised.verdict === 'foreign' && !(recognised.is === null && isUndecided(profile, allLost))
    this.#isKnown = recognised.verdict === 'own' && identity.lost.size === 0
    if (isForeign) {
      // A reply that was not its own may have said so: it is asked again with the next poll.
      this.#identity = null
      throw foreignDevice(profile, recognised, values)
    }
    if (recognised.verdict !== 'own') {
      const seen = seenIdentity(profile, values)
      const consequence = confirmed ? 'taken on your word' : 'nothing is sold on it until its owner has confirmed it'
      warnings.push(
        `the device does not say that it is what this profile is for${seen && ` (${seen})`}: ${consequence}`,
      )
    }
    const isOwn = recognised.verdict === 'own' || confirmed
    const conclusion = concludeProfile(profile, values, { lost: allLost, recognised: isOwn })
    const missing = this.#absent.map((name) => `${name} (${profile.points[name]!.address})`)
    if (missing.length > 0) warnings.push(`the device does not have ${missing.join(', ')}`)
    if (gridUnit === null && Object.values(profile.points).some((point) => point.at === 'grid')) {
      warnings.push('no import and export energies without the unit id of the grid meter (gridUnit)')
    }
    warnings.push(...failures.map((failure) => `registers left out: ${failure.message}`))
    const { counting } = profile
    const placed = this.#placed(conclusion, measuresElsewhere(profile, values))
    return { ...placed, counting, warnings: [...warnings, ...placed.warnings] }
  }

  /** Takes the grid's values away where the device says that it does not meter the grid connection. */
  #placed(conclusion: ProfileConclusion, elsewhere: string | null): ProfileConclusion & { place: MeterPlace } {
    const { reading, counters, warnings } = conclusion
    const hasGrid = reading.powerW !== null || counters.import !== null || counters.export !== null
    if (elsewhere === null) return { ...conclusion, place: { role: hasGrid ? 'grid' : 'none', says: null } }
    const says = `it measures ${elsewhere}`
    if (this.#device.confirmed) {
      warnings.push(`${says}, by its own word: taken as the grid meter because its owner says so`)
      return { ...conclusion, place: { role: 'grid', says } }
    }
    return {
      ...conclusion,
      reading: { ...reading, powerW: null, importWh: null, exportWh: null },
      counters: { ...counters, import: null, export: null },
      phasePowersW: null,
      warnings: [...warnings, `${says}: not taken as the grid meter`],
      place: { role: 'elsewhere', says },
    }
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
    const words = registers.take(pointPlace(point), wordAddresses(point, order))
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

/** Which table of registers a point lies in: the same address may hold different things there. */
function pointPlace({ at, alone, functionCode }: Profile['points'][string]): string {
  return `${at}/${functionCode ?? ''}/${alone ? 'alone' : ''}`
}

function placeOf({ points }: Block, profile: Profile): string {
  return pointPlace(profile.points[points[0]!]!)
}

/** Registers read in one poll, by where they are. */
class RegisterTable {
  readonly #places = new Map<string, Map<number, number>>()

  get size(): number {
    return this.#places.size
  }

  put(at: string, first: number, registers: readonly number[]): void {
    const words = this.#places.get(at) ?? new Map<number, number>()
    this.#places.set(at, words)
    for (const [index, word] of registers.entries()) words.set(first + index, word)
  }

  holds(name: string, { points }: Profile): boolean {
    const point = points[name]!
    return this.take(pointPlace(point), wordAddresses(point, 'high-first')) !== null
  }

  /** The words at these addresses; `null` if one of them was not read. */
  take(at: string, addresses: readonly number[]): number[] | null {
    const place = this.#places.get(at)
    const words = addresses.map((address) => place?.get(address))
    return words.every((word) => word !== undefined) ? (words as number[]) : null
  }
}
