/** The same batches through the TypeScript netting and the escrow: what fills add up to is what the chain's balances say. */
import { Wallet } from 'ethers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { escrowAt } from '../../contracts/build/deploy.ts'
import { entryWordsOf, hashOfEntryWords, headerOf } from '../../contracts/protocol/batch.ts'
import { type EntryFields, encodeEntry, seatIdOf } from '../../contracts/protocol/entry.ts'
import { hashRules, signFull } from '../../contracts/protocol/typed-data.ts'
import type { BatchEntry } from '../../server/market/area/area.ts'
import {
  chainTime,
  forever,
  fundedKey,
  type Home,
  mine,
  openStreet,
  passUntil,
  startTestChain,
  type TestChain,
} from '../chain/street.ts'
import { Dice } from '../market/random-auctions.ts'
import { nobodyWatches } from '../rules.ts'
import { type Fill, netBatch, type SeatDay } from '../settlement/net-batch.ts'

const interval = 10
const batchSeconds = 60
const batches = 8
const deposited = 5_000_000n

let chain: TestChain
beforeAll(async () => {
  chain = await startTestChain()
})
afterAll(() => chain?.stop())

/** What the test knows of a seat, by its own sums: nothing here comes from the netting or the chain. */
interface Model {
  home: Home
  balance: bigint
  base: { time: number; importWh: number; exportWh: number }
  importWh: number
  exportWh: number
  version: number
  /** Ascending by start: the terms that account and grid operator have arranged. */
  terms: { from: number; floor: number; ceiling: number }[]
  standings: { from: number; barred: boolean }[]
  /** How often the meter was revoked. */
  bars: number
}

const lastAt = <Change extends { from: number }>(changes: Change[], time: number) =>
  changes.findLast(({ from }) => from <= time)!

