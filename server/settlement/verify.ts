/**
 * Checks a seat's statement against what its meter signed and what the chain settled, from these alone.
 *
 * Together the checks show that no fill was left out, invented or changed after settlement, that each lies inside the
 * mandate and inside what the meter measured in its interval, and that the seat was charged and paid exactly for them.
 */
import type { EntryFields } from '../../contracts/protocol/entry.ts'
import { keyAt, type LaterKey } from '../../contracts/protocol/meter-keys.ts'
import { type Address, type Hex, recoverSigner } from '../../contracts/protocol/typed-data.ts'
import { amountOf, type UtcSeconds, type Wh } from '../../contracts/protocol/units.ts'
import type { Terms } from '../market/engine/area.ts'
import { orderId, type WalletWords, wrongSigner } from './signed-order.ts'
import { leafHash, type StatementFill, verifyLeaf } from './statement.ts'
import { domainOfFile, type StatementFile } from './statement-file.ts'

/** What the chain says of a settled batch and one of its seats. */
export interface SettledSeat {
  area: number
  /** Of the batch. */
  end: UtcSeconds
  seat: number
  statementRoot: Hex
  intervalSeconds: number
  /** As the rules have it: 0 nobody, 1 sellers, 2 everybody must be confirmed. */
  confirmation: number
  meter: Address
  /** Those that followed the meter's first key. */
  keys: readonly LaterKey[]
  terms: Terms[]
  /** Where the first entry begins: signed as the start of an epoch, or settled to before. */
  base: Registers
  /** The seat's entries in the batch, in order, with the registers they end at. */
  entries: (Pick<EntryFields, 'soldWh' | 'boughtWh' | 'paid' | 'received'> & Registers)[]
}

interface Registers {
  epoch: number
  time: UtcSeconds
  importWh: Wh
  exportWh: Wh
}

/** The first thing that is not right, in a sentence, or null; `words` are of the contract wallets among the accounts. */
export function verifyStatement(
  file: StatementFile,
  chain: SettledSeat,
  words: WalletWords = new Set(),
): string | null {
  const fills = file.leaves.map((leaf) => fillOf(file, leaf))
  if (file.area !== chain.area || file.end !== chain.end || file.seat !== chain.seat) {
    return 'the chain was asked about another area, batch or seat'
  }
  return (
    wrongLeaf(file, fills, chain) ??
    wrongReading(file, chain) ??
    wrongOrder(file, fills, chain, words) ??
    wrongFill(file, fills, chain) ??
    wrongSum(fills, chain)
  )
}

type Leaf = StatementFile['leaves'][number]

function fillOf({ seat }: StatementFile, { start, order, side, energyWh, amount }: Leaf): StatementFill {
  return { start, seat, order, side, energyWh, amount: BigInt(amount) }
}

function wrongLeaf(file: StatementFile, fills: StatementFill[], { statementRoot }: SettledSeat): string | null {
  let last = -1
  for (const [position, { index, salt, siblings }] of file.leaves.entries()) {
    if (index <= last) return 'the leaves are not in the order of their places, each once'
    last = index
    const hash = leafHash(file.area, fills[position]!, salt)
    if (!verifyLeaf(file, statementRoot, hash, { index, count: file.count, siblings })) {
      return `leaf ${index} (${nameOf(fills[position]!)}) is not in the statement that was settled`
    }
  }
  return null
}

