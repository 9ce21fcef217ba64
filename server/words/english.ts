/** English. Sentences begin in lower case where others put something before them, and end without a full stop. */
import { BigNumber } from 'bignumber.js'
import { formatMoney, formatPrice } from '../../contracts/protocol/units.ts'
import type { SeatOutcomeCode } from '../market/area/codes.ts'
import type { Side } from '../market/auction.ts'
import type { Amounts, Measures } from './amounts.ts'
import type { SeatReason } from './details.ts'
import type { AgreementFacts, Language, OutcomeFacts, TradeFacts } from './language.ts'

/** Between a number and its unit: thin, and no line breaks there. */
const thin = '\u202f'

function amounts({ priceDecimals, currency }: Measures): Amounts {
  const space = currency === null ? ' ' : thin
  const cents = (ticks: number) => {
    const value = new BigNumber(formatPrice(ticks, priceDecimals)).shiftedBy(2)
    return value.toFixed(Math.max(1, value.decimalPlaces() ?? 1)).replace('-', '−')
  }
  return {
    price: (ticks) => (currency === null ? formatPrice(ticks, priceDecimals) : `${cents(ticks)}${thin}ct/kWh`),
    gap: (ticks) => (currency === null ? formatPrice(ticks, priceDecimals) : `${cents(ticks)}${thin}ct`),
    energy: (wh) => `${wh}${space}Wh`,
    money(units) {
      const tokens = formatMoney(BigInt(units), priceDecimals).replace('-', '−')
      return currency === null ? tokens : `${tokens}${thin}${currency === 'EUR' ? '€' : currency}`
    },
    time: (at) =>
      new Date(at * 1000)
        .toISOString()
        .replace('T', ' ')
        .replace(/(:00)?\.000Z$/, ' UTC'),
    length: (seconds) => lengthInWords(seconds, space),
    share: (hundredths) => `${new BigNumber(hundredths).shiftedBy(-2).toFixed()}${space}%`,
  }
}

/** "2 h 5 min", "7 days", with `space` before each unit. */
function lengthInWords(seconds: number, space: string): string {
  const parts = [
    [Math.floor(seconds / 86_400), 'day'],
    [Math.floor((seconds % 86_400) / 3_600), 'h'],
    [Math.floor((seconds % 3_600) / 60), 'min'],
    [seconds % 60, 's'],
  ] as const
  const told = parts.filter(([count]) => count > 0)
  if (told.length === 0) return `0${space}s`
  return told.map(([count, unit]) => `${count}${space}${unit === 'day' && count > 1 ? 'days' : unit}`).join(' ')
}

/** Why a seat could trade nothing, whoever's it is. */
const seatReasons: Readonly<Record<SeatReason, string>> = {
  'seat-closed': 'the seat was closed or had no mandate',
  suspended: 'the meter is suspended, since it signed two values for one boundary',
  'mandate-expired': 'the mandate had expired',
  'zone-unknown': 'the area has no such zone as the seat was placed in',
  'grade-not-settling': 'the meter is not of the grade on which the area settles',
  'no-reading': 'there was no reading of the meter',
  estimated: 'the reading of the meter was estimated, and only measured energy is traded',
  doubtful: 'the reading of the meter was doubtful, and only measured energy is traded',
  'before-base': 'the interval lies before the reading from which the seat is settled next',
}

function reasonOf(code: SeatOutcomeCode | null): string {
  return (code !== null && seatReasons[code as SeatReason]) || 'the seat could not trade'
}

const sells = ({ side }: { side: Side }) => side === 'sell'

function wholeAt({ offered, price }: OutcomeFacts): string {
  return `all of ${offered}${price === null ? '' : ` at ${price}`}`
}

function partAt({ filled, offered, price }: OutcomeFacts): string {
  return `${filled} of ${offered}${price === null ? '' : ` at ${price}`}`
}

function missedPrice(facts: OutcomeFacts): string {
  const { limit, gap, price, best } = facts
  const where = sells(facts) ? 'above' : 'below'
  if (price !== null && gap !== null) return `your price of ${limit} was ${gap} ${where} the clearing price of ${price}`
  if (best !== null && gap !== null) {
    return `your price of ${limit} was ${gap} ${where} the best price in reach, which was ${best} after fees`
  }
  return sells(facts) ? `nobody in reach paid as much as ${limit}` : `nobody in reach sold at ${limit}`
}

