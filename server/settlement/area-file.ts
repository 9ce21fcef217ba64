/**
 * Everything that is needed to compute one batch of an area again, for those who may see it all.
 *
 * It is written as lines of JSON, so that neither side needs the whole text at once: first the head, then one line for each item
 * of each list, `{"orders": …}`, the lists in the order of the schema below and the items in theirs. A seat's readings and fills
 * stand in one line.
 */

import { z } from 'zod'
import { checkForm, mistakeLines } from '../../contracts/protocol/mistakes.ts'
import { stageNames } from '../market/area/codes.ts'
import { declarationForm, sharingForm } from './declaration-forms.ts'
import { SettlementError } from './error.ts'
import {
  addressForm,
  agreementForm,
  arrival,
  budgetForm,
  energyWh,
  hex32Form,
  ledgerUnits,
  orderForm,
  readingSchema,
  revocationForm,
  uint32,
} from './signed-forms.ts'
import type { StatedFacts } from './stated-facts.ts'

const headSchema = z.strictObject({
  chainId: z.int().min(1),
  escrow: addressForm,
  area: uint32,
  start: uint32,
  end: uint32,
  /** 1, or higher where the batch was cut anew. */
  number: uint32.min(1),
  /** The salt of the hash over what nobody signs. */
  salt: hex32Form,
  /** Seats that could not pay: one list for each number of the batch, in the order in which they were left out. */
  leftOut: z.array(z.array(uint32).min(1)),
})
export type AreaFileHead = z.infer<typeof headSchema>

const tick = z.int()
/** The intervals of the batch in which an order or agreement could count: those that start in `[activeFrom, activeUntil)`. */
const active = { activeFrom: uint32, activeUntil: uint32 }
const read = readingSchema.shape
/** Epoch, time, registers, quality, signature. */
const seatReading = z.tuple([read.epoch, read.time, read.importWh, read.exportWh, read.quality, read.signature])
/** Interval, stage, arrival of the order or agreement, side, energy in Wh, amount in ledger units. */
const seatFill = z.tuple([uint32, z.enum(stageNames), arrival, z.enum(['buy', 'sell']), energyWh.min(1), ledgerUnits])

/** The lists, by name, and what an item of each is. */
const items = {
  /** The settings by which the area cleared from an interval on, beside the rules that everybody signed. */
  settings: z.strictObject({
    from: uint32,
    lowestTicks: tick,
    highestTicks: tick,
    ownUse: z.enum(['net', 'residual']),
    zones: z.array(
      z.strictObject({
        id: z.string(),
        parent: z.string().nullable(),
        feeTicksPerKwh: z.int().min(0),
        capacityWh: z.int().min(0).nullable(),
      }),
    ),
    /** How shared energy is priced, where somebody else than the market decides the quantities. */
    sharing: sharingForm.nullable().default(null),
  }),
  /** Spot orders, by arrival. */
  orders: orderForm.extend({ arrival, seat: uint32, ...active }),
  /** Orders that traded ahead, by arrival. */
  forwardOrders: orderForm.extend({ arrival, seat: uint32 }),
  /** Trades made ahead, by interval and in the order in which they were made; orders by their arrival. */
  forwardTrades: z.strictObject({ start: uint32, buyOrder: arrival, sellOrder: arrival, priceTicks: tick, energyWh }),
  /** Agreements, by arrival; `group` is the arrival of the first of those that were signed together. */
  agreements: agreementForm.extend({ arrival, group: arrival, sellerSeat: uint32, buyerSeat: uint32, ...active }),
  /** What the grid operator declared about intervals of the batch before the batch was cut, by arrival. */
  declarations: declarationForm.extend({ arrival }),
  /** Daily budgets of the seats that got less because of them, by arrival, and the intervals of the batch in which each counted. */
  budgets: budgetForm.extend({ arrival, seat: uint32, ...active }),
  /** Session keys of these orders that were taken back, by account, key and boundary. */
  revocations: revocationForm,
  /** What the promises and the result of each interval rested on, by start; see `stated-facts.ts`. */
  intervals: z.strictObject({
    start: uint32,
    block: z.int().min(0),
    suspendedAtStart: z.array(uint32),
    suspendedAtComputation: z.array(uint32),
    cut: z.array(z.strictObject({ arrival, energyWh })),
    budgets: z.array(z.strictObject({ seat: uint32, left: z.int().min(0) })).default([]),
  }),
  /** For each suspended seat two different values that its meter signed for one boundary; the one that counts comes first. By seat. */
  contradictions: z.strictObject({ seat: uint32, values: z.array(readingSchema).length(2) }),
  /**
   * By seat: its readings that were in when the batch was cut, by epoch and time, its fills in the statement's order, and where it
   * has some the seed of their salts.
   */
  seats: z.strictObject({
    seat: uint32,
    seed: hex32Form.nullable(),
    readings: z.array(seatReading),
    fills: z.array(seatFill),
  }),
} as const

