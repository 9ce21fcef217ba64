/**
 * Checks a seat's statement against what its meter signed and what the chain settled, from these alone.
 *
 * Together the checks show that no fill was left out, invented or changed after settlement, that each lies inside the mandate and
 * inside what the meter measured in its interval beyond the home's own use, and that the seat was charged and paid exactly for them.
 */
import { bytesOf } from '../../../contracts/protocol/hex.ts'
import { keyAt } from '../../../contracts/protocol/meter-keys.ts'
import { amountOf, type UtcSeconds, type Wh } from '../../../contracts/protocol/units.ts'
import type { EpochRegisters, Terms } from '../../market/area/area.ts'
import { sides } from '../../market/area/codes.ts'
import type { Side } from '../../market/auction.ts'
import { SettlementError } from '../error.ts'
import { treeOf } from '../merkle.ts'
import { agreementId, orderId, type WalletWords, wrongSignerOfAgreement, wrongSignerOfOrder } from '../signers.ts'
import { LeafHasher, statementRoot } from '../statement.ts'
import type { StatementFile } from '../statement-file.ts'
import { type SettledSeat, timeOf } from './settled.ts'
import { recoverReadingSigner, type SignerOfReading, type Verifying } from './verifying.ts'

/** The first thing that is not right, in a sentence, or null. */
export function verifyStatement(
  file: StatementFile,
  chain: SettledSeat,
  { words = new Set(), signerOf = recoverReadingSigner }: Verifying = {},
): string | null {
  if (file.area !== chain.area || file.end !== chain.end || file.seat !== chain.seat) {
    return 'the chain was asked about another area, batch or seat'
  }
  try {
    return (
      wrongLeaves(file, chain) ??
      wrongReading(file, chain, signerOf) ??
      wrongOrder(file, chain, words) ??
      wrongAgreement(file, chain, words) ??
      wrongFill(file, chain) ??
      wrongChances(file) ??
      wrongSum(file, chain)
    )
  } catch (error) {
    if (error instanceof SettlementError) return error.message
    throw error
  }
}

/** Checks that a seat is not said to be passed over in an interval in which it traded. */
function wrongChances({ chances: { wanted, passedOver }, leaves }: StatementFile): string | null {
  const traded = new Set(leaves.map(({ start }) => start)).size
  if (traded <= wanted - passedOver) return null
  return `the seat traded in ${traded} intervals, and is said to have been passed over in ${passedOver} of ${wanted}`
}

type Leaf = StatementFile['leaves'][number]

/** Checks that all leaves of the seat, side by side, are in the statement that was settled. */
function wrongLeaves(file: StatementFile, chain: SettledSeat): string | null {
  const { leaves, first, count, siblings, seed } = file
  if (leaves.length === 0 || seed === null) {
    const isEmpty = leaves.length + siblings.length + first === 0 && seed === null
    return isEmpty ? null : 'leaves have a seed and a place, and where there are none there is neither'
  }
  const hasher = new LeafHasher(file.area)
  hasher.beginSeat(file.seat, bytesOf(seed))
  const hashes = leaves.map((leaf) => hasher.next({ ...leaf, reference: bytesOf(leaf.reference) }))
  const tree = treeOf(count, first, Buffer.concat(hashes), Buffer.concat(siblings.map(bytesOf)))
  const root = tree === null ? null : statementRoot(file, tree, bytesOf(file.stated))
  return root === chain.statementRoot ? null : 'the leaves and their proof are not of the statement that was settled'
}

