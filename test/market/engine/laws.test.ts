/** Laws of the engine over random streets: whatever order, reading, deposit, withdrawal or clock comes, these hold. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Event, IntervalRun } from '../../../server/market/engine/area.ts'
import { decodeCommand, encode, genesisHash, rollHash } from '../../../server/market/engine/codec.ts'
import { apply } from '../../../server/market/engine/engine.ts'
import { decodeState, encodeState, hashState } from '../../../server/market/engine/snapshot.ts'
import { emptyState } from '../../../server/market/engine/state.ts'
import { busyStreets, newestCuts, play, streets } from './random-streets.ts'
import { batchSeconds, rules } from './street.ts'

const seed = Number(process.env.SEED ?? 20_261_122)

function finalRuns(events: Event[]): IntervalRun[] {
  const newest = new Map<number, IntervalRun>()
  for (const event of events) if (event.type === 'interval-cleared') newest.set(event.result.start, event.result)
  return [...newest.values()]
}

describe(`over random streets (SEED=${seed})`, () => {
  it('energy, money and prices hold in every computed interval', () => {
    let traded = 0
    let honoured = 0
    fc.assert(
      fc.property(streets, ([steps, funds]) => {
        const { events } = play(steps, funds)
        for (const result of finalRuns(events)) {
          let sold = 0
          let bought = 0
          let take = 0n
          for (const seatResult of result.seats) {
            expect(seatResult.soldWh).toBeLessThanOrEqual(seatResult.exportWh)
            expect(seatResult.boughtWh).toBeLessThanOrEqual(seatResult.importWh)
            if (seatResult.quality !== 'measured' || seatResult.seat === 4) expect(seatResult.soldWh).toBe(0)
            sold += seatResult.soldWh
            bought += seatResult.boughtWh
            take += seatResult.paid - seatResult.received
            for (const { side, amount, filledWh, limitTicks } of seatResult.outcomes) {
              const limit = BigInt(limitTicks) * BigInt(filledWh)
              if (side === 'buy') expect(amount).toBeLessThanOrEqual(limit)
              else expect(amount).toBeGreaterThanOrEqual(limit)
            }
          }
          expect(sold).toBe(bought)
          expect(result.matchedWh).toBe(sold)
          expect(take).toBe(result.gridTake)
          expect(take).toBeGreaterThanOrEqual(0n)
          expect(take).toBeLessThanOrEqual(BigInt(rules.maxGridPerKwh) * BigInt(sold))
          traded += sold
          honoured += result.forward.reduce((sum, { deliveredWh }) => sum + deliveredWh, 0)
        }
      }),
      { seed, numRuns: 150 },
    )
    expect(traded).toBeGreaterThan(0)
    expect(honoured).toBeGreaterThan(0)
  })

  it('every batch sums to zero, and each final fill is settled once', () => {
    fc.assert(
      fc.property(streets, ([steps, funds]) => {
        const { events } = play(steps, funds)
        const finals = new Set(events.flatMap((event) => (event.type === 'interval-final' ? [event.start] : [])))
        const results = finalRuns(events).filter(({ start }) => finals.has(start))
        const batches = newestCuts(events)
        expect(batches.reduce((sum, { energyWh }) => sum + energyWh, 0)).toBe(
          results.reduce((sum, { matchedWh }) => sum + matchedWh, 0),
        )
        for (const batch of batches) {
          expect(batch.end % batchSeconds).toBe(0)
          const sum = { sold: 0, bought: 0, paid: 0n, received: 0n }
          for (const entry of batch.entries) {
            sum.sold += entry.soldWh
            sum.bought += entry.boughtWh
            sum.paid += entry.paid
            sum.received += entry.received
          }
          expect(sum).toEqual({
            sold: batch.energyWh,
            bought: batch.energyWh,
            paid: batch.paid,
            received: batch.received,
          })
        }
      }),
      { seed, numRuns: 100 },
    )
  })

  it('leaving seats out takes their trades away and lets nobody trade more, pay more a Wh than its limit, or another fee', () => {
    let leftOut = 0
    let kept = 0
    fc.assert(
      fc.property(busyStreets, (steps) => {
        const { events } = play(steps, 1_000_000_000)
        const newest = new Map<number, IntervalRun>()
        const finals = new Set<number>()
        const numbers = new Map<number, number>()
        let runs: { before: IntervalRun; after: IntervalRun }[] = []
        for (const event of events) {
          if (event.type === 'interval-final') finals.add(event.start)
          else if (event.type === 'interval-cleared') {
            const { result } = event
            if (finals.has(result.start)) runs.push({ before: newest.get(result.start)!, after: result })
            newest.set(result.start, result)
          } else if (event.type === 'batch-cut') {
            const { number, batch } = event
            expect(number).toBe((numbers.get(batch.end) ?? 0) + 1)
            numbers.set(batch.end, number)
            expect(runs.length > 0).toBe(number > 1)
            for (const { before, after } of runs) {
              expect(after.run).toBe(before.run + 1)
              expect(after.status).toBe('final')
              after.seats.forEach((seatAfter, index) => {
                const seatBefore = before.seats[index]!
                if (event.leftOut.includes(seatAfter.seat)) {
                  expect([seatAfter.soldWh, seatAfter.boughtWh, seatAfter.paid, seatAfter.received]).toEqual([
                    0,
                    0,
                    0n,
                    0n,
                  ])
                  leftOut += seatBefore.soldWh + seatBefore.boughtWh
                }
                const { importWh, exportWh, quality } = seatBefore
                expect(seatAfter).toMatchObject({ importWh, exportWh, quality })
                seatAfter.outcomes.forEach((outcome, place) => {
                  expect(outcome.filledWh).toBeLessThanOrEqual(seatBefore.outcomes[place]!.filledWh)
                  kept += outcome.filledWh
                })
              })
              after.flows.forEach(({ exportWh }, index) => {
                expect(Math.abs(exportWh)).toBeLessThanOrEqual(Math.abs(before.flows[index]!.exportWh))
              })
            }
            runs = []
          }
        }
      }),
      { seed, numRuns: 150 },
    )
    expect(leftOut).toBeGreaterThan(0)
    expect(kept).toBeGreaterThan(0)
  })

  it('the journal replays to the same hashes and the same state, from the start and across a snapshot', () => {
    fc.assert(
      fc.property(streets, fc.nat(), ([steps, funds], cut) => {
        const { state, journal, hashes } = play(steps, funds)
        const at = cut % journal.length
        let replayed = emptyState()
        let hash = genesisHash
        journal.forEach((text, index) => {
          if (index === at) replayed = decodeState(encodeState(replayed))
          const events = apply(replayed, decodeCommand(text))
          hash = rollHash(hash, replayed.engineVersion, text, encode(events))
          expect(hash.toString('hex')).toBe(hashes[index])
        })
        expect(hashState(replayed)).toBe(hashState(state))
      }),
      { seed, numRuns: 60 },
    )
  })
})
