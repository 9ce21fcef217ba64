/** The chain of SunSpec models on a device: where it begins, what is in it, and the registers of its models. */
import { ModbusError } from '../modbus/error.ts'
import type { Patience, RegisterSource } from '../modbus/register-source.ts'
import type { ReplyTimes } from '../modbus/reply-times.ts'
import { type DecodedBody, decodeBody, type Span } from './decode.ts'
import { modelTables } from './model-tables.ts'

/** Where a model lies on the device. */
export interface ModelPlace {
  id: number
  /** The address of its ID register. */
  address: number
  /** Its L: registers of the body that follow ID and L. */
  length: number
}

export interface Chain {
  models: ModelPlace[]
  /** Why the walk ended before the end marker; `null` if it did not. */
  broken: string | null
  /** The failure that ended it, where one did. */
  failure: ModbusError | null
}

/** A model as read in one poll. */
export interface ReadModel extends ModelPlace {
  /** `null` for models we have no table for. */
  body: DecodedBody | null
  /** When each request that was answered left and had its answer. */
  times: ReplyTimes[]
  /** Registers did not come though the device may have them. */
  lost: boolean
}

/** A SunSpec device behind a Modbus unit. */
export interface SunSpecUnit {
  source: RegisterSource
  unit: number
  patience: Patience
}

const marker = [0x5375, 0x6e53]
const bases = [40_000, 50_000, 0]
const mostModels = 100
const endId = 0xffff
const shortestProbeMs = 1_000

/**
 * Finds the SunSpec marker. A base that does not answer says nothing about the device (some never answer for registers they do
 * not have): each base gets one short try, and those that stayed silent get another with the full patience.
 * @throws ModbusError `MODBUS_NO_SUNSPEC` when the device answers but has no marker; whatever failed when it does not answer
 */
export async function findBase({ source, unit, patience }: SunSpecUnit): Promise<number> {
  const probeMs = Math.min(patience.timeoutMs, Math.max(shortestProbeMs, patience.timeoutMs / 2))
  const rounds = probeMs < patience.timeoutMs || patience.tries > 1 ? [probeMs, patience.timeoutMs] : [probeMs]
  let open = bases
  let failure: ModbusError | null = null
  for (const timeoutMs of rounds) {
    const silent: number[] = []
    for (const address of open) {
      try {
        const request = { unit, functionCode: 3, address, count: 2, timeoutMs, tries: 1, lasting: true } as const
        const reply = await source.read(request)
        if (reply.registers[0] === marker[0] && reply.registers[1] === marker[1]) return address
      } catch (error) {
        if (!(error instanceof ModbusError)) throw error
        if (error.saysNotThere) continue
        if (error.exception === 1) throw noHoldingRegisters(unit, error)
        if (!error.isLinkFailure || error.code === 'MODBUS_UNREACHABLE') throw error
        failure = error
        silent.push(address)
      }
    }
    open = silent
  }
  if (failure && open.length === bases.length) throw failure
  const unanswered =
    open.length > 0 && failure ? ` (no usable answer at ${open.join(' and ')}: ${failure.message})` : ''
  throw new ModbusError(
    'MODBUS_NO_SUNSPEC',
    `unit ${unit} answers but shows no SunSpec marker at 40000, 50000 or 0${unanswered}: switch SunSpec on in the device, try another --unit, or name its register map with --profile`,
  )
}

/** A device without function 3 speaks no SunSpec; it is refused like one that has no marker. */
function noHoldingRegisters(unit: number, cause: ModbusError): ModbusError {
  return new ModbusError(
    'MODBUS_NO_SUNSPEC',
    `unit ${unit} answers but does not serve holding registers (function 3), so it has no SunSpec: name its register map with --profile`,
    { exception: 1, cause },
  )
}

/**
 * Walks the chain of models from the marker at `base`. What was found before a break is kept.
 * @param visit called with each model before the walk goes on
 */
