/**
 * What is known of a seat's energy in an interval. Registers that the seat's meter signed say it everywhere, and they alone settle.
 *
 * In an area that settles on billing meters the signature comes last: until then counts what the metering operator has told, and
 * before that what the home's own agent, the companion, has read.
 */
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import { type End, type IntervalEnergy, intervalEnergy } from '../../readings/admission.ts'
import type { AreaConfig } from './area.ts'
import { registersOf } from './registers.ts'
import { type AreaState, type Configured, configAt, lengthOf, type SeatState, termsAt } from './state.ts'

export interface KnownEnergy extends IntervalEnergy {
  /** The epoch of the registers that say it; null where nothing is signed for the interval's end. */
  epoch: number | null
  /** Whether the seat's meter signed it: nothing else settles. */
  isSigned: boolean
  /** Whether an entry of the batch can hold trades of this interval; see `isCoverable`. */
  isCoverable: boolean
}

/** In areas of grade `billing`: nobody waits longer for a companion, and signing what was told takes no longer. */
export const longestWaitMs = { companion: 60_000, signing: 3_600_000 }

/** Where the energies of one computation of an interval come from. */
export interface Energies {
  of(seat: SeatState): KnownEnergy
  /** Whether a seat only bears witness of another's energy: it has no row of its own. */
  isWitness(seat: SeatState): boolean
}

type Signed = Configured & Pick<AreaState, 'intervals'>
type Paired = Signed & Pick<AreaState, 'seats' | 'seatsOfAccount'>

const billing = 1

/** Whether an area settles on values of the metering operator. */
export function settlesOnBilling({ rules }: Pick<AreaConfig, 'rules'>): boolean {
  return rules.settlingGrade === billing
}

/** Whether a seat's energy of an interval is what the metering operator says. */
function isBilled(state: Signed, seat: SeatState, start: UtcSeconds): boolean {
  return settlesOnBilling(configAt(state, start)) && termsAt(seat, start)?.grade === billing
}

/**
 * Turns the readings at an interval's two ends into its energy. Registers that the metering operator makes of interval values are exact
 * at every boundary: their quality is that of the interval which ends there alone.
 */
export function energyBetween(
  state: Signed,
  { seat, start }: { seat: SeatState; start: UtcSeconds },
  atStart: End | null,
  atEnd: End | null,
): IntervalEnergy {
  const isExact = atStart !== null && isBilled(state, seat, start)
  return intervalEnergy(isExact ? { ...atStart, quality: 0 } : atStart, atEnd)
}

/** What the seat's meter signed of an interval. */
function signedEnergy(state: Signed, seat: SeatState, start: UtcSeconds): KnownEnergy {
  const atEnd = registersOf(state, seat, start + lengthOf(state), null)
  const atStart = atEnd === null ? null : registersOf(state, seat, start, atEnd.epoch)
  const between = energyBetween(state, { seat, start }, atStart, atEnd)
  const beginsMeasured = atStart === null || atStart.quality === 0
  const coverable = beginsMeasured || isCoverable(state, seat, { start, epoch: atStart.epoch })
  return { ...between, epoch: atEnd?.epoch ?? null, isSigned: true, isCoverable: coverable }
}

/**
 * Whether an interval that begins at a boundary which is not measured lies in an entry that may trade: such an entry begins at a
 * measured boundary inside the batch, and no change of terms lies between.
 */
function isCoverable(state: Signed, seat: SeatState, { start, epoch }: { start: UtcSeconds; epoch: number }): boolean {
  const { intervalSeconds, batchSeconds } = configAt(state, start).rules
  const batchStart = Math.floor(start / batchSeconds) * batchSeconds
  let time = start
  while (time >= batchStart && registersOf(state, seat, time, epoch)?.quality !== 0) time -= intervalSeconds
  if (time < batchStart) return false
  return !seat.chain.terms.some(({ from, validUntil }) => {
    return (from > time && from <= start) || (validUntil > time && validUntil <= start)
  })
}

