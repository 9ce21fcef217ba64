/**
 * What the escrow holds, folded from its events alone: areas, seats, purses, terms in time, settled registers.
 *
 * The fold mirrors the contract: changes of terms are kept on two timelines, the account's and the grid operator's, where
 * a new change drops those that begin at its start or later; of a batch in several parts a net debit counts at once and a
 * net credit when the batch is settled, and an abandoned batch gives its debits back.
 */
import { decodeBytes32String } from 'ethers'
import { decodeWords, partsOfSeatId } from '../../contracts/protocol/entry.ts'
import type { LaterKey } from '../../contracts/protocol/meter-keys.ts'
import type { Address, AreaRules, EpochStart, Hex, Mandate, Watchers } from '../../contracts/protocol/typed-data.ts'
import type { LedgerUnits, UtcSeconds } from '../../contracts/protocol/units.ts'
import type { ChainSeat, Terms } from '../market/area/area.ts'

/** An event of the escrow as it is stored: integers up to 48 bits as numbers, wider ones as decimal strings, structs as objects. */
export interface EscrowEvent {
  block: number
  logIndex: number
  transaction: Hex
  name: string
  args: Record<string, unknown>
}

interface AccountTerms {
  from: UtcSeconds
  mandate: Mandate
  closed: boolean
}

interface Standing {
  from: UtcSeconds
  zone: string | null
  nameplateWh: number | null
  /** 0 device, 1 billing. */
  grade: number
  barred: boolean
}

/** Never changed in place: an event replaces it. */
export interface SeatRecord {
  readonly seat: number
  readonly account: Address
  readonly meter: Address
  /** The keys that followed the meter's first one. */
  readonly keys: readonly LaterKey[]
  readonly terms: readonly AccountTerms[]
  readonly standings: readonly Standing[]
  readonly balance: LedgerUnits
  readonly withdrawal: ChainSeat['withdrawal']
  readonly withdrawalNonce: number
  /** The seat, as the escrow numbers it, into whose purse the withdrawal goes; null where it is paid out, or there is none. */
  readonly movesTo: string | null
  readonly base: ChainSeat['base']
  /** The boundary from which the seat may trade. */
  readonly openedAt: UtcSeconds
  readonly epochStart: ChainSeat['epochStart']
  /** How often the grid operator has confirmed the meter. */
  readonly confirmations: number
  /** Changes of terms up to here have been put in force by the escrow; later ones wait for an entry that begins after them. */
  readonly inForceUntil: UtcSeconds
}

/** A batch of several parts that has begun: what its end or its abandonment will credit to each seat. */
interface OpenBatch {
  readonly end: UtcSeconds
  readonly header: Hex
  readonly gridTake: LedgerUnits
  /** The hash of each part's words. */
  readonly hashes: readonly Hex[]
  readonly credits: ReadonlyMap<number, LedgerUnits>
  readonly debits: ReadonlyMap<number, LedgerUnits>
  readonly settledParts: number
  /** The transaction of each part that was settled. */
  readonly transactions: Hex[]
}

export interface SettledBatch {
  start: UtcSeconds
  end: UtcSeconds
  statementRoot: Hex
  /** The transactions of all its parts, in order. */
  transactions: Hex[]
  /** The block in which the last part was settled. */
  block: number
  /** How many of the area's watchers had signed it; null where nobody watches the area. */
  approvals: number | null
}

export interface AreaView {
  rules: AreaRules
  rulesHash: Hex
  /** The zero address where nobody settles. */
  operator: Address
  /** Whom the rules name, or who took the office over. */
  grid: Address
  watchers: Watchers
  settledUntil: UtcSeconds
  gridBalance: LedgerUnits
  seats: Map<number, SeatRecord>
  /** The later keys of each meter whose key changed, in whatever area: a meter takes its keys along to another seat. */
  keys: Map<Address, readonly LaterKey[]>
  open: OpenBatch | null
  /** The settled batches, by when they end. */
  batches: Map<UtcSeconds, SettledBatch>
  /** How often each meter was revoked or suspended, in whatever area. */
  bars: Map<Address, number>
  /** The version of what the area's grid operator last said of each meter. */
  instructions: Map<Address, number>
  /** The header that was announced to the watchers last. */
  announced: Hex | null
  /** The batch that began last with watchers, and how many had signed it. */
  watched: { end: UtcSeconds; approvals: number } | null
  /** Who refused which batch, by its header. */
  refusals: Map<Hex, { watcher: Address; reason: number }[]>
  /** How often a batch was given up after some of its parts, by its end. */
  abandoned: Map<UtcSeconds, number>
}

