/** Checks everything signed in an area's file: readings, orders, agreements, keys taken back, contradictions of meters. */
import { keyAt } from '../../../contracts/protocol/meter-keys.ts'
import { type Address, type Hex, hashRules, type Reading } from '../../../contracts/protocol/typed-data.ts'
import type { ChainSeat } from '../../market/area/area.ts'
import { contentOf, kindOfDeclared } from '../../market/area/declarations.ts'
import { mistakeInDeclaration } from '../../market/engine/declarations.ts'
import type { AreaFile } from '../area-file.ts'
import type { StatedReading } from '../signed-forms.ts'
import {
  agreementId,
  budgetId,
  declarationId,
  isForeignDeclaration,
  orderId,
  type WalletWords,
  wrongSignerOfAgreement,
  wrongSignerOfBudget,
  wrongSignerOfOrder,
  wrongSignerOfRevocation,
} from '../signers.ts'
import { type SettledArea, timeOf } from './settled.ts'
import type { SignerOfReading } from './verifying.ts'

/** A file and what its checks look up. */
export interface Evidence {
  file: AreaFile
  chain: SettledArea
  words: WalletWords
  signerOf: SignerOfReading
  rulesHash: Hex
  seats: ReadonlyMap<number, ChainSeat>
  /** Digests of spot orders, of orders that traded ahead and of agreements, by arrival. */
  ids: ReadonlyMap<number, Hex>
}

export function evidenceOf(
  file: AreaFile,
  chain: SettledArea,
  words: WalletWords,
  signerOf: SignerOfReading,
): Evidence {
  const ids = new Map<number, Hex>()
  for (const signed of [...file.orders, ...file.forwardOrders]) ids.set(signed.arrival, orderId(file, signed))
  for (const signed of file.agreements) ids.set(signed.arrival, agreementId(file, signed))
  for (const signed of file.budgets) ids.set(signed.arrival, budgetId(file, signed))
  const rulesHash = hashRules(chain.rules)
  for (const signed of file.declarations) ids.set(signed.arrival, declarationId(file, signed, rulesHash))
  const seats = new Map(chain.seats.map((seat) => [seat.seat, seat]))
  return { file, chain, words, signerOf, rulesHash, seats, ids }
}

/** The first thing that is not signed by whom it must be, or does not stand where it must. */
export function wrongSignature(evidence: Evidence): string | null {
  return (
    wrongReading(evidence) ??
    wrongArrival(evidence) ??
    wrongOrder(evidence) ??
    wrongAgreement(evidence) ??
    wrongDeclaration(evidence) ??
    wrongBudget(evidence) ??
    wrongRevocation(evidence) ??
    wrongSuspension(evidence)
  )
}

function wrongReading({ file, chain, seats, signerOf }: Evidence): string | null {
  if (!isAscending(file.seats.map(({ seat }) => seat))) return 'the seats are not in order, each once'
  const { intervalSeconds } = chain.rules
  for (const { seat: number, readings } of file.seats) {
    const seat = seats.get(number)
    if (seat === undefined) return `the area has no seat ${number}`
    let before: [epoch: number, time: number] = [0, 0]
    for (const [epoch, time, importWh, exportWh, quality, signature] of readings) {
      const name = `the reading of ${timeOf(time)} of seat ${number}`
      if (time < file.start || time > file.end || time % intervalSeconds !== 0)
        return `${name} is of no boundary of the batch`
      if (epoch < before[0] || (epoch === before[0] && time <= before[1])) return `${name} is not in its place`
      before = [epoch, time]
      const reading = { meter: seat.meter, epoch, time, importWh, exportWh, quality }
      if (signerOf(file, reading, signature) !== keyAt(seat.meter, seat.keys, time))
        return `${name} is not signed by its meter`
    }
  }
  return null
}

/** Checks arrivals: everything signed that arrives in an area is numbered in one common order. */
function wrongArrival({ file }: Evidence): string | null {
  const signed = [file.orders, file.forwardOrders, file.agreements, file.declarations, file.budgets]
  const lists = signed.map((list) => list.map(({ arrival }) => arrival))
  if (!lists.every(isAscending))
    return 'orders, agreements, declarations or budgets are not in the order of their arrival, each once'
  const all = lists.flat()
  return new Set(all).size === all.length
    ? null
    : 'two orders, agreements, declarations or budgets have one place in the order of arrival'
}