function partySide(party: Side) {
  return (facts: OutcomeFacts) => {
    const whose = facts.side === party ? 'on your own side' : `on the ${party === 'sell' ? 'seller' : 'buyer'}’s side`
    return `nothing of ${facts.offered}: ${whose} ${reasonOf(facts.because)}`
  }
}

const ofSeat = (reason: SeatReason) => () => seatReasons[reason]

const outcomes: Language['outcomes'] = {
  filled: wholeAt,
  'partly-filled-at-margin': (facts) =>
    `${partAt(facts)}: your price is the ${facts.price === null ? 'best price in reach' : 'clearing price'} and was shared with others at it`,
  'not-filled-at-margin': ({ limit, offered, price }) =>
    `nothing of ${offered}: your price of ${limit} is the ${price === null ? 'best price in reach' : 'clearing price'}, and others at it took what there was`,
  'price-too-high': missedPrice,
  'price-too-low': missedPrice,
  'link-full': (facts) =>
    `${partAt(facts)}: the line of ${facts.zone} was full${facts.best === null ? '' : `; beyond it ${facts.best} after fees would have suited your price of ${facts.limit}`}`,
  'no-counterparty': (facts) => `nobody in reach was ${sells(facts) ? 'buying' : 'selling'}`,
  'escrow-low': ({ filled, price, covered }) =>
    `${filled}${price === null ? '' : ` at ${price}`}: the money in the escrow reached for ${covered} only`,
  'seat-closed': ofSeat('seat-closed'),
  suspended: ofSeat('suspended'),
  'mandate-expired': ofSeat('mandate-expired'),
  'zone-unknown': ofSeat('zone-unknown'),
  'grade-not-settling': ofSeat('grade-not-settling'),
  'no-reading': ofSeat('no-reading'),
  estimated: ofSeat('estimated'),
  doubtful: ofSeat('doubtful'),
  'meter-not-confirmed': () => 'the grid operator has not confirmed the meter',
  'nothing-to-sell': () => 'nothing was fed in',
  'nothing-to-buy': () => 'nothing was needed from outside',
  'used-at-home': (facts) =>
    sells(facts)
      ? 'what was fed in was needed at home within the same interval'
      : 'what was drawn was covered by the own roof within the same interval',
  'mandate-zero': (facts) => `the mandate leaves no energy to ${sells(facts) ? 'sell' : 'buy'}`,
  'traded-before': () => 'all of it had been agreed before',
  honoured: (facts) => `${wholeAt(facts)}, as agreed`,
  'less-delivered': (facts) => `${partAt(facts)}: less was left over than had been agreed`,
  'less-taken': (facts) => `${partAt(facts)}: less was needed than had been agreed`,
  'seller-side': partySide('sell'),
  'buyer-side': partySide('buy'),
  'outside-mandate': ({ offered, limit }) =>
    `nothing of ${offered}: ${limit} lay outside one of the two mandates by then, fees included`,
  'link-taken': (facts) => `${partAt(facts)}: the lines on the way were full`,
  'left-out': () => 'the account could not pay for the batch, so nothing of it counts',
  'before-base': ofSeat('before-base'),
  'zone-changed': ({ offered }) => `nothing of ${offered}: the two are in different zones by now`,
  'partner-left-out': (facts) =>
    `${partAt(facts)}: somebody who traded in this interval could not pay and was left out`,
  allocated: (facts) =>
    `${facts.filled}${facts.price === null ? '' : ` at ${facts.price}`}: ${decidedBy(facts)} of the ${facts.together} that were shared; the meter measured ${facts.metered}`,
  'above-metered': (facts) => `${partAt(facts)}: the meter measured no more, and the rest stays with the supplier`,
  'above-mandate': (facts) => `${partAt(facts)}: mandate or order allow no more, and the rest stays with the supplier`,
  'partner-short': (facts) =>
    `${partAt(facts)}: those on the other side could ${sells(facts) ? 'take' : 'give'} no more of it`,
  'price-outside-mandate': (facts) =>
    `${partAt(facts)}: the price${facts.best === null ? '' : ` of ${facts.best}`}${sells(facts) ? '' : ' and the grid fee'} lay ${sells(facts) ? 'below' : 'above'} the limit of ${facts.limit}`,
  'no-price': ({ offered }) => `nothing of ${offered}: there is no price for this interval, or not yet`,
  'not-declared': () => 'the grid operator has not said yet what it allocated in this interval',
  'budget-reached': ({ filled, price, covered, budget, budgetLeft }) =>
    price === null
      ? `the daily budget of ${budget} is reached, with ${budgetLeft} left`
      : `${filled} at ${price}: the daily budget of ${budget} had ${budgetLeft} left, enough for ${covered} only`,
  'declared-later': (facts) =>
    `${partAt(facts)}: the grid operator changed its allocation after the batch was cut, so nothing moves any more`,
}