for (const seed of [20_261_101, 20_261_102]) {
  test(`random streets have the same balances in TypeScript and on chain: seed ${seed}`, async () => {
    const dice = new Dice(seed)
    const upTo = (most: number) => dice.between(0, most)
    const chance = (percent: number) => dice.between(1, 100) <= percent
    const { provider } = chain
    const operator = new Wallet(fundedKey(7))
    const grid = new Wallet(fundedKey(8))
    const street = await openStreet(provider, { operator, deposits: Array.from({ length: 5 }, () => deposited) })
    const escrow = escrowAt(street.escrow, provider)
    const idOf = ({ home }: Model) => seatIdOf(street.rules.area, home.number)
    const homes: Model[] = street.homes.map((home) => ({
      home,
      balance: deposited,
      base: { time: 0, importWh: 1_000, exportWh: 2_000 },
      importWh: 1_000,
      exportWh: 2_000,
      version: 1,
      terms: [{ from: 0, floor: -500, ceiling: 10_000 }],
      standings: [{ from: 0, barred: false }],
      bars: 0,
    }))
    let gridTake = 0n
    const seen = { trades: 0, parts: 0, abandoned: 0, changes: 0, negative: 0, rebases: 0, claims: 0 }
    // The first home asks for some of its money; the request is ripe in the middle of the run.
    const withdrawal = {
      account: homes[0]!.home.account.address.toLowerCase(),
      seat: idOf(homes[0]!),
      amount: 1_000_000n,
      to: operator.address.toLowerCase(),
      nonce: 0,
      deadline: forever,
    }
    const asked = await signFull(homes[0]!.home.account, street.domain, 'Withdrawal', withdrawal)
    await street.call(operator, 'requestWithdrawal', withdrawal, asked)
    let claimed = false

    const first = Math.ceil(street.from / batchSeconds) * batchSeconds + batchSeconds
    for (let batch = 0; batch < batches; batch += 1) {
      const start = first + batch * batchSeconds
      const end = start + batchSeconds
      await passUntil(provider, start - interval - 2)
      await arrange(homes, start)

      // What the meters measured, and which boundaries they signed.
      const readings = new Map<Model, SeatDay['measured']>(homes.map((home) => [home, []]))
      const energies = new Map<Model, { importWh: number; exportWh: number }[]>(homes.map((home) => [home, []]))
      for (const home of homes) {
        for (let time = start; time <= end; time += interval) {
          const grown = time === start ? { importWh: 0, exportWh: 0 } : { importWh: upTo(900), exportWh: upTo(900) }
          home.importWh += grown.importWh
          home.exportWh += grown.exportWh
          if (time > start) energies.get(home)!.push(grown)
          if (chance(15)) continue
          const { importWh, exportWh } = home
          readings.get(home)!.push({ time, importWh, exportWh })
        }
      }
      const fills = trade({ start, homes, readings, energies })
      const cut = netBatch(
        { start, end, intervalSeconds: interval },
        homes.map((home) => ({
          seat: home.home.number,
          base: home.base.time,
          measured: readings.get(home)!.filter(({ time }) => time > home.base.time),
          changes: [...home.terms, ...home.standings]
            .map(({ from }) => from)
            .filter((from) => from > home.base.time && from < end),
          fills: fills.get(home)!,
        })),
      )
      seen.rebases += cut.entries.filter(({ kind }) => kind === 'rebase').length

      await passUntil(provider, end)
      const words = await wordsOf(cut.entries, end)
      const parts = 1 + upTo(2)
      const isGivenUp = parts > 1 && chance(30)
      const size = Math.ceil(words.length / parts)
      const ofPart = (part: number) => words.slice(part * size, part === parts - 1 ? undefined : (part + 1) * size)
      const header = {
        ...{
          ...cut,
          area: street.rules.area,
          statementRoot: `0x${'00'.repeat(32)}`,
          gridTake: cut.paid - cut.received,
        },
        parts: Array.from({ length: parts }, (_, part) => hashOfEntryWords(entryWordsOf(ofPart(part)))),
      }
      for (let part = 0; part < parts; part += 1) {
        if (isGivenUp && part === parts - 1) break
        const own = ofPart(part).map(({ signature, ...fields }) => encodeEntry(fields, signature).slice(2))
        const unwatched = { watchers: nobodyWatches, signatures: '0x' }
        await street.call(operator, 'settle', { ...header, part }, `0x${own.join('')}`, unwatched)
        const isOpen = parts > 1 && part < parts - 1
        if (isOpen) expect((await escrow.openBatchOf(street.rules.area)).header).toBe(headerOf(header))
        await disturb()
      }
      if (parts > 1) seen.parts += 1
      if (isGivenUp) {
        await street.call(operator, 'abandonBatch', street.rules.area)
        seen.abandoned += 1
      } else {
        for (const [home, own] of fills) {
          for (const { isSale, amount } of own) {
            const gain = BigInt(isSale ? amount : -amount)
            home.balance += gain
            gridTake -= gain
          }
        }
      }
      const settledEntries = isGivenUp ? cut.entries.slice(0, (parts - 1) * size) : cut.entries
      for (const entry of settledEntries) {
        const { time, importWh, exportWh } = entry
        homes.find(({ home }) => home.number === entry.seat)!.base = { time, importWh, exportWh }
      }

      for (const home of homes) {
        const view = await escrow.seatView(idOf(home))
        expect(view.balance, `seat ${home.home.number} after batch ${batch}`).toBe(home.balance)
        expect([view.importWh, view.exportWh]).toEqual([BigInt(home.base.importWh), BigInt(home.base.exportWh)])
        if (home.base.time > 0) expect(view.time).toBe(BigInt(home.base.time))
      }
      expect(await escrow.gridBalance(street.rules.area)).toBe(gridTake)
      if (!isGivenUp) expect(await escrow.settledUntil(street.rules.area)).toBe(BigInt(end))
    }
    for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(0)

    /** Each change begins at a boundary of the batch to come, or later. */
    async function arrange(all: Model[], start: number): Promise<void> {
      for (const home of all) {
        // The clock goes on while transactions are sent: no change begins before the boundary after some seconds.
        const soonest = Math.ceil(((await chainTime(provider)) + 5) / interval) * interval
        const from = Math.max(start + interval * upTo(5), soonest)
        if (chance(30)) {
          const next = { from, floor: upTo(800) - 400, ceiling: 600 + upTo(900) }
          home.version += 1
          await street.call(operator, 'changeMandate', idOf(home), ...(await mandateOf(home, next)))
          home.terms = [...home.terms.filter((one) => one.from < from), next]
          seen.changes += 1
        } else if (chance(15)) {
          const barred = !home.standings.at(-1)!.barred
          const begins = Math.max(from, home.standings.at(-1)!.from + interval)
          if (barred) await street.call(grid, 'revokeMeter', idOf(home), begins, forever, '0x')
          else {
            const place = { seat: idOf(home), zone: `0x${'00'.repeat(32)}`, nameplateWh: 100_000, grade: 0 }
            const confirmation = { ...place, from: begins, bars: home.bars, deadline: forever }
            await street.call(grid, 'confirmMeter', confirmation, '0x')
          }
          if (barred) home.bars += 1
          home.standings = [...home.standings.filter((one) => one.from < begins), { from: begins, barred }]
          seen.changes += 1
        }
      }
    }

    async function mandateOf({ home, version }: Model, next: { from: number; floor: number; ceiling: number }) {
      const mandate = {
        account: home.account.address.toLowerCase(),
        meter: home.meter.address.toLowerCase(),
        rules: hashRules(street.rules),
        sellFloor: next.floor,
        buyCeiling: next.ceiling,
        maxSellWh: 100_000,
        maxBuyWh: 100_000,
        validFrom: next.from,
        validUntil: (Math.floor(next.from / 86_400) + 30) * 86_400,
        version,
        deadline: forever,
      }
      return [mandate, await signFull(home.account, street.domain, 'Mandate', mandate)] as const
    }

    /** One sale an interval between two homes whose both boundaries were measured, inside both mandates. */
    function trade({
      start,
      homes: all,
      readings,
      energies,
    }: {
      start: number
      homes: Model[]
      readings: Map<Model, SeatDay['measured']>
      energies: Map<Model, { importWh: number; exportWh: number }[]>
    }): Map<Model, Fill[]> {
      const fills = new Map<Model, Fill[]>(all.map((home) => [home, []]))
      for (let k = 0; k < batchSeconds / interval; k += 1) {
        const from = start + k * interval
        const price = upTo(1_200) - 300
        const fee = upTo(200)
        const able = all.filter((home) => {
          const times = readings.get(home)!.map(({ time }) => time)
          const measured = times.includes(from) && times.includes(from + interval)
          return measured && home.base.time <= from && !lastAt(home.standings, from).barred
        })
        const seller = able.filter((home) => lastAt(home.terms, from).floor <= price)[upTo(2)]
        const buyers = able.filter((home) => home !== seller && lastAt(home.terms, from).ceiling >= price + fee)
        const buyer = buyers[upTo(2)]
        if (seller === undefined || buyer === undefined) continue
        const energy = upTo(Math.min(energies.get(seller)![k]!.exportWh, energies.get(buyer)![k]!.importWh))
        if (energy === 0) continue
        fills.get(seller)!.push({ start: from, isSale: true, energyWh: energy, amount: price * energy })
        fills.get(buyer)!.push({ start: from, isSale: false, energyWh: energy, amount: (price + fee) * energy })
        seen.trades += 1
        if (price < 0) seen.negative += 1
      }
      return fills
    }

    async function wordsOf(entries: BatchEntry[], end: number): Promise<(EntryFields & { signature: string })[]> {
      const words: (EntryFields & { signature: string })[] = []
      const before = new Map(homes.map(({ home, base }) => [home.number, base]))
      for (const entry of entries) {
        const { home } = homes.find((one) => one.home.number === entry.seat)!
        const base = before.get(entry.seat)!
        const { time, importWh, exportWh, soldWh, boughtWh, paid, received } = entry
        const { signature } = await street.reading(home, time, importWh, exportWh)
        const deltas = { exportDelta: exportWh - base.exportWh, importDelta: importWh - base.importWh }
        const fields = { number: entry.seat, lag: (end - time) / interval, ...deltas, soldWh, boughtWh, paid, received }
        words.push({ ...fields, signature })
        before.set(entry.seat, { time, importWh, exportWh })
      }
      return words
    }

    /** Between the parts of a batch: somebody deposits, and a ripe request is claimed. */
    async function disturb(): Promise<void> {
      if (chance(20)) {
        const home = homes[upTo(4)]!
        await street.deposit(home.home, 1_000n)
        home.balance += 1_000n
      }
      const { claimableAt } = await escrow.withdrawalOf(idOf(homes[0]!))
      await mine(provider)
      const now = (await provider.getBlock('latest'))!.timestamp
      if (claimed || now < Number(claimableAt)) return
      await street.call(operator, 'claim', idOf(homes[0]!))
      homes[0]!.balance -= 1_000_000n
      claimed = true
      seen.claims += 1
    }
  }, 120_000)
}
