/** What accounts, grid operators and the server itself have carried to the chain: closing, moving, revoking, reports, grants taken back. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Wallet } from 'ethers'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { deployRevocations } from '../../contracts/build/deploy.ts'
import { signRevocation } from '../../contracts/protocol/data-grants.ts'
import { partsOfSeatId, seatIdOf } from '../../contracts/protocol/entry.ts'
import { typedRequests } from '../../server/api/typed-requests.ts'
import { reportEquivocations } from '../../server/chain/equivocations.ts'
import { ChainError } from '../../server/chain/error.ts'
import { createRelay } from '../../server/chain/relay.ts'
import { readRevocations } from '../../server/chain/revocations.ts'
import { meterOf } from '../../server/demo/homes.ts'
import { hasSeatClosed, nextEpoch } from '../../server/founding/meter-seats.ts'
import type { Database } from '../../server/store/database.ts'
import { revokedBelowOf } from '../../server/store/grant-store.ts'
import { signFromDocument } from '../api/sign-from-document.ts'
import { scratchFolder } from '../demo/scratch-folder.ts'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'
import { type Market, startMarket } from './market.ts'
import {
  area,
  chainId,
  chainTime,
  forever,
  fundedKey,
  type Home,
  mine,
  openStreet,
  passUntil,
  type Street,
  startTestChain,
  type TestChain,
} from './street.ts'

const log = pino({ level: 'silent' })
const grid = new Wallet(fundedKey(8))
let chain: TestChain
let server: ScratchServer
let database: Database
let street: Street
let market: Market
let homes: [Home, Home, Home]
beforeAll(async () => {
  chain = await startTestChain()
  server = await startScratchServer()
  const fresh = await server.fresh()
  database = fresh.database
  const operator = new Wallet(fundedKey(4))
  street = await openStreet(chain.provider, { operator, deposits: [0n, 9_000_000n, 0n] })
  market = await startMarket({ chain, database, url: fresh.url, street, operator })
  await market.indexer.advance()
  homes = street.homes as [Home, Home, Home]
})
afterAll(async () => {
  await market?.stop()
  await server?.stop()
  await chain?.stop()
})

type Moved = Parameters<Market['relay']['requestMove']>[0]
type Revoked = Parameters<Market['relay']['revokeMeter']>[0]
type Closed = Parameters<Market['relay']['closeSeat']>[0]
/** Signs a request as the API's document says. */
async function signedFor<Request extends object>(
  id: string,
  body: object,
  signers: Record<string, Wallet>,
  account?: Wallet,
) {
  const { priceDecimals, rulesHash, chain: place } = market.settings
  const area = { priceDecimals, rules: { hash: rulesHash }, chain: place }
  const seat = { account: account === undefined ? undefined : lower(account) }
  const signed = await signFromDocument(typedRequests[id]!, { body, area, seat }, signers)
  return signed as Request
}

const seatOf = (home: Home) => seatIdOf(area, home.number).toString()
const recordOf = (home: Home) => market.indexer.head.view.get(area)!.seats.get(home.number)!
const lower = (wallet: Wallet) => wallet.address.toLowerCase()

test('a meter that signs two values for one boundary is reported once, with both signatures', async () => {
  const [home] = homes
  const sent: unknown[] = []
  const relay = {
    reportEquivocation: (request: Parameters<Market['relay']['reportEquivocation']>[0]) => {
      sent.push(request)
      return market.relay.reportEquivocation(request)
    },
  }
  const report = (by: Parameters<typeof reportEquivocations>[0]['relay'] = relay) =>
    reportEquivocations({ database, relay: by, settings: [market.settings], log })
  await market.passTo(street.from)
  await market.read(home, street.from, 1_000, 2_000)
  await report()
  expect(sent).toEqual([])
  const contradicting = await market.read(home, street.from, 1_000, 2_060)
  expect(contradicting).toContainEqual(expect.objectContaining({ type: 'meter-suspended' }))

  // As long as nobody can be asked it waits, and the pair is kept meanwhile.
  const down = { reportEquivocation: () => Promise.reject(new ChainError('CHAIN_UNREACHABLE', 'no connection')) }
  await expect(report(down)).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' })
  await report()
  await report()
  await market.turn()
  await report()
  expect(sent).toHaveLength(1)
  expect(sent[0]).toMatchObject({ readings: [{ exportWh: 2_000 }, { exportWh: 2_060 }] })
  expect(recordOf(home).standings.at(-1)).toMatchObject({ barred: true })
  const [kept] = await database`select first, second, transaction, refusal from equivocations`
  const signature = expect.stringMatching(/^0x[0-9a-f]{128}$/)
  expect(kept).toMatchObject({ first: { exportWh: 2_000, signature }, second: { exportWh: 2_060, signature } })
  expect(kept).toMatchObject({ transaction: expect.stringMatching(/^0x/), refusal: null })
  const sentOnChain = await database`select from transactions where purpose like 'report %'`
  expect(sentOnChain).toHaveLength(1)
})

