/**
 * Brings readings to their areas. They are gathered for a moment from all connections, their signatures are checked together, and they
 * are submitted area by area and answered one by one. A reading that is refused does not affect the others.
 *
 * Homes send one or two readings a message, and a message to another thread costs more than a reading in it: so those that come
 * within a moment share one. With 900 messages a second that takes a third off what a reading costs.
 *
 * Backlogs have a lane of their own, of which little is under way at once: however many homes come back at the same moment, the
 * readings of a boundary wait for a part of it only, and the main thread does a bounded amount of work in one piece.
 */
import { keyAt } from '../../contracts/protocol/meter-keys.ts'
import type { EscrowDomain } from '../../contracts/protocol/typed-data.ts'
import { type ReadingAck, readingReasons, type SignedReading } from '../../contracts/protocol/wire.ts'
import type { Areas } from '../api/parts.ts'
import type { AreaHandle } from '../areas/area-handle.ts'
import { AreaError } from '../areas/error.ts'
import type { EventOf, MeterReading } from '../market/area/area.ts'
import { canRetryReading } from '../market/area/codes.ts'
import type { SignatureCheck } from '../signatures/signature-check.ts'
import { languages } from '../words/languages.ts'
import { readingSentence } from '../words/sentences.ts'
import { type MeterSeat, seatsOfMeter, takersOf } from './meter-seats.ts'

/** A meter that was announced for an escrow; and, for each of its areas, at which load of the area the agent was told what the area has. */
export interface WelcomedMeter {
  domain: EscrowDomain
  told: ReadonlyMap<AreaHandle, number>
}

/** What these areas have told, as of now. */
export function toldBy(seats: readonly Pick<MeterSeat, 'area'>[]): WelcomedMeter['told'] {
  return new Map(seats.map(({ area }) => [area, area.status.loads]))
}

/** A reading that came over a connection which announced its meter for this escrow. */
export interface ArrivedReading extends WelcomedMeter {
  reading: SignedReading
}

/** How long readings of other messages are waited for. */
const gatherMs = 10
/** Readings of one command: it does a bounded amount of work. */
const readingsPerCommand = 256
/** A message with more readings than this is somebody's backlog. */
const mostOfBoundary = 8
/** Parts of backlogs, of about a command's readings each, that are under way: one is stored while the next is looked at. */
const mostBacklogParts = 2
const placeOfReason = new Map<string, number>(readingReasons.map((reason, place) => [reason, place]))

/** A message whose readings are on their way; it is answered when every one of them is. */
interface ReadingMessage {
  arrived: readonly ArrivedReading[]
  acks: ReadingAck[]
  open: number
  answered: Promise<ReadingAck[]>
  resolve(acks: ReadingAck[]): void
  reject(error: unknown): void
}

function messageOf(arrived: readonly ArrivedReading[]): ReadingMessage {
  let settle!: Pick<ReadingMessage, 'resolve' | 'reject'>
  const answered = new Promise<ReadingAck[]>((resolve, reject) => {
    settle = { resolve, reject }
  })
  return { arrived, acks: [], open: arrived.length, answered, ...settle }
}

/** One reading of a message. */
interface Carried extends ArrivedReading {
  message: ReadingMessage
  place: number
  /** Who signed, once that is known; null for the meter's first key. */
  key: string | null
  /** What the areas that take it have said so far, and how many have yet to say something. */
  ack: ReadingAck | null
  areas: number
}

export interface ReadingIntake {
  /** What becomes of each reading, in order. Rejects with `SignatureCheckError` where none could be looked at. */
  take(arrived: readonly ArrivedReading[]): Promise<ReadingAck[]>
}

