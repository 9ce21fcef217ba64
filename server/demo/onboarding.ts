/**
 * What an owner and the grid operator do once for a meter: sign, have it relayed, and wait for the chain. Every step looks
 * first whether it is done already, so that an interrupted start goes on where it stopped.
 */
import type { Wallet } from 'ethers'
import type { SignedInvitation } from '../../contracts/protocol/invitation-link.ts'
import { type EscrowDomain, type Mandate, type Order, signFull } from '../../contracts/protocol/typed-data.ts'
import { parseMoney, parsePrice } from '../../contracts/protocol/units.ts'
import type { Enrolment } from '../../contracts/protocol/wire.ts'
import type { AreaResource, OrderResource, SeatResource, WalletResource } from '../api/resources.ts'
import { type ApiClient, signInWithKey } from '../api-client.ts'

/** What one home wants of the market: prices in tokens per kWh, energies in Wh per interval, money in tokens. */
export interface Wishes {
  zone: string
  sellFloorPerKwh: string
  buyCeilingPerKwh: string
  maxSellWh: number
  maxBuyWh: number
  /** The connection's most export per interval, which the grid operator confirms. */
  nameplateWh: number
  /** Null for a companion, which trades nothing. */
  deposit: string | null
  sellAtPerKwh: string | null
  buyAtPerKwh: string | null
}

/** What the grid operator does for a home. */
export interface GridOffice {
  /** Invites one account. */
  invite(): Promise<SignedInvitation>
  confirm(meter: { seat: string; zone: string; mostExportWh: number; isCompanion: boolean }): Promise<void>
}

export interface Onboarding {
  serverUrl: string
  area: AreaResource
  account: Wallet
  office: GridOffice
  enrolment: Enrolment
  wishes: Wishes
  /** Wall clock in ms. */
  now: () => number
  signal: AbortSignal
}

const daySeconds = 86_400
const pollMs = 500
const patienceMs = 120_000
const signatureLifeSeconds = 3_600

/** What settling in takes once the seat is open. */
export interface SettlingIn extends Pick<Onboarding, 'area' | 'account' | 'now' | 'signal'> {
  office: Pick<GridOffice, 'confirm'>
  wishes: Omit<Wishes, 'sellFloorPerKwh' | 'buyCeilingPerKwh'>
}

/** Opens, confirms and funds the seat and places its standing orders; returns the seat as the server shows it. */
export async function onboard(home: Onboarding): Promise<SeatResource> {
  const { account, area, enrolment } = home
  const address = account.address.toLowerCase()
  const client = await signInWithKey(home.serverUrl, account, area.chain.chainId)
  const seatNow = () => seatOf(client, address, enrolment.meter)
  let seat = await seatNow()
  if (seat === undefined) {
    const { invitation, signature } = await home.office.invite()
    await client.post(`/areas/${area.area}/invitations`, { invitation, signature }, `invitation-${address}`)
    await client.post('/relay/seats', await seatRequest(home), `seat-${enrolment.meter}`)
    seat = await eventually(seatNow, 'the seat to be open on chain', home.signal)
  }
  return settleIn(home, client, seat)
}

async function seatOf(client: ApiClient, account: string, meter: string): Promise<SeatResource | undefined> {
  const { items } = await client.get<{ items: SeatResource[] }>(`/accounts/${account}/seats`)
  return items.find((seat) => seat.meter === meter)
}

/** Confirms and funds an open seat and places its standing orders, each where it is not done yet; returns the seat as the server shows it. */
export async function settleIn(home: SettlingIn, client: ApiClient, opened: SeatResource): Promise<SeatResource> {
  const address = home.account.address.toLowerCase()
  const own = `/accounts/${address}/orders?seat=${opened.seat}`
  const placed = (await client.get<{ items: OrderResource[] }>(own)).items
  const amount = home.wishes.deposit
  await Promise.all([
    opened.confirmed ? undefined : confirm(home, opened),
    opened.balance === '0' && amount !== null ? deposit(home, client, opened, amount) : undefined,
    ...(['sell', 'buy'] as const).map((side) => {
      const price = side === 'sell' ? home.wishes.sellAtPerKwh : home.wishes.buyAtPerKwh
      const missing = price !== null && !placed.some((order) => order.side === side)
      return missing ? placeOrder(home, client, opened, side, price) : undefined
    }),
  ])
  return eventually(
    async () => {
      const now = await seatOf(client, address, opened.meter)
      return now?.confirmed && (amount === null || now.balance !== '0') ? now : undefined
    },
    'confirmation and deposit',
    home.signal,
  )
}

