/**
 * Readings on their way to their areas: checked who signed them, gathered for a round of the event loop, submitted area by
 * area, and answered one by one. What one of them is refused for disturbs none of its neighbours.
 */
import { keyAt } from '../../contracts/protocol/meter-keys.ts'
import type { EscrowDomain } from '../../contracts/protocol/typed-data.ts'
import { type ReadingAck, readingReasons, type SignedReading } from '../../contracts/protocol/wire.ts'
import type { Areas } from '../api/parts.ts'
import type { AreaHandle } from '../areas/area-handle.ts'
import { AreaError } from '../areas/error.ts'
import type { EventOf, MeterReading } from '../market/engine/area.ts'
import { canRetryReading } from '../market/engine/codes.ts'
import type { SignatureCheck } from '../signatures/signature-check.ts'
import { languages } from '../words/languages.ts'
import { readingSentence } from '../words/sentences.ts'
import { type MeterSeat, seatsOfMeter, servedAt } from './meter-seats.ts'

/** A reading that came over a connection which announced its meter for this escrow. */
export interface ArrivedReading {
  reading: SignedReading
  domain: EscrowDomain
}

/** Readings of one command: it does a bounded amount of work. */
const readingsPerCommand = 256
const placeOfReason = new Map<string, number>(readingReasons.map((reason, place) => [reason, place]))

interface Waiting {
  reading: MeterReading
  resolve(answer: EventOf<'reading'>): void
  reject(error: Error): void
}

export interface ReadingIntake {
  /** What becomes of each reading, in order. Rejects with `SignatureCheckError` where none could be looked at. */
  take(arrived: readonly ArrivedReading[]): Promise<ReadingAck[]>
}

export function createReadingIntake(areas: Areas, signatures: SignatureCheck): ReadingIntake {
  const gathered = new Map<AreaHandle, Waiting[]>()

  /** Submits a reading with those of other connections that come in the same round of the event loop. */
  function submit(area: AreaHandle, reading: MeterReading): Promise<EventOf<'reading'>> {
    return new Promise((resolve, reject) => {
      let waiting = gathered.get(area)
      if (waiting === undefined) {
        waiting = []
        gathered.set(area, waiting)
        setImmediate(() => {
          const items = gathered.get(area)!
          gathered.delete(area)
          for (let from = 0; from < items.length; from += readingsPerCommand) {
            void submitTogether(area, items.slice(from, from + readingsPerCommand))
          }
        })
      }
      waiting.push({ reading, resolve, reject })
    })
  }

  async function answerOf({ reading }: ArrivedReading, { area, seat }: MeterSeat, signer: string | null) {
    const refusal = wrongSigner(reading, signer, seat)
    // What is known of the meter's keys is as new as the area is: nobody is made to give up by one that waits.
    if (refusal !== null) return { ...refusal, retry: refusal.retry || area.status.condition.is !== 'ready' }
    try {
      return ackOf(await submit(area, meterReadingOf(reading)), area)
    } catch (error) {
      if (!(error instanceof AreaError)) throw error
      return refused(reading, error.code, error.message, true)
    }
  }

  return {
    async take(arrived) {
      const seats = arrived.map(({ reading, domain }) =>
        servedAt(seatsOfMeter(areas, reading.meter, domain), reading.time),
      )
      const signers = await signersOf(arrived, signatures)
      return Promise.all(
        arrived.map((each, index) => {
          const seat = seats[index]
          if (seat !== undefined) return answerOf(each, seat, signers[index]!)
          return refused(each.reading, 'READING_UNKNOWN_METER', 'no seat of this server has the meter any more', true)
        }),
      )
    },
  }
}

/** Submits readings in one command; where that cannot be carried out, each alone, so that only the culprit is refused. */
async function submitTogether(area: AreaHandle, items: readonly Waiting[]): Promise<void> {
  try {
    const events = await area.submit({ type: 'readings', readings: items.map(({ reading }) => reading) })
    const answers = new Map<string, EventOf<'reading'>[]>()
    for (const event of events) {
      if (event.type !== 'reading') continue
      const known = answers.get(nameOf(event))
      if (known === undefined) answers.set(nameOf(event), [event])
      else known.push(event)
    }
    for (const { reading, resolve, reject } of items) {
      // A boundary that is in the command twice has two answers, in their order.
      const answer = answers.get(nameOf(reading))?.shift()
      if (answer === undefined) reject(new Error(`the area did not answer the reading ${nameOf(reading)}`))
      else resolve(answer)
    }
  } catch (error) {
    if (error instanceof AreaError && error.code === 'AREA_COMMAND' && items.length > 1) {
      await Promise.all(items.map((item) => submitTogether(area, [item])))
    } else for (const { reject } of items) reject(error as Error)
  }
}

function nameOf({ meter, epoch, time }: { meter: string; epoch: number; time: number }): string {
  return `${meter} ${epoch} ${time}`
}

/** Who signed each, in order; mostly they are of one escrow. */
async function signersOf(arrived: readonly ArrivedReading[], signatures: SignatureCheck): Promise<(string | null)[]> {
  const byDomain = new Map<string, { domain: EscrowDomain; places: number[] }>()
  for (const [place, { domain }] of arrived.entries()) {
    const name = `${domain.chainId} ${domain.escrow}`
    const known = byDomain.get(name)
    if (known === undefined) byDomain.set(name, { domain, places: [place] })
    else known.places.push(place)
  }
  const signers: (string | null)[] = []
  await Promise.all(
    [...byDomain.values()].map(async ({ domain, places }) => {
      const items = places.map((place) => {
        const { reading } = arrived[place]!
        return { value: reading, signature: reading.signature }
      })
      const found = await signatures.recover(domain, 'Reading', items)
      for (const [index, place] of places.entries()) signers[place] = found[index]!
    }),
  )
  return signers
}

/**
 * Why a reading is not signed as it must be; null where it is. Another of the meter's keys may have signed before it heard
 * that the keys change: the reading can be sent again with the right one.
 */
function wrongSigner(reading: SignedReading, signer: string | null, { keys }: MeterSeat['seat']): ReadingAck | null {
  const { meter, time } = reading
  const key = keyAt(meter, keys, time)
  if (signer === key) return null
  if (signer === meter || keys.some((later) => later.key === signer)) {
    return refused(reading, 'READING_KEY', `at this boundary key ${key} signs for the meter`, true)
  }
  return refused(reading, 'READING_SIGNATURE', 'the reading is not signed by its meter for this escrow', false)
}

/** The reading as the engine takes it, with what travels beside it unsigned. */
function meterReadingOf({ reasons, ...reading }: SignedReading): MeterReading {
  let bits = 0
  for (const reason of reasons) bits |= 1 << placeOfReason.get(reason)!
  return { ...reading, reasons: bits }
}

function ackOf(
  { meter, epoch, time, status, code, details }: EventOf<'reading'>,
  { settings }: AreaHandle,
): ReadingAck {
  if (code === null) return { meter, epoch, time, status: status as 'stored' | 'duplicate' }
  const message = readingSentence(languages.en, { code, details }, settings)
  return { meter, epoch, time, status: 'refused', code, message, retry: canRetryReading(code) }
}

/** A reading that is refused before any area judges it. */
export function refused(
  { meter, epoch, time }: { meter: string; epoch: number; time: number },
  code: string,
  message: string,
  retry: boolean,
): ReadingAck {
  return { meter, epoch, time, status: 'refused', code, message, retry }
}