/** Who decided how much it is. */
function decidedBy({ stage }: OutcomeFacts): string {
  return stage === 'imported' ? 'what the grid operator allocated' : 'the part that the key gives'
}

const places = {
  spot: { sell: 'Selling', buy: 'Buying' },
  forward: { sell: 'Sold ahead', buy: 'Bought ahead' },
  agreements: { sell: 'Agreed sale', buy: 'Agreed purchase' },
  imported: { sell: 'Shared', buy: 'From the community' },
  coefficients: { sell: 'Shared', buy: 'From the community' },
} as const

const orders: Language['orders'] = {
  ORDER_NO_SEAT: () => 'the account has no seat with this meter in the area',
  ORDER_RULES: () => 'the order names other rules than the area’s: read the area again',
  ORDER_SIDE: ({ side }) => `side ${side} is neither 0 (buy) nor 1 (sell)`,
  ORDER_MARKET: ({ market }) => `market ${market} is neither 0 (spot) nor 1 (forward)`,
  ORDER_TIME_IN_FORCE: ({ timeInForce }) =>
    `time in force ${timeInForce} is not one that this order may have: 0 for a spot order; 0, 1 or 2 for a forward order`,
  ORDER_ENERGY: () => 'the energy must be more than 0\u202fWh',
  ORDER_TIME: ({ interval }) =>
    `start and end must be boundaries of intervals of ${interval}, the end after the start; a forward order is for exactly one interval`,
  ORDER_EXPIRED: ({ end }) => `no interval is left before ${end} for which the order could count`,
  ORDER_HORIZON: ({ end }) => `${end} is too far ahead`,
  ORDER_DUPLICATE: () => 'this order has been accepted before',
  ORDER_NONCE: ({ nonce, last }) => `nonce ${nonce} is used up: choose one above ${last}`,
  ORDER_NONCE_STEP: ({ nonce, highest }) =>
    `nonce ${nonce} is too far ahead: the highest that is taken now is ${highest}`,
  ORDER_SEAT_CLOSED: () => 'the seat is closed, or its meter is suspended',
  ORDER_ABOVE_MANDATE_ENERGY: ({ asked, most }) => `${asked} are more than the ${most} that the mandate leaves`,
  ORDER_ABOVE_CEILING: ({ limit, ceiling }) => `${limit} is above the mandate’s ceiling of ${ceiling}`,
  ORDER_BELOW_FLOOR: ({ limit, floor }) => `${limit} is below the mandate’s floor of ${floor}`,
  ORDER_AFTER_MANDATE: ({ end, latest }) => `the order ends at ${end}, after the mandate does at ${latest}`,
  ORDER_LIMIT: ({ most }) => `there are ${most} open orders already, as many as there may be: cancel one`,
  ORDER_RATE: ({ most }) =>
    `too many orders in a short time: a seat may place ${most} at once, and one a second on average`,
  ORDER_UNKNOWN: () => 'there is no such open order',
  ORDER_FOREIGN: () => 'only the order’s account, or the session key that signed it, may cancel it',
  ORDER_GATE_CLOSED: ({ start }) => `the gate of the interval that starts at ${start} has closed`,
  ORDER_FUNDS: ({ cost, free }) => `the order may cost ${cost}, and ${free} are free in the escrow: deposit first`,
  ORDER_UNCONFIRMED: () => 'the grid operator has not confirmed the meter, and no money stands behind the order',
  ORDER_OUTSIDE_WINDOW: ({ limit, lowest, highest }) =>
    `${limit} lies outside the prices of this area, ${lowest} to ${highest}`,
  SESSION_KEY_RULES: () => 'the account granted the session key another area',
  SESSION_KEY_SIDE: ({ side }) => `the account did not let the session key sign orders to ${side}`,
  SESSION_KEY_PRICE: ({ limit, lowest, highest }) =>
    `${limit} lies outside what the account let the session key sign, ${lowest} to ${highest}`,
  SESSION_KEY_EXPIRED: ({ from, until }) =>
    `the session key signs ${from === null ? '' : `from ${from} `}until ${until} only: sign a new one with the account`,
  SESSION_KEY_REVOKED: ({ from }) => `the account has taken the session key back from ${from} on`,
  SESSION_KEY_HORIZON: ({ until }) => `the session key is granted until ${until}, which is too far ahead`,
  AGREEMENT_NO_SEAT: ({ side }) => `the ${partyOf(side)} has no open seat with this meter in the area`,
  AGREEMENT_RULES: () => 'the agreement names other rules than the area’s: read the area again',
  AGREEMENT_KIND: ({ kind }) => `kind ${kind} is neither 0 (a fixed energy) nor 1 (a share) nor 2 (all)`,
  AGREEMENT_AMOUNT: ({ kind, amount }) =>
    kind === 'fixed'
      ? `a fixed energy must be more than 0\u202fWh, not ${amount}`
      : kind === 'share'
        ? `a share lies between 1 and 10000 hundredths of a percent, not at ${amount}`
        : `the amount must be 0 where all of the surplus is agreed, not ${amount}`,
  AGREEMENT_TIME: ({ interval, next }) =>
    `start and end must be boundaries of intervals of ${interval}, the end after ${next} and after the start, and not more than a year ahead`,
  AGREEMENT_SELF: () => 'a seat cannot agree with itself',
  AGREEMENT_PRICE: ({ price, lowest, highest }) =>
    `${price} lies outside the prices of this area, ${lowest} to ${highest}`,
  AGREEMENT_MANDATE: ({ side }) => `price or end lies outside the ${partyOf(side)}’s mandate`,
  AGREEMENT_DUPLICATE: () => 'this agreement has been accepted before',
  AGREEMENT_NONCE: ({ nonce, last, highest }) =>
    `nonce ${nonce} does not lie above ${last}, the seller’s last one, and up to ${highest}`,
  AGREEMENT_LIMIT: ({ most }) => `one of the two seats would have more than ${most} agreements`,
  AGREEMENT_UNCONFIRMED: ({ side }) => `the grid operator has not confirmed the ${partyOf(side)}’s meter`,
  AGREEMENT_GROUP: () => 'agreements of one group have one seller, one nonce, and each a buyer of its own',
  AGREEMENT_UNKNOWN: () => 'there is no such agreement that has not ended',
  AGREEMENT_FOREIGN: () => 'only one of the two accounts may give notice',
  AGREEMENT_NOTICE: ({ notice, earliest, end }) =>
    `with a notice of ${notice} it can end at a boundary of an interval from ${earliest} on and before ${end}`,
  BATCH_UNKNOWN: ({ end, number }) => `no batch to ${end} with number ${number} can be cut anew`,
  ORDER_ALLOCATION: ({ allocation }) =>
    `there are no agreements and no forward trades in an area of allocation ${allocation}: the grid operator allocates (1), or a key shares (2)`,
  DECLARATION_KIND: ({ kind }) => `kind ${kind} is not what this area goes by, or not what the content is`,
  DECLARATION_INTERVALS: ({ start, end }) =>
    `from ${start} to ${end} must be whole intervals, each once and in their order`,
  DECLARATION_TIME: ({ start, earliest, latest }) =>
    `what begins at ${start} cannot be declared any more or not yet: the earliest is ${earliest}, the latest ${latest}`,
  DECLARATION_AHEAD: ({ version, most }) =>
    `version ${version} is above ${most}: a version is no higher than the seconds since 1970 are a day from now`,
  DECLARATION_VERSION: ({ version, known }) => `version ${version} is not above ${known}, which is known already`,
  DECLARATION_SEAT: ({ seat }) =>
    `seat ${seat} is not known, listed twice or out of order, or has more energy than a seat can`,
  DECLARATION_UNBALANCED: ({ start, allocated, shared }) =>
    `in the interval of ${start} ${allocated} were allocated and ${shared} shared: both must be the same`,
  DECLARATION_KEY: ({ from, round }) =>
    `${round === 0 ? 'the rounds' : `round ${round}`} from ${from}: there must be one, with a value for each consumer and no more than 100\u202f% altogether`,
  DECLARATION_SIZE: ({ most }) => `a declaration holds at most ${most} values: divide it`,
}

