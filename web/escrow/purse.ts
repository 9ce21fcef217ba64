/** What a purse holds and why: what was put in, earned and spent, and what of it is held back. */
import type { SeatResource, SummaryResource } from '../../server/api/resources.ts'
import { difference, exceeds, readAmount, signOf, sum } from '../money/format.ts'

/** Exact decimal strings of tokens. `putIn` + `earned` − `spent` and `asked` + `heldBack` + `available` are both the balance. */
export interface PurseParts {
  balance: string
  /** Put in, less what was taken out. */
  putIn: string
  /** From neighbours, paid. */
  earned: string
  /** To neighbours, paid. */
  spent: string
  /** Asked for and not collected yet. */
  asked: string
  /** For what is being traded, or was and is not paid yet. */
  heldBack: string
  available: string
}

/** `paid` sums all that is paid by now. */
export function partsOfPurse(
  { balance, available, withdrawal }: Pick<SeatResource, 'balance' | 'available' | 'withdrawal'>,
  paid: Pick<SummaryResource, 'received' | 'paid'>,
): PurseParts {
  const wanted = withdrawal?.amount ?? '0'
  const rest = difference(balance, available)
  // More may be asked for than there is: what is asked for binds no more than the rest.
  const asked = exceeds(wanted, rest) ? rest : wanted
  return {
    ...{ balance, available, asked },
    putIn: sum([balance, paid.paid, `-${paid.received}`]),
    earned: paid.received,
    spent: paid.paid,
    heldBack: difference(rest, asked),
  }
}

/** The most that can be asked for: what is available, and what was asked for before, which a new request replaces. */
export function mostToAsk({
  balance,
  available,
  withdrawal,
}: Pick<SeatResource, 'balance' | 'available' | 'withdrawal'>) {
  return sum([available, partsOfPurse({ balance, available, withdrawal }, { received: '0', paid: '0' }).asked])
}

export type AmountFault = 'form' | 'tooMuch'

/** Reads an amount that somebody typed: exact, or what is wrong with it. Nothing typed is nothing wrong. */
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

/** Whether asking for so much leaves a home that buys with nothing to buy with. */
export function endsBuying(seat: SeatResource, amount: string): boolean {
  return seat.mandate.maxBuyWh > 0 && signOf(difference(mostToAsk(seat), amount)) <= 0
}
