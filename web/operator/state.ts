/** The state of the market for its operator, as one light and sentences, from what the server reports about itself. */
import type { OperationResource } from '../../server/api/operation-resources.ts'
import { duration, localMoment } from '../time/clock.ts'
import { operatorWords } from './words.ts'

export interface OperatorState {
  light: 'good' | 'warn' | 'bad'
  /** The reasons, the worst first; `detail` is the server's own text, in English. */
  reasons: { key: string; sentence: string; detail: string | null }[]
}

type Reported = OperationResource['troubles'][number]
/** The codes of troubles about which the server's own text says more than the code does. */
const saysMore: readonly Reported['code'][] = ['area-not-ready', 'chain-trouble', 'watchers-late', 'behind-chain']
/** The troubles that pass by themselves, or that somebody else has to solve. */
const isLesser: readonly Reported['code'][] = ['watchers-late', 'chain-old']

export function operatorState({
  heldUp,
  troubles,
  offices,
}: Pick<OperationResource, 'heldUp' | 'troubles' | 'offices'>): OperatorState {
  const said = operatorWords()
  const held =
    heldUp === null
      ? []
      : [
          {
            key: 'held-up',
            sentence: `${said.heldUp(localMoment(heldUp.since))} ${said.heldUpBecause[heldUp.code] ?? ''}`.trim(),
            detail: heldUp.sentence,
          },
        ]
  const told = troubles.map(({ code, seconds, address, sentence }) => ({
    key: `${code} ${address ?? ''}`,
    sentence: said.troubles[code](duration(seconds ?? 0), address ?? ''),
    detail: saysMore.includes(code) ? sentence : null,
    isLesser: isLesser.includes(code),
  }))
  const offers = [
    ...(offices.operatorOffer === null
      ? []
      : [{ key: 'offer', sentence: said.offered(localMoment(offices.operatorOffer.from)), detail: null }]),
  ]
  const worst = told.filter((each) => !each.isLesser)
  const lesser = told.filter((each) => each.isLesser)
  return {
    light: held.length + worst.length > 0 ? 'bad' : lesser.length + offers.length > 0 ? 'warn' : 'good',
    reasons: [...held, ...worst, ...lesser, ...offers].map(({ key, sentence, detail }) => ({ key, sentence, detail })),
  }
}

/** How many payments a key can still settle, if each takes this much gas; null where gas is free or no payment was settled yet. */
export function paymentsLeft(gasLeft: string | null, gasOfPayment: number | null): bigint | null {
  if (gasLeft === null || gasOfPayment === null || gasOfPayment === 0) return null
  return BigInt(gasLeft) / BigInt(gasOfPayment)
}
