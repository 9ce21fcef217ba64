/** The people of the test street: keys, the area's settings, and what they sign. No server is needed for any of it. */
import { Wallet } from 'ethers'
import {
  type Agreement,
  hashRules,
  type Order,
  type SessionKey,
  signCompact,
  signFull,
} from '../../contracts/protocol/typed-data.ts'
import type { SignedReading } from '../../contracts/protocol/wire.ts'
import type { AreaSettings } from '../../server/areas/settings.ts'
import type { ChainSeat } from '../../server/market/area/area.ts'
import { intervalSeconds, rules as plainRules, seat, t0, terms } from '../market/engine/street.ts'

const walletOf = (byte: string) => new Wallet(`0x${byte.repeat(32)}`)
export const people = {
  alice: walletOf('a1'),
  bob: walletOf('b2'),
  grid: walletOf('c3'),
  stranger: walletOf('d4'),
  metering: walletOf('e5'),
}
export const meters = { alice: walletOf('1a'), bob: walletOf('2b'), stranger: walletOf('4d') }
export const lower = (wallet: { address: string }) => wallet.address.toLowerCase()

/** Alice sells from the north feeder, Bob buys in the south one, whose link carries 400 Wh an interval. */
export function settingsOfArea(area: number, change: Partial<AreaSettings> = {}): AreaSettings {
  const rules = { ...plainRules, area, grid: lower(people.grid) }
  return {
    area,
    name: 'Test street',
    currency: 'EUR',
    priceDecimals: 4,
    feedInTicks: 800,
    retailTicks: 3_000,
    graceMs: 60_000,
    lowestTicks: 0,
    ownUse: 'net',
    clock: [],
    sharing: null,
    zones: [
      { zone: 'street', name: 'The street', parent: null, feeTicksPerKwh: 0, capacityWh: null },
      { zone: 'north', name: 'North feeder', parent: 'street', feeTicksPerKwh: 100, capacityWh: null },
      { zone: 'south', name: 'South feeder', parent: 'street', feeTicksPerKwh: 100, capacityWh: 400 },
    ],
    rules,
    rulesHash: hashRules(rules),
    chain: {
      chainId: 31337,
      escrow: `0x${'7'.repeat(40)}`,
      token: rules.token,
      tokenName: 'Local Euro',
      tokenDecimals: 6,
      withdrawalDelaySeconds: 300,
    },
    ...change,
  }
}

export const settings = settingsOfArea(1)
export const domain = settings.chain
/** The seats as the escrow numbers them. */
export const seatIds = { alice: String(2 ** 32 + 1), bob: String(2 ** 32 + 2) }

/** A seat as the chain shows it. */
export function seatOfPerson(name: 'alice' | 'bob', zone: string, change: Partial<ChainSeat> = {}): ChainSeat {
  return seat(name === 'alice' ? 1 : 2, {
    ...{ account: lower(people[name]), meter: lower(meters[name]), terms: [terms({ zone })] },
    ...change,
  })
}

export function orderOf(name: 'alice' | 'bob', change: Partial<Order> = {}): Order {
  return {
    account: lower(people[name]),
    meter: lower(meters[name]),
    rules: settings.rulesHash,
    market: 0,
    side: name === 'alice' ? 1 : 0,
    timeInForce: 0,
    limitPrice: name === 'alice' ? 1_000 : 2_500,
    maxWh: 1_000,
    start: t0,
    end: t0 + 100 * intervalSeconds,
    nonce: 1,
    ...change,
  }
}

/** Alice's or Bob's grant for a key that may sign any order. */
export function grantOf(name: 'alice' | 'bob', key: Wallet): SessionKey {
  return {
    account: lower(people[name]),
    key: lower(key),
    rules: settings.rulesHash,
    sides: 3,
    lowestPrice: -10_000,
    highestPrice: 10_000,
    validFrom: 0,
    validUntil: t0 + 300 * 86_400,
  }
}

export async function signedOrder(name: 'alice' | 'bob', change: Partial<Order> = {}, signer: Wallet = people[name]) {
  const order = orderOf(name, change)
  return { order, signature: await signFull(signer, domain, 'Order', order) }
}

export async function signedReading(
  name: 'alice' | 'bob' | 'stranger',
  value: { time: number; epoch?: number; importWh?: number; exportWh?: number; quality?: number },
  signer: Wallet = meters[name],
): Promise<SignedReading> {
  const reading = { meter: lower(meters[name]), epoch: 1, importWh: 0, exportWh: 0, quality: 0, ...value }
  return {
    ...reading,
    signature: await signCompact(signer, domain, 'Reading', reading),
    sequence: Math.ceil((value.time - t0) / intervalSeconds) + 1,
    productionWh: 10 * (value.exportWh ?? 0),
    reasons: [],
  }
}

const lastHellos = new Map<string, number>()

/** Seconds of now, or as few later as it takes: an announcement of a meter is good once, and there are many of them in a test's second. */
export function helloTime(meter: { address: string }): number {
  const time = Math.max(Math.floor(Date.now() / 1000), (lastHellos.get(meter.address) ?? 0) + 1)
  lastHellos.set(meter.address, time)
  return time
}

export async function hello(
  name: 'alice' | 'bob' | 'stranger',
  time = helloTime(meters[name]),
  signer: Wallet = meters[name],
) {
  const value = { meter: lower(meters[name]), time }
  return { ...value, signature: await signCompact(signer, domain, 'AgentHello', value) }
}

/** Alice's surplus goes to Bob. */
function agreementOf(change: Partial<Agreement> = {}): Agreement {
  return {
    ...{ seller: lower(people.alice), sellerMeter: lower(meters.alice) },
    ...{ buyer: lower(people.bob), buyerMeter: lower(meters.bob), rules: settings.rulesHash },
    ...{ kind: 2, amount: 0, price: 1_500, start: t0, end: t0 + 100 * intervalSeconds, noticeSeconds: 0, nonce: 1 },
    ...change,
  }
}

export async function signedAgreement(
  change: Partial<Agreement> = {},
  signers: { seller?: Wallet; buyer?: Wallet } = {},
) {
  const { seller = people.alice, buyer = people.bob } = signers
  const agreement = agreementOf(change)
  const sign = (signer: Wallet) => signFull(signer, domain, 'Agreement', agreement)
  return { agreement, sellerSignature: await sign(seller), buyerSignature: await sign(buyer) }
}