function wrongReading(
  file: StatementFile,
  { meter, keys, entries }: SettledSeat,
  signerOf: SignerOfReading,
): string | null {
  const isAscending = file.readings.every(({ time, epoch }, index) => {
    const before = file.readings[index - 1]
    return before === undefined || before.epoch < epoch || (before.epoch === epoch && before.time < time)
  })
  if (!isAscending) return 'the readings are not in the order of epoch and time, each once'
  for (const { signature, ...registers } of file.readings) {
    const name = `the reading of ${timeOf(registers.time)}`
    const key = keyAt(meter, keys, registers.time)
    if (signerOf(file, { meter, ...registers }, signature) === key) continue
    return `${name} is not signed by the meter ${key === meter ? meter : `${meter} (key ${key})`}`
  }
  for (const entry of entries) {
    const reading = file.readings.find(({ epoch, time }) => epoch === entry.epoch && time === entry.time)
    if (reading === undefined) return `the reading of ${timeOf(entry.time)}, which the chain settled to, is missing`
    if (reading.importWh !== entry.importWh || reading.exportWh !== entry.exportWh) {
      return `the chain settled to other registers at ${timeOf(entry.time)} than the reading has`
    }
  }
  return null
}

/** Checks that every fill under an order in the file lies inside what that order's signer allowed. */
function wrongOrder(file: StatementFile, { meter }: SettledSeat, words: WalletWords): string | null {
  const domain = file
  const orders = new Map(file.orders.map((signed) => [orderId(domain, signed), signed]))
  const bad = file.orders.map((signed) => wrongSignerOfOrder(domain, signed, words)).find((signer) => signer !== null)
  if (bad !== undefined) return `an order is not signed by ${bad}`
  if (!isInOrder([...orders.keys()], file.orders.length)) {
    return 'the orders are not in the order of their identifiers, each once'
  }
  for (const fill of file.leaves) {
    const order = orders.get(fill.reference)?.order
    if (order === undefined) continue
    const { side, stage, start, energyWh, amount } = fill
    if (order.market !== (stage === 'forward' ? 1 : 0) || stage === 'agreements') {
      return `${nameOf(fill)}: its order was signed for another market`
    }
    if (order.meter !== meter || order.side !== (side === 'buy' ? 0 : 1) || start < order.start || start >= order.end) {
      return `${nameOf(fill)}: its order was signed for another meter, side or time`
    }
    const limit = amountOf(order.limitPrice, energyWh)
    if (side === 'buy' ? BigInt(amount) > limit : BigInt(amount) < limit)
      return `${nameOf(fill)}: outside its order's limit`
    if (energyWh > order.maxWh) return `${nameOf(fill)}: more energy than its order allows`
  }
  return null
}

/** The same check for agreements: the seller receives the price, and the buyer pays it and the grid fee. */
function wrongAgreement(file: StatementFile, { meter }: SettledSeat, words: WalletWords): string | null {
  const domain = file
  const agreements = new Map(file.agreements.map((signed) => [agreementId(domain, signed), signed]))
  for (const signed of file.agreements) {
    const bad = wrongSignerOfAgreement(domain, signed, words)
    if (bad !== null) return `an agreement is not signed by ${bad}`
  }
  if (!isInOrder([...agreements.keys()], file.agreements.length)) {
    return 'the agreements are not in the order of their identifiers, each once'
  }
  for (const fill of file.leaves) {
    const agreement = agreements.get(fill.reference)?.agreement
    if (agreement === undefined) continue
    const { side, stage, start, energyWh, amount } = fill
    const own = side === 'sell' ? agreement.sellerMeter : agreement.buyerMeter
    if (stage !== 'agreements' || own !== meter || start < agreement.start || start >= agreement.end) {
      return `${nameOf(fill)}: its agreement was signed for another meter, side or time`
    }
    const priced = amountOf(agreement.price, energyWh)
    if (side === 'sell' ? BigInt(amount) !== priced : BigInt(amount) < priced) {
      return `${nameOf(fill)}: not at its agreement's price`
    }
    if (agreement.kind === 0 && energyWh > agreement.amount)
      return `${nameOf(fill)}: more energy than its agreement says`
  }
  return null
}

function isInOrder(names: readonly string[], count: number): boolean {
  return names.length === count && names.every((name, index) => index === 0 || names[index - 1]! < name)
}