function partyOf(side: Side): string {
  return side === 'sell' ? 'seller' : 'buyer'
}

const readings: Language['readings'] = {
  READING_UNKNOWN_METER: () => 'the chain shows no seat with this meter yet',
  READING_SUSPENDED: () => 'the meter signed two values for one boundary and is suspended until it is confirmed anew',
  READING_MISALIGNED: ({ interval }) => `a reading is taken at a boundary of intervals of ${interval}`,
  READING_FUTURE: ({ time }) => `${time} has not come by the server’s clock`,
  READING_EPOCH_UNKNOWN: ({ epoch, running }) => `epoch ${epoch} has not begun on chain, where epoch ${running} runs`,
  READING_EPOCH_ENDED: ({ epoch, running }) => `epoch ${epoch} has ended, and epoch ${running} runs`,
  READING_ARCHIVED: ({ time, until }) =>
    `${time} lies in a month that is archived: only later ones than ${until} are taken`,
  READING_BEFORE_SEAT: ({ time, until }) =>
    `${time} lies too long before the meter’s seat opened: only later ones than ${until} are taken`,
  READING_BEFORE_EPOCH: ({ time, start }) => `${time} is not after ${start}, where the epoch began`,
  READING_EQUIVOCATION: ({ time }) =>
    `another value was signed for ${time}: the first one stands, and the meter is suspended`,
  READING_FALLING: ({ later, earlier }) => `a register is lower at ${later} than at ${earlier}`,
  READING_IMPLAUSIBLE: ({ direction, energy, intervals }) =>
    `${energy} ${direction === 'sell' ? 'exported' : 'imported'} in ${intervals} ${intervals === 1 ? 'interval' : 'intervals'} are more than the connection can carry`,
  READING_KEY: () => 'another of the meter’s keys signs at this boundary',
}