export async function walkChain(
  device: SunSpecUnit,
  base: number,
  visit?: (place: ModelPlace) => Promise<void>,
): Promise<Chain> {
  const models: ModelPlace[] = []
  const broken = (reason: string, failure: ModbusError | null = null): Chain => ({ models, broken: reason, failure })
  for (let address = base + 2; ; ) {
    if (address > 0xffff) return broken(`the chain runs past register 65535`)
    let header: [number, number | null]
    try {
      header = await readHeader(device, address)
    } catch (error) {
      if (!(error instanceof ModbusError)) throw error
      return broken(`the chain ends without its end marker: ${error.message}`, error)
    }
    const [id, length] = header
    if (id === marker[0] && length === marker[1]) {
      throw new ModbusError(
        'MODBUS_REPLAYED',
        `unit ${device.unit}: asked for the register after the SunSpec marker it gives the marker again (model ${id}): a gateway or another reader replays old replies; read the device directly, or through one reader only`,
      )
    }
    if (id === endId) return { models, broken: null, failure: null }
    if (id === 0) return broken(`the chain ends at register ${address} with model id 0`)
    if (length === null) return broken(`model ${id} at register ${address} has no length`)
    if (address + 2 + length > 0x10000)
      return broken(`model ${id} at register ${address} is too long (${length} registers)`)
    if (models.length === mostModels) return broken(`the chain has more than ${mostModels} models`)
    const place = { id, address, length }
    models.push(place)
    await visit?.(place)
    address += 2 + length
  }
}

async function readHeader(device: SunSpecUnit, address: number): Promise<[number, number | null]> {
  const ask = async (count: number) => {
    const { source, unit, patience } = device
    const { timeoutMs, tries } = patience
    const reply = await source.read({ unit, functionCode: 3, address, count, timeoutMs, tries, lasting: true })
    return reply.registers
  }
  if (address === 0xffff) return [(await ask(1))[0]!, null]
  try {
    const [id, length] = await ask(2)
    return [id!, length!]
  } catch (error) {
    // A map may end with the end marker's first register.
    if (!(error instanceof ModbusError) || !error.saysNotThereEither) throw error
    const [id] = await ask(1)
    return [id!, null]
  }
}

/** Remembers for one connection what the device said it does not have. */
export interface Absences {
  has(address: number): boolean
  add(address: number): void
}

export interface HowToRead {
  absent: Absences
  /**
   * Leave out what fails for another reason than "not there", and all that is left once the link has failed twice or was closed;
   * else such a failure is thrown.
   */
  lenient: boolean
  /** What is read stays as it is for as long as the connection does. */
  lasting?: boolean
}

/** Registers of one model read so far, with what went wrong. */
class BodyReader {
  readonly #device: SunSpecUnit
  readonly #place: ModelPlace
  readonly #how: HowToRead
  readonly #registers: (number | undefined)[] = []
  readonly #skipped = new Set<number>()
  readonly #failures: ModbusError[] = []
  #absentPoints = 0
  #moved = false
  readonly #times: ReplyTimes[] = []

  constructor(device: SunSpecUnit, place: ModelPlace, how: HowToRead) {
    this.#device = device
    this.#place = place
    this.#how = how
  }