function wrongOrder(evidence: Evidence): string | null {
  const { file, chain, ids, seats, words, rulesHash } = evidence
  const { intervalSeconds } = chain.rules
  const all = [...file.orders, ...file.forwardOrders]
  for (const signed of all) {
    const { arrival, order } = signed
    const name = `order ${ids.get(arrival)}`
    if (order.rules !== rulesHash) return `${name} names other rules than the area's`
    const seat = seats.get(signed.seat)
    if (seat?.account !== order.account || seat.meter !== order.meter) return `${name} is not of seat ${signed.seat}`
    const missing = wrongSignerOfOrder(file, signed, words)
    if (missing !== null) return `${name} is not signed by ${missing}`
  }
  const names = new Set(all.map(({ arrival }) => ids.get(arrival)))
  if (names.size !== all.length) return 'an order is listed twice'
  for (const { arrival, order, session, activeFrom, activeUntil } of file.orders) {
    const name = `order ${ids.get(arrival)}`
    if (order.market !== 0) return `${name} was not signed for the auction`
    if (!isWithin(file, { activeFrom, activeUntil })) return `${name} counts in no interval of the batch`
    if (activeFrom < order.start || activeUntil > order.end) return `${name} counts outside its signed time`
    if (session === null) continue
    const until = session.validUntil - (session.validUntil % intervalSeconds)
    if (activeFrom <= session.validFrom || activeUntil > until)
      return `${name} counts outside the time of its session key`
  }
  return null
}

function isWithin({ start, end }: AreaFile, active: { activeFrom: number; activeUntil: number }): boolean {
  return start <= active.activeFrom && active.activeFrom < active.activeUntil && active.activeUntil <= end
}

/** Checks agreements: those of one group were signed by one seller under one nonce, and a seller's groups have different nonces. */
function wrongAgreement({ file, ids, seats, words, rulesHash }: Evidence): string | null {
  const groups = new Map<number, string>()
  const signers = new Map<string, number>()
  for (const signed of file.agreements) {
    const { arrival, group, agreement, sellerSeat, buyerSeat } = signed
    const name = `agreement ${ids.get(arrival)}`
    if (agreement.rules !== rulesHash) return `${name} names other rules than the area's`
    for (const [number, account, meter] of [
      [sellerSeat, agreement.seller, agreement.sellerMeter],
      [buyerSeat, agreement.buyer, agreement.buyerMeter],
    ] as const) {
      const seat = seats.get(number)
      if (seat?.account !== account || seat.meter !== meter) return `${name} is not of seat ${number}`
    }
    const missing = wrongSignerOfAgreement(file, signed, words)
    if (missing !== null) return `${name} is not signed by ${missing}`
    if (!isWithin(file, signed)) return `${name} covers no interval of the batch`
    if (signed.activeFrom < agreement.start || signed.activeUntil > agreement.end) {
      return `${name} counts outside its signed time`
    }
    const signer = `${agreement.seller} ${agreement.sellerMeter} ${agreement.nonce}`
    if (group > arrival || (groups.get(group) ?? signer) !== signer || (signers.get(signer) ?? group) !== group) {
      return `${name} is in a group with which it was not signed`
    }
    groups.set(group, signer)
    signers.set(signer, group)
  }
  const names = new Set(file.agreements.map(({ arrival }) => ids.get(arrival)))
  return names.size === file.agreements.length ? null : 'an agreement is listed twice'
}

/** Checks that the grid operator signed each declaration, that it is about intervals of the batch, and that the area goes by such. */
function wrongDeclaration({ file, chain, ids, words, rulesHash }: Evidence): string | null {
  const { allocation } = chain.rules
  const { start, end, declarations, settings } = file
  if (settings.some(({ sharing }) => (sharing === null) !== (allocation === 0))) {
    return 'how shared energy is priced is stated where it is not shared, or is not stated'
  }
  for (const signed of declarations) {
    const { declaration, body } = signed
    const name = `declaration ${ids.get(signed.arrival)}`
    if (allocation === 0) return `${name} is of an area whose market decides`
    const by = { rules: rulesHash, grids: chain.grids, words }
    if (isForeignDeclaration(file, signed, by)) return `${name} is not signed by the grid operator`
    if (contentOf(body) !== declaration.content || kindOfDeclared(body) !== declaration.kind) {
      return `${name} does not say what was signed`
    }
    if (declaration.start >= end || declaration.end <= start) return `${name} is of no interval of the batch`
    const mistake = mistakeInDeclaration(declaration, body, chain.rules.intervalSeconds)
    if (mistake !== null) return `${name} cannot have been taken up: ${mistake.join(' ')}`
  }
  return null
}

