/** The balance of a purse and its parts: what was put in, earned and spent, and what is held back. */
import type { SeatResource, SummaryResource } from '../../server/api/resources.ts'
import { difference, exceeds, type MoneyScale, readAmount, signOf, sum } from '../money/format.ts'

/**
 * The parts, as exact decimal strings of tokens. Both `putIn` + `earned` − `spent` and `asked` + `heldBack` + `available` are
 * the balance.
 */
export interface PurseParts {
  balance: string
  /** What was put in, less what was taken out. */
  putIn: string
  /** Payments received from neighbours. */
  earned: string
  /** Payments made to neighbours. */
  spent: string
  /** What was asked for and is not collected yet. */
  asked: string
  /** What is held back for energy that is being traded, or was traded and is not paid yet. */
  heldBack: string
  available: string
}

/** The parts of a purse; `paid` sums all payments so far. */
export function partsOfPurse(
  { balance, available, withdrawal }: Pick<SeatResource, 'balance' | 'available' | 'withdrawal'>,
  paid: Pick<SummaryResource, 'received' | 'paid'>,
): PurseParts {
  const wanted = withdrawal?.amount ?? '0'
  const rest = difference(balance, available)
  // A person may ask for more than there is, so the request counts only up to the part that is not available.
  const asked = exceeds(wanted, rest) ? rest : wanted
  return {
    ...{ balance, available, asked },
    putIn: sum([balance, paid.paid, `-${paid.received}`]),
    earned: paid.received,
    spent: paid.paid,
    heldBack: difference(rest, asked),
  }
}

/**
 * The parts as they are shown, without the digits that the scale leaves out, so that they add up to the shown balance. What is
 * available is never shown as more than it is; what was put in and what is available are shown as they are, and the others take
 * the difference.
 */
export function shownParts(parts: PurseParts, { whole }: Pick<MoneyScale, 'whole'>): PurseParts {
  const [balance, available] = [whole(parts.balance), whole(parts.available)]
  const bound = difference(balance, available)
  const asked = signOf(parts.heldBack) === 0 ? bound : lesser(whole(parts.asked), bound)
  const isStill = signOf(parts.earned) === 0 && signOf(parts.spent) === 0
  const putIn = isStill ? balance : whole(parts.putIn)
  const gained = difference(balance, putIn)
  const earned = signOf(parts.spent) === 0 ? gained : greater(whole(parts.earned), gained)
  return {
    balance,
    available,
    asked,
    heldBack: difference(bound, asked),
    putIn,
    earned,
    spent: difference(earned, gained),
  }
}

const lesser = (a: string, b: string) => (exceeds(a, b) ? b : a)
const greater = (a: string, b: string) => (exceeds(a, b) ? a : b)

/**
 * The most that can be asked for: the whole purse. What is held back comes and goes with every interval; before the delay is over
 * it has been paid or is free again, and what is collected is the smaller of what was asked for and what is left.
 */
export function mostToAsk({ balance }: Pick<SeatResource, 'balance'>): string {
  return balance
}

/** What has not been asked for: the money to buy with, whether or not an order holds it back just now. */
export function toBuyWith({ balance, withdrawal }: Pick<SeatResource, 'balance' | 'withdrawal'>): string {
  return greater(difference(balance, withdrawal?.amount ?? '0'), '0')
}

/** Whether something that is held back would have to be paid out as well. */
export function takesHeldBack(
  seat: Pick<SeatResource, 'balance' | 'available' | 'withdrawal'>,
  amount: string,
): boolean {
  return exceeds(amount, sum([seat.available, partsOfPurse(seat, { received: '0', paid: '0' }).asked]))
}

export type AmountFault = 'form' | 'tooMuch'

/** Reads an amount that somebody typed: the exact amount, or what is wrong with it. An empty field is not a fault. */
export function checkAmount(
  text: string,
  { decimals, most }: { decimals: number; most: string | undefined },
): { amount: string; fault: null } | { amount: null; fault: AmountFault | null } {
  if (text.trim() === '') return { amount: null, fault: null }
  const amount = readAmount(text, decimals)
  if (amount === null) return { amount, fault: 'form' }
  if (most !== undefined && exceeds(amount, most)) return { amount: null, fault: 'tooMuch' }
  return { amount, fault: null }
}

/** Whether asking for this amount leaves a home that buys without money to buy with. */
export function endsBuying(seat: SeatResource, amount: string): boolean {
  return seat.mandate.maxBuyWh > 0 && !exceeds(seat.balance, amount)
}