/** `later` does something after so many ms. */
export function createReadingIntake(
  areas: Areas,
  signatures: Pick<SignatureCheck, 'recover'>,
  { later = setTimeout }: { later?: (action: () => void, ms: number) => unknown } = {},
): ReadingIntake {
  let gathered: ReadingMessage[] = []
  const backlogs: ReadingMessage[] = []
  let backlogParts = 0

  async function carryOn(messages: readonly ReadingMessage[]): Promise<void> {
    const readings = messages.flatMap((message) =>
      message.arrived.map(({ reading, domain, told }, place): Carried => {
        return { reading, domain, told, message, place, key: null, ack: null, areas: 1 }
      }),
    )
    try {
      const signers = await signersOf(readings, signatures)
      for (const [area, admitted] of byArea(areas, readings, signers)) {
        for (let from = 0; from < admitted.length; from += readingsPerCommand) {
          void submit(area, area.status.loads, admitted.slice(from, from + readingsPerCommand))
        }
      }
    } catch (error) {
      for (const { reject } of messages) reject(error)
    }
  }

  function carryBacklogsOn(): void {
    while (backlogParts < mostBacklogParts && backlogs.length > 0) {
      const part = [backlogs.shift()!]
      let count = part[0]!.arrived.length
      while (backlogs.length > 0 && count + backlogs[0]!.arrived.length <= readingsPerCommand) {
        count += backlogs[0]!.arrived.length
        part.push(backlogs.shift()!)
      }
      backlogParts += 1
      void Promise.allSettled(part.map(({ answered }) => answered)).then(() => {
        backlogParts -= 1
        carryBacklogsOn()
      })
      void carryOn(part)
    }
  }

  function gather(message: ReadingMessage): void {
    if (gathered.length === 0) {
      later(() => {
        const messages = gathered
        gathered = []
        void carryOn(messages)
      }, gatherMs)
    }
    gathered.push(message)
  }

  return {
    take(arrived) {
      if (arrived.length === 0) return Promise.resolve([])
      const message = messageOf(arrived)
      if (arrived.length <= mostOfBoundary) gather(message)
      else {
        backlogs.push(message)
        carryBacklogsOn()
      }
      return message.answered
    },
  }
}

/** Who signed each, in order; mostly they are of one escrow. */
async function signersOf(
  readings: readonly Carried[],
  signatures: Pick<SignatureCheck, 'recover'>,
): Promise<(string | null)[]> {
  const byDomain = new Map<EscrowDomain, number[]>()
  for (const [place, { domain }] of readings.entries()) {
    const known = byDomain.get(domain)
    if (known === undefined) byDomain.set(domain, [place])
    else known.push(place)
  }
  const signers: (string | null)[] = []
  await Promise.all(
    [...byDomain].map(async ([domain, places]) => {
      const items = places.map((place) => {
        const { reading } = readings[place]!
        return { value: reading, signature: reading.signature }
      })
      const found = await signatures.recover(domain, 'Reading', items)
      for (const [index, place] of places.entries()) signers[place] = found[index]!
    }),
  )
  return signers
}

/** Sorts the readings that their meters signed by the areas whose seats they serve; the others are answered here. */
function byArea(
  areas: Areas,
  readings: readonly Carried[],
  signers: readonly (string | null)[],
): Map<AreaHandle, Carried[]> {
  const admitted = new Map<AreaHandle, Carried[]>()
  for (const [index, each] of readings.entries()) {
    const { reading, domain } = each
    const seats = seatsOfMeter(areas, reading.meter, domain)
    const takers = takersOf(seats, reading)
    if (takers.length === 0) {
      answer(each, readingRefusal(reading, 'READING_UNKNOWN_METER', 'no seat here has the meter any more', true))
      continue
    }
    const signer = signers[index]!
    each.key = signer === reading.meter ? null : signer
    each.areas = takers.length
    for (const taker of takers) {
      const { area } = taker
      const refusal = refusalBefore(each, signer, { taker, seats })
      const ofArea = admitted.get(area)
      if (refusal !== null) answer(each, refusal)
      else if (ofArea === undefined) admitted.set(area, [each])
      else ofArea.push(each)
    }
  }
  return admitted
}

/** Why a reading does not go to an area that would take it, or null where it does. */
function refusalBefore(
  each: ArrivedReading,
  signer: string | null,
  { taker, seats }: { taker: MeterSeat; seats: readonly MeterSeat[] },
): ReadingAck | null {
  const { reading } = each
  const { area } = taker
  if (isOutOfDate(each, [taker])) {
    return readingRefusal(reading, 'AREA_NOT_READY', 'the area was made again: announce the meter anew', true)
  }
  const refusal = wrongSigner(reading, signer, { ...taker, seats })
  // An area that waits may not have heard of the meter's newest key: it refuses no reading for good.
  return refusal === null ? null : { ...refusal, retry: refusal.retry || area.status.condition.is !== 'ready' }
}

/**
 * Whether the area of one of these seats was loaded anew since it told the meter what it has, or has told nothing yet: it may have lost
 * readings that the meter believes to be delivered.
 */