function wrongReading(file: StatementFile, { meter, keys, entries }: SettledSeat): string | null {
  const isAscending = file.readings.every(({ time, epoch }, index) => {
    const before = file.readings[index - 1]
    return before === undefined || before.time < time || (before.time === time && before.epoch < epoch)
  })
  if (!isAscending) return 'the readings are not in the order of time and epoch, each once'
  for (const { signature, ...registers } of file.readings) {
    const name = `the reading of ${timeOf(registers.time)}`
    try {
      const signer = recoverSigner(domainOfFile(file), 'Reading', { meter, ...registers }, signature)
      const key = keyAt(meter, keys, registers.time)
      if (signer !== key) return `${name} is not signed by the meter ${key === meter ? meter : `${meter} (key ${key})`}`
    } catch {
      return `${name} has a malformed signature`
    }
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

/** Of every fill whose signed order the file has. */
function wrongOrder(
  file: StatementFile,
  fills: StatementFill[],
  { meter }: SettledSeat,
  words: WalletWords,
): string | null {
  const domain = domainOfFile(file)
  const orders = new Map(file.orders.map((signed) => [orderId(domain, signed), signed]))
  const bad = file.orders.map((signed) => wrongSigner(domain, signed, words)).find((signer) => signer !== null)
  if (bad !== undefined) return `an order is not signed by ${bad}`
  const names = [...orders.keys()]
  if (names.length < file.orders.length || names.some((name, index) => index > 0 && names[index - 1]! > name)) {
    return 'the orders are not in the order of their identifiers, each once'
  }
  for (const fill of fills) {
    const order = orders.get(fill.order)?.order
    if (order === undefined) continue
    const { side, start, energyWh, amount } = fill
    if (order.meter !== meter || order.side !== (side === 'buy' ? 0 : 1) || start < order.start || start >= order.end) {
      return `${nameOf(fill)}: its order was signed for another meter, side or time`
    }
    const limit = amountOf(order.limitPrice, energyWh)
    if (side === 'buy' ? amount > limit : amount < limit) return `${nameOf(fill)}: outside its order's limit`
    if (energyWh > order.maxWh) return `${nameOf(fill)}: more energy than its order allows`
  }
  return null
}

function wrongFill(file: StatementFile, fills: StatementFill[], chain: SettledSeat): string | null {
  const energies = new Map<string, Wh>()
  for (const fill of fills) {
    const { start, side, energyWh, amount } = fill
    const end = start + chain.intervalSeconds
    const key = `${side} ${start}`
    const total = (energies.get(key) ?? 0) + energyWh
    energies.set(key, total)
    const terms = chain.terms.findLast(({ from }) => from <= start)
    if (terms === undefined || terms.closed || terms.validUntil < end) return `${nameOf(fill)}: no mandate was in force`
    if (side === 'buy' && amount > amountOf(terms.buyCeiling, energyWh))
      return `${nameOf(fill)}: above the mandate's ceiling`
    if (side === 'sell' && amount < amountOf(terms.sellFloor, energyWh))
      return `${nameOf(fill)}: below the mandate's floor`
    if (total > mandatedWh(terms, side, chain)) return `${nameOf(fill)}: more energy than the mandate allows`
    const measuredWh = measured([chain.base, ...file.readings.filter(({ quality }) => quality === 0)], side, {
      start,
      end,
    })
    if (measuredWh === null) return `${nameOf(fill)}: its interval has no measured reading at both ends`
    if (total > measuredWh) return `${nameOf(fill)}: ${total} Wh traded, but the meter measured ${measuredWh} Wh`
  }
  return null
}

function mandatedWh(terms: Terms, side: 'buy' | 'sell', { confirmation }: SettledSeat): Wh {
  const { nameplateWh, maxSellWh, maxBuyWh } = terms
  if (side === 'sell') return Math.min(maxSellWh, nameplateWh ?? (confirmation === 0 ? maxSellWh : 0))
  return nameplateWh === null && confirmation === 2 ? 0 : maxBuyWh
}

function measured(
  registers: Registers[],
  side: 'buy' | 'sell',
  { start, end }: { start: UtcSeconds; end: UtcSeconds },
): Wh | null {
  const before = registers.find(({ time }) => time === start)
  const after = registers.find(({ time, epoch }) => time === end && epoch === before?.epoch)
  if (before === undefined || after === undefined) return null
  return side === 'buy' ? after.importWh - before.importWh : after.exportWh - before.exportWh
}

function wrongSum(fills: StatementFill[], { entries }: SettledSeat): string | null {
  for (const side of ['buy', 'sell'] as const) {
    const own = fills.filter((fill) => fill.side === side)
    const energyWh = own.reduce((sum, fill) => sum + fill.energyWh, 0)
    const amount = own.reduce((sum, fill) => sum + fill.amount, 0n)
    const settledWh = entries.reduce((sum, entry) => sum + (side === 'buy' ? entry.boughtWh : entry.soldWh), 0)
    const settled = entries.reduce((sum, entry) => sum + (side === 'buy' ? entry.paid : entry.received), 0n)
    const verb = side === 'buy' ? 'bought' : 'sold'
    if (energyWh !== settledWh) return `the fills say ${energyWh} Wh ${verb}, the chain settled ${settledWh} Wh`
    if (amount !== settled)
      return `the fills say ${amount} ledger units for energy ${verb}, the chain settled ${settled}`
  }
  return null
}

function nameOf({ start, side, energyWh }: StatementFill): string {
  return `${energyWh} Wh ${side === 'buy' ? 'bought' : 'sold'} in the interval from ${timeOf(start)}`
}

function timeOf(time: UtcSeconds): string {
  return new Date(time * 1000).toISOString().replace('.000Z', 'Z')
}
