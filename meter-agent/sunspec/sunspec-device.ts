/** A SunSpec device: read once as a whole, or polled for what a reading needs. */

import { ModbusError } from '../modbus/error.ts'
import { isOneMoment, outerTimes, readApart } from '../modbus/reply-times.ts'
import type { Counting, DeviceIdentity, DeviceReading, DeviceSample, MeterPlace } from '../registers/device-sample.ts'
import {
  type Absences,
  type Chain,
  findBase,
  type ModelPlace,
  type ReadModel,
  readModels,
  type SunSpecUnit,
  walkChain,
} from './chain.ts'
import { decodeBody, type Points, toPoints } from './decode.ts'
import { type GridChoice, noChoice } from './grid-meter.ts'
import { modelTables } from './model-tables.ts'
import { conclude, nameplateIds, readingIds } from './reading.ts'

const forgetAbsenceMs = 3_600_000

/** A model as `read --json` prints it. */
export interface PrintedModel {
  id: number
  address: number
  length: number
  points: Points
}

/** Everything a SunSpec device says. */
export interface SunSpecReport {
  device: DeviceIdentity
  reading: DeviceReading
  place: MeterPlace
  counting: Counting
  models: PrintedModel[]
  warnings: string[]
}

/**
 * Reads every model of the device once, those that tell about power and energy as soon as they are found: should time run out,
 * they are there.
 * @throws ModbusError when nothing essential answers
 */
export async function readSunSpec(unit: SunSpecUnit, choice: GridChoice = noChoice): Promise<SunSpecReport> {
  const failures: ModbusError[] = []
  const read = new Map<number, ReadModel>()
  const readBodies = async (places: readonly ModelPlace[]) => {
    const bodies = await readModels(unit, places, { absent: new Set(), lenient: true, earlier: failures })
    for (const model of bodies.models) read.set(model.address, model)
    failures.push(...bodies.failures)
  }
  const chain = await discover(unit, async (place) => {
    if (place.id === 1 || readingIds.has(place.id)) await readBodies([place])
  })
  if (chain.failure) failures.push(chain.failure)
  await readBodies(chain.models.filter(({ address }) => !read.has(address)))

  const models = chain.models.map(({ address }) => read.get(address)!)
  const silence = failures.find((failure) => failure.isLinkFailure || failure.code === 'MODBUS_CLOSED')
  const essential = models.filter(({ id }) => readingIds.has(id))
  if (silence && essential.every(({ times }) => times.length === 0)) throw silence
  const { device, reading, place, counting, warnings } = conclude(models, unit.unit, choice)
  return {
    device,
    reading,
    place,
    counting,
    models: models.map(printed),
    warnings: [...chainWarnings(chain), ...models.flatMap(modelWarnings), ...warnings],
  }
}

/** Polls a SunSpec device: its chain is walked once a connection, then only what `reading` needs is read. */
export class SunSpecPoller {
  readonly #unit: SunSpecUnit
  readonly #choice: GridChoice
  #chain: Chain | null = null
  #common: ReadModel[] = []
  #generation = -1
  #absent: Absences = new Set()
  #absentSinceMs = 0

  constructor(unit: SunSpecUnit, choice: GridChoice = noChoice) {
    this.#unit = unit
    this.#choice = choice
  }

  /** @throws ModbusError when the device does not answer, is in trouble or has no chain */
  async poll(): Promise<DeviceSample> {
    if (performance.now() - this.#absentSinceMs > forgetAbsenceMs) this.#forgetAbsences()
    // A chain that has moved while it was read is walked again; one that moves all the time is not a reading.
    for (let walked = 0; walked < 3; walked += 1) {
      const chain = await this.#knownChain()
      const places = chain.models.filter((place) => readingIds.has(place.id))
      const read = await readModels(this.#unit, places, { absent: this.#absent, lenient: false })
      if (!read.moved && this.#generation === this.#unit.source.generation) return this.#sample(chain, read.models)
      this.#chain = null
    }
    throw new ModbusError('MODBUS_CHAIN_BROKEN', 'the chain of SunSpec models changes while it is read')
  }

  async #knownChain(): Promise<Chain> {
    if (this.#chain && this.#generation === this.#unit.source.generation) return this.#chain
    this.#forgetAbsences()
    const chain = await discover(this.#unit)
    const commons = chain.models.filter((place) => place.id === 1 || nameplateIds.has(place.id))
    const read = await readModels(this.#unit, commons, { absent: this.#absent, lenient: false, lasting: true })
    this.#common = read.models
    this.#generation = this.#unit.source.generation
    this.#chain = chain
    return chain
  }

  #forgetAbsences(): void {
    this.#absent = new Set()
    this.#absentSinceMs = performance.now()
  }

  #sample(chain: Chain, read: readonly ReadModel[]): DeviceSample {
    const inOrder = [...this.#common, ...read].sort((a, b) => a.address - b.address)
    const concluded = conclude(inOrder, this.#unit.unit, this.#choice)
    const { device, reading, counters, sources, warnings } = concluded
    const timed = [sources, read, this.#common].find((models) => models.some(({ times }) => times.length > 0)) ?? []
    const times = timed.flatMap((model) => model.times)
    const isSample = sources.length === 0 || isOneMoment(times)
    if (!isSample) warnings.push(readApart)
    return {
      ...outerTimes(times),
      device,
      reading,
      place: concluded.place,
      counting: concluded.counting,
      phasePowersW: concluded.phasePowersW,
      counters: isSample ? counters : { ...counters, import: null, export: null },
      warnings: [...chainWarnings(chain), ...inOrder.flatMap(modelWarnings), ...warnings],
    }
  }
}

async function discover(unit: SunSpecUnit, visit?: (place: ModelPlace) => Promise<void>): Promise<Chain> {
  const chain = await walkChain(unit, await findBase(unit), visit)
  if (chain.failure?.code === 'MODBUS_CLOSED' && !visit) throw chain.failure
  if (chain.broken !== null && !chain.models.some((model) => readingIds.has(model.id))) {
    throw new ModbusError('MODBUS_CHAIN_BROKEN', `unit ${unit.unit}: no power or energy model found: ${chain.broken}`)
  }
  return chain
}

function chainWarnings(chain: Chain): string[] {
  return chain.broken === null ? [] : [chain.broken]
}

function modelWarnings(model: ReadModel): string[] {
  if (!model.body && modelTables.has(model.id))
    return [`model ${model.id}: left out, the device answers no longer or too slowly`]
  return (model.body?.warnings ?? []).map((warning) => `model ${model.id} at register ${model.address}: ${warning}`)
}

function printed({ id, address, length, body }: ReadModel): PrintedModel {
  const definition = modelTables.get(id)
  const group = body?.group ?? (definition ? decodeBody(definition, [], length).group : null)
  return { id, address, length, points: group ? toPoints(group) : {} }
}