function trade(facts: TradeFacts): string {
  const { side, energy, delivered, missed, status } = facts
  switch (status) {
    case 'agreed':
      return 'Agreed. It counts before anything is traded in the interval itself.'
    case 'kept':
      return side === 'sell' ? 'Delivered as agreed.' : 'Received as agreed.'
    case 'void':
      return `Fell through: ${shortfallOf(facts)}. Nothing was charged.`
    default:
      return `Only ${delivered} of ${energy}: ${shortfallOf(facts)}. The other ${missed} were not charged.`
  }
}

function shortfallOf({ side, code, because }: TradeFacts): string {
  switch (code) {
    case 'less-delivered':
      return 'less was left over than had been agreed'
    case 'less-taken':
      return 'less was needed than had been agreed'
    case 'seller-side':
      return `${side === 'sell' ? 'on your own side' : 'on the seller’s side'} ${reasonOf(because)}`
    case 'buyer-side':
      return `${side === 'buy' ? 'on your own side' : 'on the buyer’s side'} ${reasonOf(because)}`
    case 'outside-mandate':
      return 'the price lay outside one of the two mandates by then'
    case 'zone-changed':
      return 'the two were in different zones by then'
    case 'left-out':
      return 'the account could not pay for the batch'
    default:
      return 'the partner could not pay and was left out'
  }
}

function agreement({ kind, energy, share, price }: AgreementFacts): string {
  const what =
    kind === 'fixed' ? `${energy} an interval` : kind === 'share' ? `${share} of the surplus` : 'all of the surplus'
  return `${what} at ${price}`
}

export const english: Language = {
  amounts,
  outcomes,
  outcomeOf: (stage, side) => places[stage][side],
  orders,
  readings,
  orderStatuses: {
    active: 'the order counts only for intervals that have started: nothing of it is left to cancel',
    filled: 'the order has been traded wholly',
    replaced: 'the order was replaced by a newer one',
    cancelled: 'the order was cancelled',
    expired: 'the order has expired',
    revoked: 'the order ended when its session key was taken back',
  },
  cancelReasons: {
    requested: 'the order was cancelled',
    'self-trade': 'the order was taken out when it met another one of the same account',
    'immediate-or-cancel': 'there was no more to be had at once, and what was left of the order was taken out',
    'fill-or-kill': 'the order could not be filled wholly at once',
    'gate-closed': 'the interval started, and what was left of the order was taken out',
    'seat-closed': 'the seat was closed, and what was left of the order was taken out',
    'session-revoked': 'the order ended when its session key was taken back',
    'money-asked-back': 'its money was asked back, and what was left of the order was taken out',
  },
  watcherReasons: {
    other: 'the batch is wrong',
    incomplete: 'the batch cannot be computed from what the server gives',
    times: 'the batch is of another time',
    statement: 'the trades or the statement are not those that were computed',
    band: 'the band of prices is another one',
    'grid-take': 'the grid operator gets another amount',
    entries: 'an entry is missing or says something else',
    'moved-without-trade': 'a seat that traded would lose what it is owed',
    header: 'what is to be signed is not what is shown',
    unsigned: 'something is not signed by whom it must be',
    stated: 'what the server states cannot have been',
    'passed-over': 'a seat was kept from trading for too many batches in a row',
    'signed-another': 'another header of the same batch has been signed already',
  },
  trade,
  agreement,
}