test('a report that somebody else brought first costs nothing, and is over', async () => {
  const [, , home] = homes
  const time = street.from + 10
  await market.passTo(time)
  await market.read(home, time, 1_000, 2_000)
  await market.read(home, time, 1_001, 2_000)
  const [first, second] = await Promise.all([
    street.reading(home, time, 1_000, 2_000),
    street.reading(home, time, 1_001, 2_000),
  ])
  const { signature: firstSignature, ...one } = first
  const { signature: secondSignature, ...other } = second
  await street.call(new Wallet(fundedKey(7)), 'reportEquivocation', one, firstSignature, other, secondSignature)
  await reportEquivocations({ database, relay: market.relay, settings: [market.settings], log })
  const [kept] = await database`select transaction, refusal from equivocations where meter = ${lower(home.meter)}`
  expect(kept).toMatchObject({ transaction: null, refusal: expect.stringMatching(/NotEquivocation/) })
  expect(await database`select from transactions where purpose like 'report %'`).toHaveLength(1)
})

/** A second seat of the account, with a meter of its own. */
async function openSecondSeat({ account }: Home): Promise<string> {
  const meter = new Wallet(Wallet.createRandom().privateKey)
  const parties = { account: lower(account), meter: lower(meter), rules: market.settings.rulesHash }
  const { mandate: first } = recordOf(homes[1]).terms[0]!
  const mandate = { ...first, ...parties, version: 1, deadline: forever }
  const soon = (await chainTime(chain.provider)) + 600
  const consent = { ...parties, validFrom: first.validFrom, deadline: soon }
  const epoch = { ...parties, epoch: 1, time: first.validFrom, importWh: 0, exportWh: 0 }
  const { validFrom: consentValidFrom, deadline: consentDeadline } = consent
  const opening = { mandate, consentValidFrom, consentDeadline, epoch }
  const signers = { '/mandateSignature': account, '/consentSignature': meter, '/epochSignature': meter }
  await market.relay.openSeat(await signedFor('relaySeat', opening, signers))
  await market.turn()
  const seats = [...market.indexer.head.view.get(area)!.seats.values()]
  return seatIdOf(area, seats.find((seat) => seat.meter === parties.meter)!.seat).toString()
}

test('a purse moves by what its account signed, and by nothing else', async () => {
  const [target, home] = homes
  const { relay } = market
  const second = await openSecondSeat(home)
  const from = seatOf(home)
  const move = { from, to: second, amount: '0.001', nonce: 0, deadline: forever }
  const request = await signedFor<Moved>('relayMove', move, { '/signature': home.account }, home.account)
  await expect(relay.requestMove({ ...request, amount: '0.002' })).rejects.toMatchObject({
    contractError: 'BadSignature',
  })
  await expect(relay.requestMove({ ...request, to: seatOf(target) })).rejects.toMatchObject({
    contractError: 'WrongParty',
  })
  await expect(relay.requestMove({ ...request, amount: '0.00000001' })).rejects.toMatchObject({ code: 'CHAIN_REQUEST' })
  await relay.requestMove(request)
  await market.turn()
  expect(recordOf(home).movesTo).toBe(second)
  await passUntil(chain.provider, recordOf(home).withdrawal!.claimableAt)
  await relay.claim({ seat: from })
  await market.turn()
  expect(recordOf(home)).toMatchObject({ balance: 8_990_000n, withdrawal: null, movesTo: null })
  const view = market.indexer.head.view.get(area)!
  expect(view.seats.get(partsOfSeatId(BigInt(second)).number)).toMatchObject({ balance: 10_000n })
})

