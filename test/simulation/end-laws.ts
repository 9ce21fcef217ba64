/**
 * Laws of the end, some time after the last fault: the area is ready and nothing is overdue, everything that homes have signed is
 * there, and journal, snapshots and tables say the same when they are made anew.
 */
import { emptyState } from '../../server/market/area/state.ts'
import { apply } from '../../server/market/engine/engine.ts'
import { decodeCommand } from '../../server/market/engine/journal.ts'
import { hashState, stateOf } from '../../server/market/engine/snapshot.ts'
import { type Chain, seatsOf } from './chain.ts'
import { printed } from './contract.ts'
import type { Database } from './database.ts'
import type { Home } from './home.ts'
import type { JournalLaws } from './journal-laws.ts'
import type { Server } from './server.ts'
import type { SignedReadings } from './signed-readings.ts'
import { batchSeconds, config, intervalSeconds } from './street.ts'
import { readingKey, Tables } from './tables.ts'
import type { Verdict } from './verdict.ts'

/** What remains of one area. */
export interface AreaAtEnd {
  number: number
  database: Database
  journal: JournalLaws
}

export interface EndLawParts {
  verdict: Verdict
  nowMs: number
  servers: readonly Server[]
  areas: readonly AreaAtEnd[]
  chain: Chain
  homes: readonly Home[]
  signed: SignedReadings
  /** Whether the journal is replayed as a whole. */
  isThorough: boolean
}

export function checkEnd(parts: EndLawParts): void {
  checkReadings(parts)
  for (const area of parts.areas) {
    checkProgress(parts, area)
    checkSettled(parts, area)
    checkReplay(parts, area)
  }
}

/** What is due some time ago is done. */
function checkProgress({ verdict, nowMs, servers, chain }: EndLawParts, { number, journal }: AreaAtEnd): void {
  const ready = servers.filter((server) => server.isReadyIn(number))
  verdict.holds('ready again', ready.length === 1, () => {
    const conditions = servers.map(
      (server) => `${server.name}: ${JSON.stringify(server.area(number).status.condition)}`,
    )
    return `area ${number}: ${ready.length} servers are ready. ${conditions.join('; ')}`
  })
  const { state } = journal
  const slackSeconds = 3 * (config.graceMs / 1000) + 60
  const overdue = [...state.intervals.values()].find(({ start, status }) => {
    return status === 'started' && start + intervalSeconds + slackSeconds < nowMs / 1000 && start < state.nextStart
  })
  verdict.holds('nothing overdue', overdue === undefined, () => `interval ${overdue!.start} is not computed`)
  const cutSlack = slackSeconds + 60
  const ended = Math.floor((nowMs / 1000 - cutSlack) / batchSeconds) * batchSeconds
  verdict.holds('nothing overdue', state.cutUntil >= ended, () => `cut until ${state.cutUntil}, not until ${ended}`)
  const { settledUntil } = chain.head.state.areas.get(number)!
  const unsettled = [...state.batches.values()].find(({ end }) => end > settledUntil && end <= ended - batchSeconds)
  verdict.holds('nothing overdue', unsettled === undefined, () => `the batch to ${unsettled!.end} is not settled`)
}

/** Nothing that a home was told to be there is missing, and nothing waits for ever. */
function checkReadings({ verdict, nowMs, areas, homes, chain, signed }: EndLawParts): void {
  for (const home of homes) {
    // Where its last seat was closed or revoked long ago, nobody has a place for its readings.
    const last = seatsOf(chain.head, home.meter).at(-1)
    const lastIn = areas.find(({ number }) => number === last?.area)
    if (last === undefined || lastIn?.journal.state.seats.has(last.seat) !== true) continue
    const old = [...home.queue.values()].find(({ time }) => time * 1000 < nowMs - 90_000)
    verdict.holds('readings arrive', old === undefined, () => {
      return `${home.meter} still has its reading of ${old!.time}`
    })
    const held = areas.flatMap(({ database: { tables } }) => {
      return [...tables.seats.values()].flatMap((seat) => (seat.meter === home.meter ? [{ seat, tables }] : []))
    })
    const seats = held.map(({ seat }) => seat)
    for (const { epoch, time, importWh, exportWh } of home.acknowledged.values()) {
      const rows = held.map(({ seat, tables }) => tables.readings.get(readingKey(seat.seat, epoch, time)))
      const row = rows.find((each) => each !== undefined)
      const isStart = seats.some(({ base, epochStart }) => {
        return [base, epochStart].some((known) => known.epoch === epoch && known.time === time)
      })
      // What is settled need not be sent again.
      const isSettled = seats.some(({ base }) => base.epoch > epoch || time <= base.time)
      const isSame = row?.importWh === importWh && row.exportWh === exportWh
      // After a restore a thief's value may have come before it.
      const isForged = row?.importWh === importWh + 1 && signed.isKeyStolen(home.meter)
      // A thief can also announce the meter: what it brings first hides that an older reading was lost.
      const isHidden = row === undefined && signed.isKeyStolen(home.meter)
      const isKept = isSame || isStart || isForged || isHidden || (row === undefined && isSettled)
      verdict.holds('nothing acknowledged is missing', isKept, () => {
        return `the reading of ${home.meter} at ${time} was acknowledged and is not there`
      })
    }
  }
}

/** What the chain has settled is what the journal says, or the journal names it as missed. */
function checkSettled({ verdict, chain }: EndLawParts, { number, database }: AreaAtEnd): void {
  const { batches, missed } = database.tables
  for (const [end, { start, entries }] of chain.head.state.areas.get(number)!.settled) {
    const isNamed = [...missed].some(([to, from]) => from <= start && end <= to)
    const own = batches.get(end)?.batch.entries
    verdict.holds('settled as journaled', isNamed || printed(own) === printed(entries), () => {
      return `the chain has settled another batch to ${end} than the journal has`
    })
  }
}

/**
 * The journal gives the tables that are there, and every snapshot with the rows after it the state. The laws of the journal have followed
 * it from its first row on; of some seeds it is replayed once more as a whole.
 */
function checkReplay({ verdict, isThorough }: EndLawParts, { database, journal }: AreaAtEnd): void {
  const tables = new Tables()
  for (const { row, journaled } of database.log) {
    tables.project({ command: decodeCommand(row.command), events: journaled.events })
  }
  verdict.holds(
    'rebuilt',
    tables.print() === database.tables.print(),
    () => 'the journal does not give the tables that are there',
  )
  const expected = hashState(journal.state)
  const starts = [...database.kept()].map(({ sequence, pieces }) => ({ sequence, state: stateOf(pieces) }))
  if (isThorough) starts.unshift({ sequence: 0, state: emptyState() })
  for (const [index, { sequence, state }] of starts.entries()) {
    const next = starts[index + 1]
    for (const { row } of database.log.slice(sequence, next?.sequence)) apply(state, decodeCommand(row.command))
    // From the next start on the rows are the same.
    const isSame = hashState(state) === (next === undefined ? expected : hashState(next.state))
    const end = next === undefined ? 'the end of the journal' : `row ${next.sequence}`
    verdict.holds('rebuilt', isSame, () => `replayed from row ${sequence}, ${end} has another state`)
  }
}