/** Areas by number. */
export type EscrowView = Map<number, AreaView>

/** A view that can be advanced without changing the first one. */
export function copyView(view: EscrowView): EscrowView {
  return new Map(
    [...view].map(([number, area]) => [
      number,
      {
        ...area,
        seats: new Map(area.seats),
        keys: new Map(area.keys),
        bars: new Map(area.bars),
        instructions: new Map(area.instructions),
        refusals: new Map(area.refusals),
        batches: new Map(area.batches),
        abandoned: new Map(area.abandoned),
      },
    ]),
  )
}

/** Advances the view by one event; events come in the order of the chain. Unknown events change nothing. */
export function applyEvent(view: EscrowView, event: EscrowEvent): void {
  const { name, args } = event
  if (name === 'AreaOpened') {
    const rules = args.rules as AreaRules
    view.set(rules.area, {
      rules,
      rulesHash: args.rulesHash as Hex,
      operator: args.operator as Address,
      grid: rules.grid,
      watchers: args.watchers as Watchers,
      settledUntil: 0,
      gridBalance: 0n,
      seats: new Map(),
      keys: new Map([...view.values()].flatMap(({ keys }) => [...keys])),
      bars: new Map([...view.values()].flatMap(({ bars }) => [...bars])),
      instructions: new Map(),
      announced: null,
      watched: null,
      refusals: new Map(),
      open: null,
      batches: new Map(),
      abandoned: new Map(),
    })
    return
  }
  if (name === 'MeterBarred') {
    for (const { bars } of view.values()) bars.set(args.meter as Address, args.bars as number)
    return
  }
  const { area: areaNumber, seat } = subjectOf(args)
  const area = view.get(areaNumber)
  if (area === undefined) return
  if (name === 'PurseMoved') creditOther(view, args)
  else if (name === 'KeyRotated') noteKey(view, area.seats.get(seat!)!, args)
  if (seat === null) applyToArea(area, event)
  else if (name === 'SeatOpened') area.seats.set(seat, openedSeat(area, seat, args))
  else {
    const before = area.seats.get(seat)
    if (before !== undefined) area.seats.set(seat, { ...before, ...seatChange(area, before, event) })
  }
}

/** Which area and, where the event is about one, which seat of it: `seat` is `area << 32 | number`. */
function subjectOf(args: EscrowEvent['args']): { area: number; seat: number | null } {
  if (args.seat === undefined) return { area: args.area as number, seat: null }
  const { area, number } = partsOfSeatId(BigInt(args.seat as string))
  return { area, seat: number }
}

function applyToArea(area: AreaView, { name, args, transaction, block }: EscrowEvent): void {
  if (name === 'MeterInstructed') area.instructions.set(args.meter as Address, args.version as number)
  else if (name === 'OperatorAppointed') area.operator = args.operator as Address
  else if (name === 'GridSucceeded') area.grid = args.grid as Address
  else if (name === 'BatchAnnounced') area.announced = args.header as Hex
  else if (name === 'BatchWatched') {
    area.watched = { end: args.end as UtcSeconds, approvals: Number(args.approvals) }
  } else if (name === 'BatchRefused') {
    const [header, watcher, reason] = [args.header as Hex, args.watcher as Address, args.reason as number]
    area.refusals.set(header, [...(area.refusals.get(header) ?? []), { watcher, reason }])
  } else if (name === 'BatchBegun') area.open = begunBatch(args)
  else if (name === 'GridWithdrawn') area.gridBalance -= BigInt(args.amount as string)
  else if (name === 'PartSettled') settlePart(area, args, transaction)
  else if (name === 'BatchAbandoned') {
    endOpenBatch(area, 'debits')
    const end = args.end as UtcSeconds
    area.abandoned.set(end, (area.abandoned.get(end) ?? 0) + 1)
  } else if (name === 'BatchSettled') {
    const transactions = area.open?.transactions ?? [transaction]
    endOpenBatch(area, 'credits')
    const end = args.end as UtcSeconds
    area.settledUntil = end
    area.gridBalance += BigInt(args.gridTake as string)
    const statementRoot = args.statementRoot as Hex
    const approvals = area.watched?.end === end ? area.watched.approvals : null
    area.batches.set(end, { start: args.start as UtcSeconds, end, statementRoot, transactions, block, approvals })
  }
}