  async read(): Promise<ReadModel> {
    const definition = modelTables.get(this.#place.id)
    if (!definition) throw new TypeError(`model ${this.#place.id} has no table`)
    let body = decodeBody(definition, this.#registers, this.#place.length)
    for (;;) {
      const open = body.spans.filter((span) => !this.#isDone(span) && !this.#isKnownAbsent(span))
      if (open.length === 0) break
      await this.#readSpans(firstBlock(open, this.#device.patience.registersPerRequest))
      body = decodeBody(definition, this.#registers, this.#place.length)
    }
    if (this.#absentPoints > 0) body.warnings.push(`the device does not answer for ${this.#absentPoints} of its points`)
    for (const failure of this.#failures) body.warnings.push(`registers left out: ${failure.message}`)
    return { ...this.#place, body, times: this.#times, lost: this.#failures.length > 0 }
  }

  /** True when the model was no longer where the chain had it. */
  get moved(): boolean {
    return this.#moved
  }

  get failures(): readonly ModbusError[] {
    return this.#failures
  }

  /** Skips what the device has said it does not have. */
  #isKnownAbsent(span: Span): boolean {
    if (!this.#how.absent.has(this.#place.address + 2 + span.start)) return false
    this.#absentPoints += 1
    this.#skip([span])
    return true
  }

  #isDone(span: Span): boolean {
    for (let offset = span.start; offset < span.start + span.size; offset += 1) {
      if (this.#registers[offset] === undefined && !this.#skipped.has(offset)) return false
    }
    return true
  }

  #skip(spans: readonly Span[]): void {
    for (const span of spans) {
      for (let offset = span.start; offset < span.start + span.size; offset += 1) this.#skipped.add(offset)
    }
  }

  async #readSpans(spans: readonly Span[]): Promise<void> {
    const first = spans[0]!
    const last = spans.at(-1)!
    // The header travels with the first registers, so that a chain that has moved is noticed.
    const withHeader =
      first.start === 0 && last.start + last.size + 2 <= this.#device.patience.registersPerRequest ? 2 : 0
    const count = last.start + last.size - first.start
    if (this.#failures.some((failure) => failure.isLinkFailure || failure.code === 'MODBUS_CLOSED')) {
      return this.#skip(spans)
    }
    // A point longer than the device's largest request has to be split.
    const blockSize = this.#device.patience.registersPerRequest
    try {
      for (let done = 0; done < count; done += blockSize) {
        await this.#readRegisters(first.start + done, Math.min(blockSize, count - done), done === 0 ? withHeader : 0)
      }
    } catch (error) {
      if (!(error instanceof ModbusError)) throw error
      if (error.saysNotThereEither) return this.#readHalves(spans)
      if (!this.#how.lenient) throw error
      this.#failures.push(error)
      this.#skip(spans)
    }
  }

  async #readHalves(spans: readonly Span[]): Promise<void> {
    if (spans.length === 1) {
      this.#how.absent.add(this.#place.address + 2 + spans[0]!.start)
      this.#absentPoints += 1
      return this.#skip(spans)
    }
    const middle = Math.ceil(spans.length / 2)
    await this.#readSpans(spans.slice(0, middle))
    await this.#readSpans(spans.slice(middle))
  }

  async #readRegisters(start: number, count: number, header: number): Promise<void> {
    const { source, unit, patience } = this.#device
    const address = this.#place.address + 2 + start - header
    const { timeoutMs, tries } = patience
    const lasting = this.#how.lasting === true
    const request = { unit, functionCode: 3, address, count: count + header, timeoutMs, tries, lasting } as const
    const reply = await source.read(request)
    this.#times.push({ requestedAtMs: reply.requestedAtMs, repliedAtMs: reply.repliedAtMs })
    if (header > 0 && (reply.registers[0] !== this.#place.id || reply.registers[1] !== this.#place.length)) {
      this.#moved = true
    }
    for (let index = 0; index < count; index += 1) this.#registers[start + index] = reply.registers[header + index]
  }
}

/** The spans that fit into one request from the first one on. */
function firstBlock(spans: readonly Span[], registersPerRequest: number): Span[] {
  const start = spans[0]!.start
  const block = [spans[0]!]
  let end = start + spans[0]!.size
  // Leave room for the header that travels with the first registers.
  const room = start === 0 && end + 2 <= registersPerRequest ? registersPerRequest - 2 : registersPerRequest
  for (const span of spans.slice(1)) {
    if (span.start !== end || span.start + span.size - start > room) break
    block.push(span)
    end = span.start + span.size
  }
  return block
}

export interface ReadModels {
  models: ReadModel[]
  /** True when a model was no longer where the chain had it: walk the chain again. */
  moved: boolean
  /** Link failures and refusals other than "not there", which left values out. */
  failures: ModbusError[]
}

/**
 * Reads the bodies of models. Blocks the device does not have are retried in halves down to single points; what it still refuses
 * is left out.
 *
 * @param earlier what has failed before
 */
export async function readModels(
  device: SunSpecUnit,
  places: readonly ModelPlace[],
  { earlier = [], ...how }: HowToRead & { earlier?: readonly ModbusError[] },
): Promise<ReadModels> {
  const result: ReadModels = { models: [], moved: false, failures: [] }
  for (const place of places) {
    if (!modelTables.has(place.id) || isOver([...earlier, ...result.failures])) {
      result.models.push(unreadModel(place))
      continue
    }
    const reader = new BodyReader(device, place, how)
    result.models.push(await reader.read())
    result.moved ||= reader.moved
    result.failures.push(...reader.failures)
  }
  return result
}

function isOver(failures: readonly ModbusError[]): boolean {
  return (
    failures.filter((failure) => failure.isLinkFailure).length >= 2 ||
    failures.some((failure) => failure.code === 'MODBUS_CLOSED')
  )
}

function unreadModel(place: ModelPlace): ReadModel {
  return { ...place, body: null, times: [], lost: modelTables.has(place.id) }
}
