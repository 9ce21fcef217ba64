/** Why an order got what it got, in the words of the page. */
import type { OutcomeResource } from '../../server/api/resources.ts'
import { cents, difference, energy, withoutSign } from '../money/format.ts'

/** One sentence for an outcome. Codes that the page has no better words for keep the server's message. */
export function outcomeWords(outcome: OutcomeResource): string {
  const { code, side, offeredWh, filledWh, limitPerKwh, pricePerKwh } = outcome
  const served = `${filledWh} of ${energy(offeredWh)}`
  const sells = side === 'sell'
  switch (code) {
    case 'filled':
      return sells ? 'All your surplus found a neighbour.' : 'All your demand came from neighbours.'
    case 'partly-filled-at-margin':
      return `Your price was the clearing price, shared with others: ${served}.`
    case 'not-filled-at-margin':
      return 'Your price was the clearing price, and others at it had used up what there was.'
    case 'price-too-high':
    case 'price-too-low': {
      if (pricePerKwh === null)
        return sells ? 'Nobody in reach paid as much as your price.' : 'Nobody in reach sold at your price.'
      const gap = `${cents(withoutSign(difference(limitPerKwh, pricePerKwh)))}\u202fct`
      return `Your price was ${gap} ${sells ? 'above' : 'below'} the clearing price.`
    }
    case 'link-full':
      return `The line between the zones was full: ${served}.`
    case 'no-counterparty':
      return sells ? 'Nobody in reach was buying.' : 'Nobody in reach was selling.'
    case 'escrow-low':
      return `The money in the escrow reached for ${energy(offeredWh)} only.`
    case 'nothing-to-sell':
      return 'Nothing was left over to sell.'
    case 'nothing-to-buy':
      return 'Nothing was needed from outside.'
    case 'forward-delivered':
      return sells ? 'Agreed ahead, and delivered.' : 'Agreed ahead, and received.'
    case 'forward-short':
      return `Agreed ahead, but only ${served} came about; the rest was not charged.`
    case 'forward-void':
      return `${energy(offeredWh)} were agreed ahead and fell through; nothing was charged.`
    case 'traded-forward':
      return 'All of it was agreed ahead.'
    default:
      return sentence(outcome.message)
  }
}

/** The outcomes worth telling: a side with nothing to trade is left out while the other one has something to say. */
export function tellingOutcomes(outcomes: readonly OutcomeResource[]): OutcomeResource[] {
  const idle = (outcome: OutcomeResource) => outcome.code === 'nothing-to-sell' || outcome.code === 'nothing-to-buy'
  const telling = outcomes.filter((outcome) => !idle(outcome))
  return telling.length > 0 ? telling : outcomes.slice(0, 1)
}

/** A message of the server as a sentence: capital at the start, full stop at the end. */
function sentence(message: string): string {
  const text = message.charAt(0).toUpperCase() + message.slice(1)
  return /[.!?]$/.test(text) ? text : `${text}.`
}