/** What settles, and nothing else: for whoever has signed readings only. */
export function signedEnergies(state: Signed, start: UtcSeconds): Energies {
  return { of: (seat) => signedEnergy(state, seat, start), isWitness: () => false }
}

/** What an interval is computed from when its batch is cut. */
export function settlingEnergies(state: Paired, start: UtcSeconds): Energies {
  return { ...signedEnergies(state, start), isWitness: (seat) => pairOf(state, seat, start)?.companion === seat }
}

/** What an interval is computed from as long as its batch is not cut. */
export function provisionalEnergies(state: Paired, start: UtcSeconds): Energies {
  return { ...settlingEnergies(state, start), of: (seat) => provisionalEnergy(state, seat, start) }
}

function provisionalEnergy(state: Paired, seat: SeatState, start: UtcSeconds): KnownEnergy {
  const signed = signedEnergy(state, seat, start)
  if (signed.quality !== 'missing' || !isBilled(state, seat, start)) return signed
  const told = state.intervals.get(start)?.official?.at(seat.slot) ?? null
  const unsigned = { epoch: null, isSigned: false, isCoverable: true }
  if (told !== null) return { ...told, quality: 'measured', ...unsigned }
  const companion = companionOf(state, seat, start)
  const lent = companion === null ? signed : signedEnergy(state, companion, start)
  return lent.quality === 'missing' ? signed : { ...lent, ...unsigned }
}

/** What is known of a seat's energy now: of a final interval what settled, or what was corrected since. */
export function energyNow(state: Paired, seat: SeatState, start: UtcSeconds): KnownEnergy {
  const interval = state.intervals.get(start)
  if (interval?.status !== 'final') return provisionalEnergy(state, seat, start)
  const corrected = interval.official?.at(seat.slot) ?? null
  const signed = signedEnergy(state, seat, start)
  return corrected === null ? signed : { ...signed, ...corrected, quality: 'measured' }
}

/** The seat of the home's own agent, where this is a billing seat that has one. */
export function companionOf(state: Paired, seat: SeatState, start: UtcSeconds): SeatState | null {
  const pair = pairOf(state, seat, start)
  return pair?.settling === seat ? pair.companion : null
}

/** The billing seat that this one is the companion of. */
export function principalOf(state: Paired, seat: SeatState, start: UtcSeconds): SeatState | null {
  const pair = pairOf(state, seat, start)
  return pair?.companion === seat ? pair.settling : null
}

/** A home's two seats in an interval, where it has both. */
function pairOf(state: Paired, seat: SeatState, start: UtcSeconds): SeatPair<SeatState> | null {
  if (!settlesOnBilling(configAt(state, start))) return null
  const zone = openTerms(seat, start)?.zone ?? null
  if (zone === null) return null
  const numbers = state.seatsOfAccount.get(seat.chain.account) ?? []
  const own = numbers.map((number) => state.seats.get(number)!)
  return pairAmong(own, zone, start)
}

interface SeatPair<Seat> {
  settling: Seat
  companion: Seat
}

/**
 * Of one account's seats in an area of grade `billing` the one of a billing meter in this zone, and the one of another grade that the
 * grid operator confirmed there. Where there are more of either, nobody can say which belongs to which, and there is no pair.
 */
export function pairAmong<Seat extends Pick<SeatState, 'chain' | 'earlierTerms'>>(
  seats: readonly Seat[],
  zone: string,
  start: UtcSeconds,
): SeatPair<Seat> | null {
  const there = seats.flatMap((seat) => {
    const terms = openTerms(seat, start)
    return terms?.zone === zone ? [{ seat, isSettling: terms.grade === billing }] : []
  })
  const [settling, ...more] = there.filter(({ isSettling }) => isSettling)
  const [companion, ...others] = there.filter(({ isSettling }) => !isSettling)
  if (settling === undefined || companion === undefined || more.length + others.length > 0) return null
  return { settling: settling.seat, companion: companion.seat }
}

function openTerms(seat: Pick<SeatState, 'chain' | 'earlierTerms'>, start: UtcSeconds) {
  const terms = termsAt(seat, start)
  return terms === null || terms.closed ? null : terms
}
