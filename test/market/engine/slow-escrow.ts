/** The escrow as a random street sees it: seats with their terms in time, and settlements checked as the contract checks them. */
import { expect } from 'vitest'
import type { AreaConfig, BatchCut, ChainSeat, Terms } from '../../../server/market/area/area.ts'
import { seat, terms } from './street.ts'

interface Opening {
  account: string
  meter: string
  zone: string | null
  nameplateWh: number | null
  balance: bigint
  openedAt: number
  epochStart: ChainSeat['epochStart']
}

export class SlowEscrow {
  readonly seats = new Map<number, ChainSeat>()
  settledUntil = 0
  private readonly rules: AreaConfig['rules']

  constructor(rules: AreaConfig['rules']) {
    this.rules = rules
  }

  /** The first boundary after a time: nothing takes effect before it. */
  boundaryAfter(nowMs: number): number {
    const { intervalSeconds } = this.rules
    return (Math.floor(nowMs / 1000 / intervalSeconds) + 1) * intervalSeconds
  }

  open(opening: Opening): number {
    const number = this.seats.size + 1
    const { account, meter, zone, nameplateWh, balance, openedAt, epochStart } = opening
    const first = terms({ from: openedAt, zone, nameplateWh, sellFloor: -500, version: number })
    this.seats.set(number, {
      ...seat(number, { account, meter, balance, openedAt, epochStart, base: epochStart, terms: [first] }),
      confirmations: nameplateWh === null ? 0 : 1,
    })
    return number
  }

  /** A change of terms from a boundary on; later ones that were arranged give way. */
  change(number: number, from: number, change: Partial<Terms>): void {
    const own = this.seats.get(number)!
    const kept = own.terms.filter((each) => each.from < from)
    const last = kept.at(-1) ?? own.terms[0]!
    this.seats.set(number, { ...own, terms: [...kept, { ...last, ...change, from, version: last.version + 1 }] })
  }

  /** Changes what does not depend on time. */
  set(number: number, change: Partial<ChainSeat>): void {
    this.seats.set(number, { ...this.seats.get(number)!, ...change })
  }

  /** A seat as an indexer tells it: terms that ended before its base are left out. */
  view(number: number): ChainSeat {
    const own = this.seats.get(number)!
    const begun = own.terms.findLastIndex(({ from }) => from <= own.base.time)
    return structuredClone({ ...own, terms: own.terms.slice(Math.max(begun, 0)) })
  }

  /** The seat that holds a meter: the last that was opened for it. */
  holderOf(meter: string): ChainSeat {
    return [...this.seats.values()].findLast((own) => own.meter === meter)!
  }

  /** Settles a batch, or fails as the contract would. Returns the seats that it changed. */
  settle(batch: BatchCut): number[] {
    const { intervalSeconds, batchSeconds, maxBandTicks, maxGridPerKwh } = this.rules
    expect(batch.start).toBeGreaterThanOrEqual(this.settledUntil)
    expect(batch.end - batch.start).toBeLessThanOrEqual(batchSeconds)
    expect(batch.bandHigh - batch.bandLow).toBeLessThanOrEqual(maxBandTicks)
    const sums = { sold: 0, bought: 0, take: 0n }
    let last = 0
    for (const entry of batch.entries) {
      const { seat: number, time, epoch, importWh, exportWh, soldWh, boughtWh, paid, received } = entry
      expect(number).toBeGreaterThanOrEqual(last)
      last = number
      const own = this.seats.get(number)!
      const { base } = own
      const said = `entry of seat ${number} to ${time}, base ${base.time}, batch ${batch.start} to ${batch.end}`
      expect(time, said).toBeGreaterThan(base.time)
      expect(time >= batch.start && time <= batch.end && epoch === base.epoch, said).toBe(true)
      expect(importWh >= base.importWh && exportWh >= base.exportWh, said).toBe(true)
      if (soldWh + boughtWh > 0) {
        const inForce = own.terms.findLast(({ from }) => from <= base.time)!
        const intervals = (time - base.time) / intervalSeconds
        expect(base.time, said).toBeGreaterThanOrEqual(batch.start)
        expect(
          own.terms.some(({ from }) => base.time < from && from < time),
          said,
        ).toBe(false)
        expect(inForce.closed, said).toBe(false)
        expect(time, said).toBeLessThanOrEqual(inForce.validUntil)
        expect(soldWh, said).toBeLessThanOrEqual(exportWh - base.exportWh)
        expect(boughtWh, said).toBeLessThanOrEqual(importWh - base.importWh)
        expect(inForce.nameplateWh, said).not.toBeNull()
        expect(soldWh, said).toBeLessThanOrEqual(Math.min(inForce.maxSellWh, inForce.nameplateWh!) * intervals)
        expect(boughtWh, said).toBeLessThanOrEqual(inForce.maxBuyWh * intervals)
        expect(received >= BigInt(inForce.sellFloor) * BigInt(soldWh), said).toBe(true)
        expect(paid <= BigInt(inForce.buyCeiling) * BigInt(boughtWh), said).toBe(true)
      }
      for (const [amount, energyWh] of [
        [received, soldWh],
        [paid, boughtWh],
      ] as const) {
        const isInBand =
          amount >= BigInt(batch.bandLow) * BigInt(energyWh) && amount <= BigInt(batch.bandHigh) * BigInt(energyWh)
        expect(isInBand, said).toBe(true)
      }
      const balance = own.balance + received - paid
      expect(balance >= 0n, `${said}: a settled batch never overdraws a purse`).toBe(true)
      this.seats.set(number, { ...own, balance, base: { epoch, time, importWh, exportWh } })
      sums.sold += soldWh
      sums.bought += boughtWh
      sums.take += paid - received
    }
    expect(sums.sold).toBe(sums.bought)
    expect(sums.take >= 0n && sums.take <= BigInt(maxGridPerKwh) * BigInt(sums.bought)).toBe(true)
    this.settledUntil = batch.end
    return [...new Set(batch.entries.map((entry) => entry.seat))]
  }
}