export function isOutOfDate({ told }: Pick<WelcomedMeter, 'told'>, seats: readonly MeterSeat[]): boolean {
  return seats.some(({ area }) => area.status.loads !== told.get(area))
}

/** Submits readings in one command. Where that command fails, each is submitted alone, so that only the culprit is refused. */
async function submit(area: AreaHandle, loads: number, carried: readonly Carried[]): Promise<void> {
  try {
    const events = await area.submit({ type: 'readings', readings: carried.map(meterReadingOf) }, loads)
    // An area answers the readings of a command in their order.
    const answers = events.filter((event) => event.type === 'reading')
    for (const [place, each] of carried.entries()) {
      const event = answers[place]
      if (!isAnswer(event, each.reading)) throw new Error(`the area did not answer the reading ${nameOf(each.reading)}`)
      answer(each, ackOf(event, area))
    }
  } catch (error) {
    if (!(error instanceof AreaError)) for (const { message } of carried) message.reject(error)
    else if (error.code === 'AREA_COMMAND' && carried.length > 1)
      for (const each of carried) void submit(area, loads, [each])
    else for (const each of carried) answer(each, readingRefusal(each.reading, error.code, error.message, true))
  }
}

/** What an area says of a reading; it is answered once each area that takes it has said something. */
function answer(carried: Carried, ack: ReadingAck): void {
  const { message, place } = carried
  carried.ack = carried.ack === null || rankOf(ack) < rankOf(carried.ack) ? ack : carried.ack
  carried.areas -= 1
  if (carried.areas > 0) return
  message.acks[place] = carried.ack
  message.open -= 1
  if (message.open === 0) message.resolve(message.acks)
}

/** When two areas answer, the first to be heard counts: the reading is sent again as long as one lacks it, and kept where one has it. */
function rankOf({ status, retry }: ReadingAck): number {
  if (status === 'refused') return retry === true ? 0 : 3
  return status === 'stored' ? 1 : 2
}

function isAnswer(event: EventOf<'reading'> | undefined, reading: SignedReading): event is EventOf<'reading'> {
  return event?.time === reading.time && event.meter === reading.meter && event.epoch === reading.epoch
}

function nameOf({ meter, epoch, time }: { meter: string; epoch: number; time: number }): string {
  return `${meter} ${epoch} ${time}`
}

/**
 * Why a reading is not signed as it must be; null where it is. Another of the meter's keys may have signed before it heard
 * that the keys change: the reading can be sent again with the right one.
 */
function wrongSigner(
  reading: SignedReading,
  signer: string | null,
  { seat, seats, area }: MeterSeat & { seats: readonly MeterSeat[] },
): ReadingAck | null {
  const { meter, time } = reading
  if (signer === keyAt(meter, seat.keys, time)) return null
  // One area may have heard of a key before the other.
  if (signer === meter || seats.some((own) => own.seat.keys.some(({ key }) => key === signer))) {
    const message = readingSentence(languages.en, { code: 'READING_KEY', details: [] }, area.settings)
    return readingRefusal(reading, 'READING_KEY', message, true)
  }
  return readingRefusal(reading, 'READING_SIGNATURE', 'the reading is not signed by its meter for this escrow', false)
}

/** The reading as the engine takes it, with what travels beside it unsigned and the key that it was checked against. */
function meterReadingOf({ reading, key }: Carried): MeterReading {
  const { meter, epoch, time, importWh, exportWh, quality, signature, sequence, productionWh } = reading
  let reasons = 0
  for (const reason of reading.reasons) reasons |= 1 << placeOfReason.get(reason)!
  return { meter, epoch, time, importWh, exportWh, quality, signature, sequence, productionWh, reasons, key }
}

function ackOf(
  { meter, epoch, time, status, code, details }: EventOf<'reading'>,
  { settings }: AreaHandle,
): ReadingAck {
  if (code === null) return { meter, epoch, time, status }
  const message = readingSentence(languages.en, { code, details }, settings)
  return { meter, epoch, time, status: 'refused', code, message, retry: canRetryReading(code) }
}

/** A reading that is refused before any area judges it. */
export function readingRefusal(
  { meter, epoch, time }: { meter: string; epoch: number; time: number },
  code: string,
  message: string,
  retry: boolean,
): ReadingAck {
  return { meter, epoch, time, status: 'refused', code, message, retry }
}