/** Checks that the budgets of a seat follow one another, and that none is said to have left more for an interval than it allows in all. */
function wrongBudget({ file, ids, seats, words, rulesHash }: Evidence): string | null {
  const until = new Map<number, number>()
  for (const signed of file.budgets) {
    const { arrival, budget, seat: number, activeFrom, activeUntil } = signed
    const name = `daily budget ${ids.get(arrival)}`
    if (budget.rules !== rulesHash) return `${name} names other rules than the area's`
    const seat = seats.get(number)
    if (seat?.account !== budget.account || seat.meter !== budget.meter) return `${name} is not of seat ${number}`
    const missing = wrongSignerOfBudget(file, signed, words)
    if (missing !== null) return `${name} is not signed by ${missing}`
    if (!isWithin(file, signed) || activeFrom < (until.get(number) ?? 0)) return `${name} does not count in its turn`
    until.set(number, activeUntil)
  }
  for (const { start, budgets } of file.intervals) {
    if (!isAscending(budgets.map(({ seat }) => seat)))
      return 'what budgets left is not in the order of seats, each once'
    for (const { seat, left } of budgets) {
      const counts = (own: AreaFile['budgets'][number]) =>
        own.seat === seat && own.activeFrom <= start && start < own.activeUntil
      const amount = file.budgets.find(counts)?.budget.amount ?? 0
      if (amount > 0 && left <= amount) continue
      return `seat ${seat} is stated as limited by its daily budget in the interval of ${timeOf(start)}, and signed none that leaves ${left}`
    }
  }
  return null
}

/** Checks that a key that was taken back signs nothing from then on. */
function wrongRevocation({ file, ids, words }: Evidence): string | null {
  const names = file.revocations.map(({ account, key, from }) => `${account} ${key} ${String(from).padStart(10, '0')}`)
  if (!isAscending(names)) return 'the keys that were taken back are not in order, each once'
  for (const revocation of file.revocations) {
    const { account, key, from } = revocation
    const missing = wrongSignerOfRevocation(file, revocation, words)
    if (missing !== null) return `that key ${key} was taken back is not signed by ${missing}`
    const isTheirs = ({ order, session }: AreaFile['orders'][number]) =>
      order.account === account && session?.key === key
    const later = file.orders.find((signed) => isTheirs(signed) && signed.activeUntil > from)
    if (later !== undefined) return `order ${ids.get(later.arrival)} counts after its session key was taken back`
  }
  return null
}

/** Checks that a seat is suspended only where its meter signed two values for one boundary. */
function wrongSuspension({ file, seats, signerOf }: Evidence): string | null {
  const { contradictions, intervals } = file
  if (!isAscending(contradictions.map(({ seat }) => seat))) return 'the contradictions are not in order, each once'
  const readingsOf = new Map(file.seats.map(({ seat, readings }) => [seat, readings]))
  const proved = new Set<Address>()
  for (const { seat: number, values } of contradictions) {
    const [first, second] = values as [StatedReading, StatedReading]
    const seat = seats.get(number)
    if (seat === undefined) return `the area has no seat ${number}`
    const name = `the contradiction of meter ${seat.meter}`
    const { epoch, time } = first
    if (second.epoch !== epoch || second.time !== time) return `${name} is not about one boundary`
    if (valuesOf(first) === valuesOf(second)) return `${name} is none: both values are the same`
    const standing = readingsOf.get(number)?.find((own) => own[0] === epoch && own[1] === time)
    if (standing !== undefined && valuesOf(first) !== [standing[2], standing[3], standing[4]].join(' ')) {
      return `${name} does not begin with the value that stands`
    }
    for (const { signature, ...registers } of [first, second]) {
      const signer = signerOf(file, { meter: seat.meter, ...registers }, signature)
      if (signer !== keyAt(seat.meter, seat.keys, time)) return `${name} is not signed by it`
    }
    proved.add(seat.meter)
  }
  const suspended = new Set(intervals.flatMap((own) => [...own.suspendedAtStart, ...own.suspendedAtComputation]))
  for (const number of suspended) {
    const meter = seats.get(number)?.meter
    if (meter === undefined || !proved.has(meter)) {
      return `seat ${number} is stated as suspended, but its meter signed no two values for one boundary`
    }
  }
  const needless = contradictions.find(({ seat }) => !suspended.has(seat))
  return needless === undefined ? null : `seat ${needless.seat} contradicted itself and is not stated as suspended`
}

function valuesOf({ importWh, exportWh, quality }: Pick<Reading, 'importWh' | 'exportWh' | 'quality'>): string {
  return `${importWh} ${exportWh} ${quality}`
}

function isAscending(values: readonly (number | string)[]): boolean {
  return values.every((value, index) => index === 0 || values[index - 1]! < value)
}