function wrongFill(file: StatementFile, chain: SettledSeat): string | null {
  const { intervalSeconds, settlingGrade } = chain.rules
  const energies = new Map<string, Wh>()
  const measured = file.readings.filter(({ quality }) => quality === 0)
  // Registers that the metering operator makes of interval values are exact at every boundary, however good the interval before it was.
  const exact = settlingGrade === 1 ? file.readings : measured
  for (const fill of file.leaves) {
    const { start, side, energyWh, amount } = fill
    const end = start + intervalSeconds
    const key = `${side} ${start}`
    const total = (energies.get(key) ?? 0) + energyWh
    energies.set(key, total)
    const terms = chain.terms.findLast(({ from }) => from <= start)
    if (terms === undefined || terms.closed || terms.validUntil < end) return `${nameOf(fill)}: no mandate was in force`
    if (terms.grade !== settlingGrade) return `${nameOf(fill)}: the meter is not of the grade that settles`
    if (side === 'buy' && BigInt(amount) > amountOf(terms.buyCeiling, energyWh)) {
      return `${nameOf(fill)}: above the mandate's ceiling`
    }
    if (side === 'sell' && BigInt(amount) < amountOf(terms.sellFloor, energyWh)) {
      return `${nameOf(fill)}: below the mandate's floor`
    }
    if (total > mandatedWh(terms, side, chain)) return `${nameOf(fill)}: more energy than the mandate allows`
    const netWh = netEnergy({ begins: [chain.base, ...exact], ends: measured }, side, { start, end })
    if (netWh === null) return `${nameOf(fill)}: its interval has no measured reading at both ends`
    if (total > netWh)
      return `${nameOf(fill)}: ${total} Wh traded, but beyond its own use the meter measured ${netWh} Wh`
  }
  return null
}

function mandatedWh(terms: Terms, side: Side, { rules: { confirmation } }: SettledSeat): Wh {
  const { nameplateWh, maxSellWh, maxBuyWh } = terms
  if (side === 'sell') return Math.min(maxSellWh, nameplateWh ?? (confirmation === 0 ? maxSellWh : 0))
  return nameplateWh === null && confirmation === 2 ? 0 : maxBuyWh
}

/** The energy that a meter measured in one direction beyond the other in an interval: the home serves itself first. */
function netEnergy(
  { begins, ends }: { begins: readonly EpochRegisters[]; ends: readonly EpochRegisters[] },
  side: Side,
  { start, end }: { start: UtcSeconds; end: UtcSeconds },
): Wh | null {
  const before = begins.find(({ time }) => time === start)
  const after = ends.find(({ time, epoch }) => time === end && epoch === before?.epoch)
  if (before === undefined || after === undefined) return null
  const importWh = after.importWh - before.importWh
  const exportWh = after.exportWh - before.exportWh
  return Math.max(0, side === 'buy' ? importWh - exportWh : exportWh - importWh)
}

function wrongSum({ leaves }: StatementFile, { entries }: SettledSeat): string | null {
  for (const side of sides) {
    const own = leaves.filter((fill) => fill.side === side)
    const energyWh = own.reduce((sum, fill) => sum + fill.energyWh, 0)
    const amount = own.reduce((sum, fill) => sum + BigInt(fill.amount), 0n)
    const settledWh = entries.reduce((sum, entry) => sum + (side === 'buy' ? entry.boughtWh : entry.soldWh), 0)
    const settled = entries.reduce((sum, entry) => sum + (side === 'buy' ? entry.paid : entry.received), 0n)
    const verb = side === 'buy' ? 'bought' : 'sold'
    if (energyWh !== settledWh) return `the fills say ${energyWh} Wh ${verb}, the chain settled ${settledWh} Wh`
    if (amount !== settled)
      return `the fills say ${amount} ledger units for energy ${verb}, the chain settled ${settled}`
  }
  return null
}

function nameOf({ start, side, energyWh }: Leaf): string {
  return `${energyWh} Wh ${side === 'buy' ? 'bought' : 'sold'} in the interval from ${timeOf(start)}`
}