function settlePart(area: AreaView, args: EscrowEvent['args'], transaction: Hex): void {
  const end = args.end as UtcSeconds
  const parts = args.parts as number
  const credits = new Map(area.open?.credits)
  const debits = new Map(area.open?.debits)
  for (const entry of decodeWords(args.words as Hex)) {
    const before = area.seats.get(entry.number)
    if (before === undefined) continue
    const net = entry.received - entry.paid
    const atOnce = parts === 1 || net < 0n ? net : 0n
    if (parts > 1 && entry.soldWh + entry.boughtWh > 0) {
      const side = net < 0n ? debits : credits
      side.set(entry.number, (side.get(entry.number) ?? 0n) + (net < 0n ? -net : net))
    }
    area.seats.set(entry.number, {
      ...before,
      balance: before.balance + atOnce,
      inForceUntil: Math.max(before.inForceUntil, before.base.time),
      base: {
        epoch: before.base.epoch,
        time: end - entry.lag * area.rules.intervalSeconds,
        importWh: before.base.importWh + entry.importDelta,
        exportWh: before.base.exportWh + entry.exportDelta,
      },
    })
  }
  if (parts === 1) return
  const open = area.open!
  const transactions = [...open.transactions, transaction]
  area.open = { ...open, credits, debits, transactions, settledParts: (args.part as number) + 1 }
}

function begunBatch(args: EscrowEvent['args']): OpenBatch {
  return {
    end: args.end as UtcSeconds,
    header: args.header as Hex,
    gridTake: BigInt(args.gridTake as string),
    hashes: args.parts as Hex[],
    ...{ credits: new Map(), debits: new Map(), settledParts: 0, transactions: [] },
  }
}

/** A purse that moved arrives at a seat of the same account, perhaps of another area. */
function creditOther(view: EscrowView, args: EscrowEvent['args']): void {
  const { area, number } = partsOfSeatId(BigInt(args.to as string))
  const { seats } = view.get(area)!
  const before = seats.get(number)!
  seats.set(number, { ...before, balance: before.balance + BigInt(args.arrived as string) })
}

/** Every seat of the meter learns of the key: a former one may still run. */
function noteKey(view: EscrowView, { meter, keys: before }: SeatRecord, args: EscrowEvent['args']): void {
  const keys = [...before, { key: args.next as Address, from: args.from as UtcSeconds }]
  for (const area of view.values()) {
    area.keys.set(meter, keys)
    for (const [number, seat] of area.seats) if (seat.meter === meter) area.seats.set(number, { ...seat, keys })
  }
}

function endOpenBatch(area: AreaView, owed: 'credits' | 'debits'): void {
  for (const [seat, amount] of area.open?.[owed] ?? []) {
    const before = area.seats.get(seat)!
    area.seats.set(seat, { ...before, balance: before.balance + amount })
  }
  area.open = null
}

function openedSeat(area: AreaView, seat: number, args: EscrowEvent['args']): SeatRecord {
  const meter = args.meter as Address
  const mandate = args.mandate as Mandate
  const { epoch, time, importWh, exportWh } = args.epoch as EpochStart
  return {
    seat,
    account: args.account as Address,
    meter,
    keys: area.keys.get(meter) ?? [],
    terms: [{ from: args.from as UtcSeconds, mandate, closed: false }],
    standings: args.barred === true ? [{ from: 0, zone: null, nameplateWh: null, grade: 0, barred: true }] : [],
    balance: 0n,
    withdrawal: null,
    withdrawalNonce: 0,
    movesTo: null,
    base: { epoch, time, importWh, exportWh },
    openedAt: args.from as UtcSeconds,
    epochStart: { epoch, time, importWh, exportWh },
    confirmations: 0,
    inForceUntil: 0,
  }
}

