/**
 * The same batches through the TypeScript netting and the escrow: what fills add up to is what the chain's balances say. Watchers sign,
 * are silent or refuse, both offices pass on, purses leave and move, and one of the accounts is a passkey's.
 */
import { Contract, Wallet } from 'ethers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accountsInterface, deployAccounts, escrowAt } from '../../contracts/build/deploy.ts'
import { entryWordsOf, hashOfEntryWords, headerOf } from '../../contracts/protocol/batch.ts'
import { type EntryFields, encodeEntry, partsOfSeatId, seatIdOf } from '../../contracts/protocol/entry.ts'
import { noKey } from '../../contracts/protocol/passkey.ts'
import {
  type Hex,
  hashRules,
  hashWatchers,
  signCompact,
  signFull,
  type TypedDataSigner,
} from '../../contracts/protocol/typed-data.ts'
import type { BatchEntry } from '../../server/market/area/area.ts'
import {
  chainTime,
  forever,
  fundedKey,
  mine,
  openStreet,
  passUntil,
  startTestChain,
  type TestChain,
} from '../chain/street.ts'
import { Dice } from '../market/random-auctions.ts'
import { Passkey } from '../passkeys.ts'
import { type Fill, netBatch, type SeatDay } from '../settlement/net-batch.ts'

const interval = 10
const batchSeconds = 60
const batches = 8
const deposited = 20_000_000n
const graceSeconds = 30

let chain: TestChain
beforeAll(async () => {
  chain = await startTestChain()
})
afterAll(() => chain?.stop())

interface Resident {
  number: number
  account: TypedDataSigner & { address: string }
  meter: Wallet
}

/** What the test knows of a seat, by its own sums: nothing here comes from the netting or the chain. */
interface Model {
  home: Resident
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
  /** The version of what the grid operator said of it last. */
  said: number
}

const lastAt = <Change extends { from: number }>(changes: Change[], time: number) =>
  changes.findLast(({ from }) => from <= time)!