type Items = { [Name in keyof typeof items]: z.infer<(typeof items)[Name]> }
export type AreaFile = AreaFileHead & { [Name in keyof Items]: Items[Name][] }
/** One item of a list of the file. */
export type AreaFileItem = { [Name in keyof Items]: { list: Name; item: Items[Name] } }[keyof Items]
const lists = Object.keys(items) as (keyof Items)[]

/** The line of an item. */
export function lineOf({ list, item }: AreaFileItem): string {
  return `${JSON.stringify({ [list]: item })}\n`
}

/** The line of the head. */
function headLineOf(head: AreaFileHead): string {
  return `${JSON.stringify({ head })}\n`
}

/** The lines of a file, in their order. */
export function* linesOf(file: AreaFile): Generator<string> {
  yield headLineOf(headSchema.strip().parse(file))
  for (const list of lists) for (const item of file[list]) yield lineOf({ list, item } as AreaFileItem)
}

/** Whether a file's first line begins an area's file. */
export function beginsAreaFile(line: string): boolean {
  return line.startsWith('{"head":')
}

/** Reads a file line by line. Throws `SettlementError` `SETTLEMENT_STATEMENT`, naming the line, for a line that does not belong there. */
export class AreaFileReader {
  private file: AreaFile | null = null
  private lines = 0
  private list = 0

  take(line: string): void {
    this.lines += 1
    const [[name, value] = [], another] = Object.entries(this.parsed(line))
    if (name === undefined || another !== undefined) throw this.wrong('it names not one thing')
    if (this.file === null) {
      if (name !== 'head') throw this.wrong('the file does not begin with its head')
      const head = this.checked(headSchema, value)
      this.file = { ...head, ...(Object.fromEntries(lists.map((list) => [list, []])) as unknown as AreaFile), ...head }
      return
    }
    const list = lists.indexOf(name as keyof Items)
    if (list < this.list) throw this.wrong(list < 0 ? `nothing is called ${name.slice(0, 40)}` : `${name} come earlier`)
    this.list = list
    const item = this.checked(items[name as keyof Items] as z.ZodType, value)
    ;(this.file[name as keyof Items] as unknown[]).push(item)
  }

  finish(): AreaFile {
    if (this.file === null) throw new SettlementError('SETTLEMENT_STATEMENT', 'the file is empty')
    return this.file
  }

  private parsed(line: string): object {
    try {
      const value: unknown = JSON.parse(line)
      if (typeof value === 'object' && value !== null) return value
    } catch {
      // The error is thrown below.
    }
    throw this.wrong('it is no JSON object')
  }

  private checked<Value>(schema: z.ZodType<Value>, value: unknown): Value {
    const { data, mistakes } = checkForm(schema, value)
    if (mistakes === null) return data
    throw this.wrong(mistakeLines(mistakes).join('; '))
  }

  private wrong(reason: string): SettlementError {
    return new SettlementError('SETTLEMENT_STATEMENT', `line ${this.lines} of the file: ${reason}`)
  }
}

/** A file without its seats. */
export type AreaFileParts = Omit<AreaFile, 'seats'>

/**
 * The facts of a file that nobody signs, in the form that the statement's root fixes. `idOf` knows the digests of orders and agreements;
 * `readings` are those of the seats that were read, by seat.
 */
export function statedFactsOf(
  parts: Omit<AreaFileParts, 'salt'>,
  readings: StatedFacts['readings'],
  idOf: (arrival: number) => string,
): StatedFacts {
  const { number, settings, forwardTrades, intervals, leftOut, declarations, budgets } = parts
  return {
    ...{ number, settings, forwardTrades, intervals, leftOut, readings },
    declarations: declarations.map(({ arrival: place }) => ({ arrival: place, id: idOf(place) })),
    budgets: budgets.map(({ arrival: place, seat, activeFrom, activeUntil }) => ({
      ...{ arrival: place, id: idOf(place), seat, activeFrom, activeUntil },
    })),
    orders: parts.orders.map(({ arrival: place, seat, activeFrom, activeUntil }) => ({
      ...{ arrival: place, id: idOf(place), seat, activeFrom, activeUntil },
    })),
    forwardOrders: parts.forwardOrders.map(({ arrival: place, seat }) => ({ arrival: place, id: idOf(place), seat })),
    agreements: parts.agreements.map(({ arrival: place, group, sellerSeat, buyerSeat, activeFrom, activeUntil }) => ({
      ...{ arrival: place, id: idOf(place), group, seller: sellerSeat, buyer: buyerSeat, activeFrom, activeUntil },
    })),
    revocations: parts.revocations.map(({ account, key, from }) => ({ account, key, from })),
  }
}