function seatChange(area: AreaView, seat: SeatRecord, { name, args }: EscrowEvent): Partial<SeatRecord> {
  const from = args.from as UtcSeconds
  const standing = seat.standings.at(-1)
  // Arranging a change puts those in force that no batch can precede.
  const inForceUntil = Math.max(seat.inForceUntil, seat.base.time, area.settledUntil)
  switch (name) {
    case 'MandateChanged':
      return { terms: scheduled(seat.terms, { from, mandate: args.mandate as Mandate, closed: false }), inForceUntil }
    case 'SeatClosed': {
      // A closing has a version among those of the mandates: what follows must be above it.
      const mandate = { ...seat.terms.at(-1)!.mandate, version: args.version as number }
      return { terms: scheduled(seat.terms, { from, mandate, closed: true }), inForceUntil }
    }
    case 'MeterConfirmed': {
      const nameplateWh = args.nameplateWh as number
      const grade = args.grade as number
      return {
        standings: scheduled(seat.standings, {
          from,
          zone: zoneOf(args.zone as Hex),
          nameplateWh,
          grade,
          barred: false,
        }),
        confirmations: seat.confirmations + 1,
        inForceUntil,
      }
    }
    case 'MeterRevoked':
    case 'MeterSuspended':
      return {
        standings: scheduled(seat.standings, {
          from,
          zone: standing?.zone ?? null,
          nameplateWh: null,
          grade: 0,
          barred: true,
        }),
        inForceUntil,
      }
    case 'EpochStarted': {
      const { epoch, time, importWh, exportWh } = args as unknown as EpochStart
      const base = { epoch, time, importWh, exportWh }
      return { base, epochStart: base }
    }
    case 'Deposited':
      return { balance: seat.balance + BigInt(args.amount as string) }
    case 'WithdrawalRequested': {
      const amount = BigInt(args.amount as string)
      const withdrawal = { amount, to: args.to as Address, claimableAt: args.claimableAt as UtcSeconds }
      return {
        withdrawal: amount === 0n ? null : withdrawal,
        withdrawalNonce: args.nextNonce as number,
        movesTo: null,
      }
    }
    case 'MoveRequested': {
      // It stays the account's own, but this seat may not spend it.
      const amount = BigInt(args.amount as string)
      const withdrawal = { amount, to: seat.account, claimableAt: args.claimableAt as UtcSeconds }
      return {
        withdrawal: amount === 0n ? null : withdrawal,
        withdrawalNonce: args.nextNonce as number,
        movesTo: amount === 0n ? null : String(args.to),
      }
    }
    case 'WithdrawalClaimed':
    case 'PurseMoved':
      return claimed(area, seat, BigInt(args.amount as string))
    default:
      return {}
  }
}

/** A claim ends the request, unless an open batch may still credit the seat: then what is missing stays requested. */
function claimed(area: AreaView, seat: SeatRecord, paid: LedgerUnits): Partial<SeatRecord> {
  const waits = (area.open?.credits.has(seat.seat) || area.open?.debits.has(seat.seat)) ?? false
  const left = waits && seat.withdrawal !== null ? seat.withdrawal.amount - paid : 0n
  const rest = left > 0n && seat.withdrawal !== null ? { ...seat.withdrawal, amount: left } : null
  return { balance: seat.balance - paid, withdrawal: rest, movesTo: rest === null ? null : seat.movesTo }
}

function scheduled<Change extends { from: UtcSeconds }>(before: readonly Change[], change: Change): Change[] {
  return [...before.filter(({ from }) => from < change.from), change]
}

function zoneOf(zone: Hex): string {
  try {
    return decodeBytes32String(zone)
  } catch {
    return zone
  }
}

/** The seat as the engine takes it: both timelines merged, what ended before its base left out. */
export function chainSeatOf(record: SeatRecord): ChainSeat {
  const { seat, account, meter, keys, balance, withdrawal, withdrawalNonce, base } = record
  const { openedAt, epochStart, confirmations } = record
  const all = termsOnChain(record)
  const begun = all.findLastIndex(({ from }) => from <= base.time)
  const terms = all.slice(Math.max(begun, 0))
  const named = { seat, account, meter, keys: [...keys], openedAt }
  return { ...named, terms, balance, withdrawal, withdrawalNonce, epochStart, base, confirmations }
}

/** All terms that the seat ever had or will have, ascending by start. */
export function termsOnChain({ terms, standings }: SeatRecord): Terms[] {
  const first = terms[0]!.from
  const later = [...terms, ...standings].map(({ from }) => from).filter((from) => from > first)
  const starts = [first, ...new Set(later.sort((a, b) => a - b))]
  return starts.map((from) => {
    const { mandate, closed } = terms.findLast((change) => change.from <= from)!
    const standing = standings.findLast((change) => change.from <= from)
    return {
      from,
      sellFloor: mandate.sellFloor,
      buyCeiling: mandate.buyCeiling,
      maxSellWh: mandate.maxSellWh,
      maxBuyWh: mandate.maxBuyWh,
      validUntil: mandate.validUntil,
      version: mandate.version,
      zone: standing?.zone ?? null,
      nameplateWh: standing?.nameplateWh ?? null,
      grade: standing?.grade ?? 0,
      closed: closed || (standing?.barred ?? false),
    }
  })
}