test('a meter is revoked by the grid operator’s word, a seat closed by its account’s', async () => {
  const [, home] = homes
  const { relay } = market
  const seat = seatOf(home)
  const from = (await chainTime(chain.provider)) + 600
  const revocation = { seat, from, version: 2, deadline: forever }
  const revokedBy = (signer: Wallet) => signedFor<Revoked>('relayRevocation', revocation, { '/signature': signer })
  const byAnother = await revokedBy(home.account)
  await expect(relay.revokeMeter(byAnother)).rejects.toMatchObject({ contractError: 'BadSignature' })
  await relay.revokeMeter(await revokedBy(grid))
  const close = { seat, version: 2, deadline: forever }
  const closing = await signedFor<Closed>('relayClosure', close, { '/signature': home.account }, home.account)
  const { hash } = await relay.closeSeat(closing)
  expect(await relay.closeSeat(closing)).toEqual({ hash })
  await market.turn()
  expect(recordOf(home).terms.at(-1)).toMatchObject({ closed: true, mandate: { version: 2 } })
  expect(recordOf(home).standings.at(-1)).toMatchObject({ barred: true })
})

test('the demo sees by the escrow when a visitor’s seat is over, whichever key its meter has by now', async () => {
  const [stays, gone] = homes
  const folder = scratchFolder()
  const place = { settings: market.settings, watchers: { keys: [], quorum: 0 }, rpcUrl: chain.chain.url }
  const hasLeft = ({ account, meter }: Home, text: string) => {
    const file = join(folder, `${meter.address}.key`)
    writeFileSync(file, text, { mode: 0o600 })
    return hasSeatClosed(place, lower(account), meterOf(file))
  }
  const rotated = `${Wallet.createRandom().privateKey}\nmeter ${lower(gone.meter)}\n`
  const { from } = recordOf(gone).terms.at(-1)!
  onTestFinished(() => void vi.useRealTimers())
  vi.useFakeTimers({ toFake: ['Date'], now: (from - 1) * 1000 })
  expect(await hasLeft(gone, `${gone.meter.privateKey}\n`)).toBe(false)
  vi.setSystemTime(from * 1000)
  expect(await hasLeft(gone, `${gone.meter.privateKey}\n`)).toBe(true)
  expect(await hasLeft(gone, rotated)).toBe(true)
  expect(await hasLeft(stays, `${stays.meter.privateKey}\n`)).toBe(false)
  expect(await hasLeft(stays, `${Wallet.createRandom().privateKey}\n`)).toBe(false)
  // Whoever takes the meter over begins its next epoch.
  expect(await nextEpoch(place, gone.meter.address)).toBe(2)
  expect(await nextEpoch(place, Wallet.createRandom().address)).toBe(1)
})

test('grants are taken back through the server or without it, and both are read from the contract', async () => {
  const { address: revocations } = await deployRevocations(new Wallet(fundedKey(9), chain.provider))
  const { sender, indexer, settings } = market
  const relay = createRelay({ sender, indexer, facts: settings.chain, revocations, batchesOf: () => undefined })
  const key = { chainId, revocations }
  const owners = [new Wallet(Wallet.createRandom().privateKey), new Wallet(Wallet.createRandom().privateKey)] as const
  const signed = async (owner: Wallet, below: number) => {
    const value = { account: lower(owner), below, deadline: forever }
    return { ...value, signature: await signRevocation(owner, key, value) }
  }
  const read = () => readRevocations({ database, provider: chain.provider, ...key, firstBlock: street.firstBlock })
  const belowOf = (owner: Wallet) => revokedBelowOf(database, { ...key, account: lower(owner) })
  await read()
  const first = await signed(owners[0], 5)
  await expect(relay.revokeGrants({ ...first, below: 6 })).rejects.toMatchObject({ contractError: 'BadSignature' })
  const { hash } = await relay.revokeGrants(first)
  expect(await relay.revokeGrants(first)).toEqual({ hash })
  await mine(chain.provider)
  await read()
  expect(await Promise.all(owners.map(belowOf))).toEqual([5n, 0n])
  await expect(relay.revokeGrants(await signed(owners[0], 4))).rejects.toMatchObject({ contractError: 'NotHigher' })

  const other = createRelay({ sender, indexer, facts: settings.chain, revocations, batchesOf: () => undefined })
  await other.revokeGrants(await signed(owners[1], 2 ** 42))
  // What is in a block that is replaced stays taken back here: its owner has signed it.
  const before = await chain.provider.send('evm_snapshot', [])
  await mine(chain.provider)
  await read()
  await chain.provider.send('evm_revert', [before])
  await read()
  expect(await Promise.all(owners.map(belowOf))).toEqual([5n, BigInt(2 ** 42)])
})
