/** What the chain would say of a batch, had it settled what a journal cut: for journals whose signatures are of nobody. */
import type { EntryFields } from '../../contracts/protocol/entry.ts'
import { type EscrowDomain, hashRules } from '../../contracts/protocol/typed-data.ts'
import type { AreaStore } from '../../server/areas/area-store.ts'
import type { BatchCut, ChainSeat, Command, Event } from '../../server/market/area/area.ts'
import { decodeCommand } from '../../server/market/engine/journal.ts'
import type { AreaFile } from '../../server/settlement/area-file.ts'
import { claimsOf, nameOf, type SignedThings } from '../../server/settlement/signers.ts'
import type { SettledArea, SettledSeat } from '../../server/settlement/verify/settled.ts'
import type { Verifying } from '../../server/settlement/verify/verifying.ts'

/** All commands of a journal, in order. */
export async function commandsOf(store: Pick<AreaStore, 'rowsAfter'>): Promise<Command[]> {
  const commands: Command[] = []
  for (let after = 0; ; ) {
    const rows = await store.rowsAfter(after)
    if (rows.length === 0) return commands
    commands.push(...rows.map(({ command }) => decodeCommand(command)))
    after = rows.at(-1)!.sequence
  }
}

/** Each batch as it was cut last. */
export function newestCuts(events: readonly Event[]): BatchCut[] {
  const cuts = new Map<number, BatchCut>()
  for (const event of events) if (event.type === 'batch-cut') cuts.set(event.batch.end, event.batch)
  return [...cuts.values()]
}

/**
 * As of before the chain shows the batch settled. Where the journal ends before that, the batches before it are taken as settled too:
 * `cuts` are all of the journal.
 */
export function settledArea(
  commands: readonly Command[],
  { batch, cuts }: { batch: BatchCut; cuts: readonly BatchCut[] },
  statementRoot: string,
): SettledArea {
  const rules = commands.flatMap((command) => (command.type === 'configure' ? [command.config.rules] : []))[0]!
  const versions: SettledArea['versions'] = []
  for (const command of commands) {
    if (command.type !== 'chain') continue
    if (command.settledUntil >= batch.end) break
    for (const seat of command.seats) versions.push({ block: command.block, seat })
  }
  const seats = new Map<number, ChainSeat>()
  for (const { seat } of versions) seats.set(seat.seat, seat)
  for (const { seat, epoch, time, importWh, exportWh } of entriesBefore(cuts, batch)) {
    const own = seats.get(seat)!
    const isMoved = own.base.epoch === epoch && own.base.time < time
    if (isMoved) seats.set(seat, { ...own, base: { epoch, time, importWh, exportWh } })
  }
  const bases = new Map([...seats].map(([number, { base }]) => [number, base]))
  const { start, end, paid, received } = batch
  return {
    ...{
      rules,
      grids: [rules.grid],
      statementRoot,
      start,
      end,
      versions,
      bases,
      gridTake: paid - received,
      band: null,
    },
    seats: [...seats.values()].sort((a, b) => a.seat - b.seat),
    // Journals leave out whom they like: so late that nothing can be settled any more nobody asks why.
    ...{ leastBalances: new Map(), isTooOld: true },
    entries: entryWords(batch, bases, rules.intervalSeconds),
  }
}

function entriesBefore(cuts: readonly BatchCut[], { start }: BatchCut): BatchCut['entries'] {
  return cuts.filter(({ end }) => end <= start).flatMap(({ entries }) => entries)
}

function entryWords(
  { end, entries }: BatchCut,
  bases: ReadonlyMap<number, ChainSeat['base']>,
  length: number,
): EntryFields[] {
  const at = new Map(bases)
  return entries.map((entry) => {
    const { seat, time, importWh, exportWh, soldWh, boughtWh, paid, received } = entry
    const base = at.get(seat)!
    at.set(seat, entry)
    return {
      ...{ number: seat, lag: (end - time) / length, exportDelta: exportWh - base.exportWh },
      ...{ importDelta: importWh - base.importWh, soldWh, boughtWh, paid, received },
    }
  })
}

export function settledSeat(area: SettledArea, batch: BatchCut, seat: number): SettledSeat {
  const { rules, statementRoot, end, bases } = area
  const { meter, keys, terms } = area.seats.find((own) => own.seat === seat)!
  return {
    ...{ area: rules.area, end, seat, statementRoot, rules, meter, keys, terms, base: bases.get(seat)! },
    entries: batch.entries.filter((entry) => entry.seat === seat),
  }
}

/** Whatever is signed counts as signed by whom it must be; `area` says who the grid operator is, where it declared something. */
export function everybodySigned(
  file: EscrowDomain & SignedThings & Partial<Pick<AreaFile, 'forwardOrders' | 'declarations'>>,
  area?: SettledArea,
): Verifying {
  const orders = [...(file.orders ?? []), ...(file.forwardOrders ?? [])]
  const { declarations = [] } = file
  const declared = area && { declared: { declarations, rules: hashRules(area.rules), grids: area.grids } }
  const claims = claimsOf(file, { ...file, orders, ...declared })
  return { words: new Set(claims.map(nameOf)), signerOf: (_, { meter }) => meter }
}