function domainOfArea(area: AreaResource): EscrowDomain {
  return { chainId: area.chain.chainId, escrow: area.chain.escrow }
}

function deadlineOf(home: Pick<Onboarding, 'now'>): number {
  return Math.floor(home.now() / 1000) + signatureLifeSeconds
}

async function seatRequest(home: Onboarding) {
  const { area, enrolment, wishes, account } = home
  const mandate: Mandate = {
    account: account.address.toLowerCase(),
    meter: enrolment.meter,
    rules: area.rules.hash,
    sellFloor: parsePrice(wishes.sellFloorPerKwh, area.priceDecimals),
    buyCeiling: parsePrice(wishes.buyCeilingPerKwh, area.priceDecimals),
    maxSellWh: wishes.maxSellWh,
    maxBuyWh: wishes.maxBuyWh,
    validFrom: enrolment.epoch.time,
    validUntil: (Math.floor(enrolment.epoch.time / daySeconds) + 365) * daySeconds,
    version: 1,
    deadline: deadlineOf(home),
  }
  return {
    mandate,
    mandateSignature: await signFull(account, domainOfArea(area), 'Mandate', mandate),
    consentValidFrom: enrolment.consentValidFrom,
    consentDeadline: enrolment.consentDeadline,
    consentSignature: enrolment.consentSignature,
    epoch: enrolment.epoch,
    epochSignature: enrolment.epochSignature,
  }
}

function confirm({ office, wishes }: SettlingIn, { seat }: SeatResource): Promise<void> {
  const { zone, nameplateWh: mostExportWh, deposit } = wishes
  return office.confirm({ seat, zone, mostExportWh, isCompanion: deposit === null })
}

async function deposit(home: SettlingIn, client: ApiClient, seat: SeatResource, amount: string): Promise<void> {
  const { area, account } = home
  const own = `/accounts/${account.address.toLowerCase()}`
  const wallet = await client.get<WalletResource>(`${own}/wallet?area=${area.area}`)
  const deadline = deadlineOf(home)
  const unitsPerToken = 10n ** BigInt(area.chain.tokenDecimals)
  const value = (parseMoney(amount) * unitsPerToken) / parseMoney('1')
  const signature = await account.signTypedData(
    wallet.permitDomain!,
    {
      Permit: [
        { name: 'owner', type: 'address' },
        { name: 'spender', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'nonce', type: 'uint256' },
        { name: 'deadline', type: 'uint256' },
      ],
    },
    { owner: account.address, spender: area.chain.escrow, value, nonce: wallet.permitNonce, deadline },
  )
  const body = { seat: seat.seat, amount, deadline, signature }
  await client.post('/relay/deposits', body, `deposit-${seat.seat}-${wallet.permitNonce}`)
}

async function placeOrder(
  home: SettlingIn,
  client: ApiClient,
  seat: SeatResource,
  side: 'sell' | 'buy',
  price: string,
) {
  const { area, account, wishes } = home
  const length = area.intervalSeconds
  const order: Order = {
    account: account.address.toLowerCase(),
    meter: seat.meter,
    rules: area.rules.hash,
    market: 0,
    side: side === 'buy' ? 0 : 1,
    timeInForce: 0,
    limitPrice: parsePrice(price, area.priceDecimals),
    maxWh: side === 'buy' ? wishes.maxBuyWh : wishes.maxSellWh,
    start: (Math.floor(home.now() / 1000 / length) + 1) * length,
    end: Math.floor(Date.parse(seat.mandate.validUntil) / 1000 / length) * length,
    nonce: home.now(),
  }
  const signature = await signFull(account, domainOfArea(area), 'Order', order)
  await client.post('/orders', { order, signature }, `order-${seat.seat}-${side}-${order.nonce}`)
}

/** Asks until there is an answer, or nobody waits for it any more. */
export async function eventually<T>(ask: () => Promise<T | undefined>, what: string, signal?: AbortSignal): Promise<T> {
  const until = Date.now() + patienceMs
  for (;;) {
    signal?.throwIfAborted()
    const answer = await ask()
    if (answer !== undefined) return answer
    if (Date.now() > until) throw new Error(`gave up waiting for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}