for (const seed of [20_261_101, 20_261_102]) {
  test(`random streets have the same balances in TypeScript and on chain: seed ${seed}`, async () => {
    const dice = new Dice(seed)
    const upTo = (most: number) => dice.between(0, most)
    const oneOf = (all: readonly Model[]) => all[upTo(Math.max(0, all.length - 1))]
    const chance = (percent: number) => dice.between(1, 100) <= percent
    const { provider } = chain
    let operator = new Wallet(fundedKey(7))
    let grid = new Wallet(fundedKey(8))
    const [nextOperator, nextGrid] = [new Wallet(fundedKey(6)), new Wallet(fundedKey(5))]
    const signers = Array.from({ length: 3 }, () => new Wallet(Wallet.createRandom().privateKey))
    signers.sort((a, b) => (a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1))
    const watchers = { keys: signers.map(({ address }) => address.toLowerCase()), quorum: 2 }
    const street = await openStreet(provider, {
      ...{ operator, deposits: Array.from({ length: 5 }, () => deposited), watchers },
      rules: { watchers: hashWatchers(watchers), watcherGraceSeconds: graceSeconds },
    })
    const escrow = escrowAt(street.escrow, provider)
    const idOf = ({ home }: Model) => seatIdOf(street.rules.area, home.number)
    const owner = street.homes[1]!.account
    const residents: Resident[] = [
      ...street.homes,
      // A second seat of one account, and one of an account that a passkey owns.
      await moveIn(owner),
      await moveIn(await passkeyAccount()),
    ]
    const homes: Model[] = residents.map((home) => ({
      home,
      balance: deposited,
      base: { time: 0, importWh: 1_000, exportWh: 2_000 },
      importWh: 1_000,
      exportWh: 2_000,
      version: 1,
      terms: [{ from: 0, floor: -500, ceiling: 10_000 }],
      standings: [{ from: 0, barred: false }],
      bars: 0,
      said: 1,
    }))
    let gridTake = 0n
    const seen = {
      ...{ trades: 0, parts: 0, abandoned: 0, changes: 0, negative: 0, rebases: 0, claims: 0 },
      ...{ signed: 0, silent: 0, refused: 0, successions: 0, passkeyTrades: 0, passkeyChanges: 0 },
    }
    // The first home asks for some of its money, and the second one moves some to its other seat: ripe in the middle of the run.
    const asker = homes[0]!
    const withdrawal = {
      account: asker.home.account.address.toLowerCase(),
      seat: idOf(asker),
      amount: 1_000_000n,
      to: operator.address.toLowerCase(),
      nonce: 0,
      deadline: forever,
    }
    const asked = await signFull(asker.home.account, street.domain, 'Withdrawal', withdrawal)
    await street.call(operator, 'requestWithdrawal', withdrawal, asked)
    const [mover, arrival] = [homes[1]!, homes[5]!]
    const { amount, nonce, deadline } = withdrawal
    const move = { account: owner.address.toLowerCase(), from: idOf(mover), to: idOf(arrival), amount, nonce, deadline }
    await street.call(operator, 'requestMove', move, await signFull(owner, street.domain, 'MovePurse', move))
    let requests: { from: Model; to: Model | null }[] = [
      { from: asker, to: null },
      { from: mover, to: arrival },
    ]
    await street.call(grid, 'offerOperator', street.rules.area, nextOperator.address)
    await street.call(grid, 'offerGrid', street.rules.area, nextGrid.address)

    const first = Math.ceil(street.from / batchSeconds) * batchSeconds + batchSeconds
    for (let batch = 0; batch < batches; batch += 1) {
      const start = first + batch * batchSeconds
      const end = start + batchSeconds
      await passUntil(provider, start - interval - 2)
      await succeed()
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
      // One batch is given up for sure.
      const parts = batch === 3 ? 2 : 1 + upTo(2)
      const isGivenUp = parts > 1 && (batch === 3 || chance(20))
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
      const isSilent = batch % 4 === 1
      if (batch % 4 === 2) await refuse({ ...header, statementRoot: `0x${'11'.repeat(32)}` }, encoded(ofPart(0)))
      if (isSilent) {
        await street.call(operator, 'announceBatch', street.rules.area, headerOf(header))
        await passUntil(provider, (await chainTime(provider)) + graceSeconds)
      }
      seen[isSilent ? 'silent' : 'signed'] += 1
      const approvals = isSilent ? '0x' : await signaturesOf(headerOf(header), [upTo(1), 2])
      for (let part = 0; part < parts; part += 1) {
        if (isGivenUp && part === parts - 1) break
        const given = { watchers, signatures: part === 0 ? approvals : '0x' }
        await street.call(operator, 'settle', { ...header, part }, encoded(ofPart(part)), given)
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
    await street.call(grid, 'withdrawGrid', street.rules.area, gridTake, grid.address)
    expect(await escrow.gridBalance(street.rules.area)).toBe(gridTake % 10n)

    function encoded(words: (EntryFields & { signature: string })[]): string {
      return `0x${words.map(({ signature, ...fields }) => encodeEntry(fields, signature as Hex).slice(2)).join('')}`
    }

    /** Of the watchers at these places, which ascend. */
    async function signaturesOf(header: Hex, places: readonly number[]): Promise<string> {
      const approval = { rules: hashRules(street.rules), header }
      const signed = places.map((place) => signCompact(signers[place]!, street.domain, 'BatchApproval', approval))
      return `0x${(await Promise.all(signed)).map((signature) => signature.slice(2)).join('')}`
    }

    /** Two of three watchers refuse a batch: it never settles, whoever signs it. */
    async function refuse(wrong: Parameters<typeof headerOf>[0], entries: string): Promise<void> {
      const refused = { rules: hashRules(street.rules), header: headerOf(wrong) }
      for (const place of [0, 2]) {
        const refusal = { ...refused, reason: 3 }
        const signature = await signCompact(signers[place]!, street.domain, 'BatchRefusal', refusal)
        await street.call(
          operator,
          'refuseBatch',
          street.rules.area,
          refused.header,
          refusal.reason,
          watchers,
          signature,
        )
      }
      const given = { watchers, signatures: await signaturesOf(refused.header, [0, 1]) }
      await expect(street.call(operator, 'settle', { ...wrong, part: 0 }, entries, given)).rejects.toThrow()
      seen.refused += 1
    }

    /** Both offices pass on as soon as they may, and those who had them settle and confirm no more. */
    async function succeed(): Promise<void> {
      const { from } = await escrow.operatorOffer(street.rules.area)
      if (from === 0n || (await chainTime(provider)) < Number(from) + 2) return
      await street.call(nextOperator, 'acceptOperator', street.rules.area)
      await street.call(nextGrid, 'acceptGrid', street.rules.area)
      await expect(street.call(operator, 'announceBatch', street.rules.area, `0x${'11'.repeat(32)}`)).rejects.toThrow()
      await expect(street.call(grid, 'showPresence', street.rules.area)).rejects.toThrow()
      operator = nextOperator
      grid = nextGrid
      seen.successions += 1
    }

    /** An account on chain whose owner is a new passkey. */
    async function passkeyAccount(): Promise<Resident['account']> {
      const signer = new Wallet(fundedKey(4), provider)
      const passkey = new Passkey()
      const factory = new Contract((await deployAccounts(signer, 3_600)).address, accountsInterface, signer)
      await (await factory.getFunction('open')(passkey.key, noKey)).wait()
      return Object.assign(passkey, { address: (await factory.getFunction('addressOf')(passkey.key, noKey)) as string })
    }

    /** A new meter of this account, confirmed, with as much money as the others. */
    async function moveIn(account: Resident['account']): Promise<Resident> {
      const meter = new Wallet(Wallet.createRandom().privateKey)
      const now = await chainTime(provider)
      const time = Math.floor(now / interval) * interval
      const rules = hashRules(street.rules)
      const parties = { account: account.address.toLowerCase(), meter: meter.address.toLowerCase(), rules }
      const mandate = {
        ...{ ...parties, sellFloor: -500, buyCeiling: 10_000, maxSellWh: 100_000, maxBuyWh: 100_000, validFrom: time },
        ...{ validUntil: (Math.floor(now / 86_400) + 30) * 86_400, version: 1, deadline: forever },
      }
      const times = { validFrom: time, deadline: now + 3_600 }
      const epoch = { ...parties, epoch: 1, time, importWh: 1_000, exportWh: 2_000 }
      const signed = await signFull(account, street.domain, 'Mandate', mandate)
      const consent = await signFull(meter, street.domain, 'MeterConsent', { ...parties, ...times })
      const begun = await signFull(meter, street.domain, 'EpochStart', epoch)
      await street.call(operator, 'openSeat', mandate, signed, times, consent, epoch, begun)
      const seat: bigint = await escrow.seatOf(account.address, meter.address, street.rules.area)
      const place = { seat, zone: `0x${'00'.repeat(32)}`, nameplateWh: 100_000, grade: 0 }
      await street.call(grid, 'confirmMeter', { ...place, from: time, bars: 0, version: 1, deadline: forever }, '0x')
      const home = { number: partsOfSeatId(seat).number, account, meter }
      await street.deposit(home, deposited)
      return home
    }

    /** Each change begins at a boundary of the batch to come, or later. */
    async function arrange(all: Model[], start: number): Promise<void> {
      for (const home of all) {
        // The clock goes on while transactions are sent: no change begins before the boundary after some seconds.
        const soonest = Math.ceil(((await chainTime(provider)) + 5) / interval) * interval
        const from = Math.max(start + interval * upTo(5), soonest)
        const isPasskey = home.home.account instanceof Passkey
        if (chance(isPasskey ? 60 : 30)) {
          const next = { from, floor: upTo(800) - 400, ceiling: 600 + upTo(900) }
          home.version += 1
          await street.call(operator, 'changeMandate', idOf(home), ...(await mandateOf(home, next)))
          home.terms = [...home.terms.filter((one) => one.from < from), next]
          seen.changes += 1
          if (isPasskey) seen.passkeyChanges += 1
        } else if (chance(15) && !isPasskey) {
          const barred = !home.standings.at(-1)!.barred
          const begins = Math.max(from, home.standings.at(-1)!.from + interval)
          home.said += 1
          const version = home.said
          if (barred) await street.call(grid, 'revokeMeter', idOf(home), begins, version, forever, '0x')
          else {
            const place = { seat: idOf(home), zone: `0x${'00'.repeat(32)}`, nameplateWh: 100_000, grade: 0 }
            const confirmation = { ...place, from: begins, bars: home.bars, version, deadline: forever }
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
        const seller = oneOf(able.filter((home) => lastAt(home.terms, from).floor <= price))
        const buyers = able.filter((home) => home !== seller && lastAt(home.terms, from).ceiling >= price + fee)
        const buyer = oneOf(buyers)
        if (seller === undefined || buyer === undefined) continue
        const energy = upTo(Math.min(energies.get(seller)![k]!.exportWh, energies.get(buyer)![k]!.importWh))
        if (energy === 0) continue
        fills.get(seller)!.push({ start: from, isSale: true, energyWh: energy, amount: price * energy })
        fills.get(buyer)!.push({ start: from, isSale: false, energyWh: energy, amount: (price + fee) * energy })
        seen.trades += 1
        if ([seller, buyer].some(({ home }) => home.account instanceof Passkey)) seen.passkeyTrades += 1
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
      await mine(provider)
      const now = await chainTime(provider)
      for (const request of requests) {
        const { from, to } = request
        if (now < Number((await escrow.withdrawalOf(idOf(from))).claimableAt)) continue
        await street.call(operator, 'claim', idOf(from))
        from.balance -= withdrawal.amount
        if (to !== null) to.balance += withdrawal.amount
        requests = requests.filter((one) => one !== request)
        seen.claims += 1
      }
    }
  })
}
