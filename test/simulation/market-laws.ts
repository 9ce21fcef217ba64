/**
 * Laws of energy, prices and batches, checked at every event: nobody trades more than was metered, nor at a worse price than signed;
 * sums balance; a batch is cut once the chain was seen at its end; and what was settled never moves.
 */
import type { BatchCut, Event, IntervalRun, SeatInterval } from '../../server/market/area/area.ts'
import { type AreaState, configAt, termsAt } from '../../server/market/area/state.ts'
import type { Chain } from './chain.ts'
import type { Tables } from './tables.ts'
import type { Verdict } from './verdict.ts'

export interface MarketLawParts {
  verdict: Verdict
  area: number
  chain: Chain
}

export class MarketLaws {
  private readonly parts: MarketLawParts

  constructor(parts: MarketLawParts) {
    this.parts = parts
  }

  /** The state and the tables are as of after these events. */
  follow(events: readonly Event[], state: AreaState, tables: Tables): void {
    for (const event of events) {
      if (event.type === 'interval-cleared') this.checkInterval(event.result, state)
      if (event.type === 'interval-cleared') this.mustNotBeKnown(event.result.start, 'computed', state)
      if (event.type === 'interval-reduced') this.mustNotBeKnown(event.start, 'reduced', state)
      if (event.type === 'interval-reduced') this.checkReduced(event)
      if (event.type === 'batch-cut') this.checkBatch(event.batch, state, tables)
    }
  }

  private checkInterval(run: IntervalRun, state: AreaState): void {
    const { verdict } = this.parts
    const sums = { bought: 0, sold: 0, take: 0n }
    for (const seat of run.seats) {
      sums.bought += seat.boughtWh
      sums.sold += seat.soldWh
      sums.take += seat.paid - seat.received
      this.checkSeat(run.start, seat, state)
    }
    const isBalanced = sums.bought === sums.sold && sums.bought === run.matchedWh && sums.take === run.gridTake
    verdict.holds(
      'sums balance',
      isBalanced,
      () => `interval ${run.start}, run ${run.run}: ${sums.bought} and ${sums.sold} Wh`,
    )
    verdict.holds('sums balance', run.gridTake >= 0n, () => `interval ${run.start}: the grid takes ${run.gridTake}`)
  }

  private checkSeat(start: number, own: SeatInterval, state: AreaState): void {
    const { verdict } = this.parts
    const { seat: number, boughtWh, soldWh, paid, received, importWh, exportWh, quality, outcomes } = own
    const ownUseWh = Math.min(importWh, exportWh)
    const isMetered = boughtWh <= importWh - ownUseWh && soldWh <= exportWh - ownUseWh
    verdict.holds('energy', isMetered, () => `seat ${number} trades more in ${start} than was metered`)
    const isMeasured = quality === 'measured' || boughtWh + soldWh === 0
    verdict.holds('energy', isMeasured, () => `seat ${number} trades in ${start} what is ${quality}`)
    const terms = termsAt(state.seats.get(number)!, start)!
    const isInside =
      paid <= BigInt(terms.buyCeiling) * BigInt(boughtWh) && received >= BigInt(terms.sellFloor) * BigInt(soldWh)
    verdict.holds('prices', isInside, () => `seat ${number} trades outside its mandate in ${start}`)
    const filled = { buy: 0, sell: 0 }
    for (const { side, limitTicks, filledWh, amount, stage } of outcomes) {
      filled[side] += filledWh
      const worst = BigInt(limitTicks) * BigInt(filledWh)
      const isKept = side === 'buy' ? amount <= worst : amount >= worst
      verdict.holds('prices', isKept, () => `seat ${number} trades ${stage} beyond its limit in ${start}`)
    }
    verdict.holds('energy', filled.buy === boughtWh && filled.sell === soldWh, () => {
      return `seat ${number} in ${start}: outcomes do not add up to what it traded`
    })
  }

  private checkReduced({ start, zones, matchedWh, gridTake }: Extract<Event, { type: 'interval-reduced' }>): void {
    const bought = zones.reduce((sum, { boughtWh }) => sum + boughtWh, 0)
    const sold = zones.reduce((sum, { soldWh }) => sum + soldWh, 0)
    const isBalanced = bought === sold && bought === matchedWh && gridTake >= 0n
    this.parts.verdict.holds('sums balance', isBalanced, () => `interval ${start}, reduced: ${bought} and ${sold} Wh`)
  }

  private checkBatch(batch: BatchCut, state: AreaState, tables: Tables): void {
    const { verdict, chain } = this.parts
    const { start, end, entries } = batch
    verdict.holds('cut after the chain was seen', chain.counted.time >= end, () => {
      return `the batch to ${end} is cut, and what counts of the chain is of ${chain.counted.time}`
    })
    this.mustNotBeSettled(start, 'cut')
    const { intervalSeconds } = configAt(state, start).rules
    for (const number of new Set(entries.map(({ seat }) => seat))) {
      const own = entries.filter(({ seat }) => seat === number)
      const settled = own.reduce((sum, { boughtWh, soldWh }) => sum + boughtWh + soldWh, 0)
      const money = own.reduce((sum, { paid, received }) => sum + received - paid, 0n)
      let [traded, moved] = [0, 0n]
      for (let each = start; each < end; each += intervalSeconds) {
        const row = tables.seatRows.get(`${each} ${number}`)
        traded += (row?.boughtWh ?? 0) + (row?.soldWh ?? 0)
        moved += (row?.received ?? 0n) - (row?.paid ?? 0n)
      }
      verdict.holds('sums balance', settled === traded && money === moved, () => {
        return `seat ${number} settles ${settled} Wh in the batch to ${end}, its intervals say ${traded} Wh`
      })
    }
  }

  /** The journal itself says that money has moved. */
  private mustNotBeKnown(start: number, what: string, { chain }: AreaState): void {
    this.parts.verdict.holds('settled figures stay', start >= chain.settledUntil, () => {
      return `the interval of ${start} is ${what}, and the journal says settled until ${chain.settledUntil}`
    })
  }

  /** Money has moved by the chain's newest block. */
  private mustNotBeSettled(start: number, what: string): void {
    const { verdict, area, chain } = this.parts
    const { settledUntil } = chain.head.state.areas.get(area)!
    verdict.holds('settled figures stay', start >= settledUntil, () => {
      return `the interval of ${start} is ${what}, and the chain has settled until ${settledUntil}`
    })
  }
}
