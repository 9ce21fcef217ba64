/**
 * The key with which this device places and withdraws orders for a passkey's account, so that nobody is asked for a fingerprint
 * at each change of a price. The passkey grants the key once, within the mandate's own sides, prices and time, and can take it
 * back. The key lies in the browser's storage: it can set a price that the mandate allows, and nothing else.
 */
import { Wallet } from 'ethers'
import { allowsOrder } from '../../contracts/protocol/session-keys.ts'
import {
  type EscrowDomain,
  type Order,
  type SessionKey,
  signFull,
  type TypedDataSigner,
} from '../../contracts/protocol/typed-data.ts'
import { parsePrice } from '../../contracts/protocol/units.ts'
import type { AreaResource, SeatResource } from '../../server/api/resources.ts'
import { getJson, postJson } from '../api/client.ts'
import { everyPage } from '../api/every-page.ts'
import type { Asker } from '../api/queries.ts'
import type { Granted, Identity, OrderKey, OrderKeys } from './identity.ts'

interface KeptKey {
  account: string
  meter: string
  secret: string
  granted: Granted
}

const place = 'commonwatt.order-keys'

function keptKeys(): KeptKey[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(place) ?? '[]')
    return Array.isArray(kept) ? (kept as KeptKey[]) : []
  } catch {
    return []
  }
}

/** The keys of an account on this device; `signer` is asked to sign the grant of a new one. */
export function orderKeysOf(account: string, signer: TypedDataSigner): OrderKeys {
  return {
    async forOrder(asking, domain, order) {
      const nowSeconds = Date.now() / 1000
      const kept = keptKeys().find(
        (each) =>
          each.account === account &&
          each.meter === order.meter &&
          each.granted.validUntil >= Math.max(order.end, nowSeconds) &&
          allowsOrder(each.granted, order),
      )
      if (kept !== undefined) return { signer: new Wallet(kept.secret), granted: kept.granted }
      return grantKey({ asking, signer }, domain, order)
    },
    signerOf(key) {
      const kept = keptKeys().find(({ granted }) => granted.key === key)
      return kept === undefined ? null : new Wallet(kept.secret)
    },
  }
}

/** The key by which this device sets prices for a meter; null where it has none. */
export function keptKeyOf(account: string, meter: string): Granted | null {
  return keptKeys().find((each) => each.account === account && each.meter === meter)?.granted ?? null
}

/**
 * Takes the device's key back. Its orders end at the next boundary, and the side trades again once the account sets a price
 * anew.
 */
export async function takeKeyBack(
  session: Asker & { identity: Identity },
  area: AreaResource,
  key: string,
): Promise<void> {
  const revocation = { account: session.account, key, from: Math.floor(Date.now() / 1000) }
  const signature = await signFull(await session.identity.signer(), area.chain, 'RevokeSessionKey', revocation)
  await postJson('/session-keys/revocations', {}, { area: area.area, ...revocation, signature }, session)
  keep(keptKeys().filter(({ granted }) => granted.key !== key))
}

async function grantKey(
  { asking, signer }: { asking: Asker; signer: TypedDataSigner },
  domain: EscrowDomain,
  order: Order,
): Promise<OrderKey> {
  const secret = Wallet.createRandom()
  const { area, mandate } = await seatOfOrder(asking, order)
  const [floor, ceiling, feedIn, retail] = [
    mandate.sellFloorPerKwh,
    mandate.buyCeilingPerKwh,
    area.feedInPerKwh,
    area.retailPerKwh,
  ].map((price) => parsePrice(price, area.priceDecimals)) as [number, number, number, number]
  const grant: SessionKey = {
    account: asking.account,
    key: secret.address.toLowerCase(),
    rules: order.rules,
    sides: (mandate.maxBuyWh > 0 ? 1 : 0) | (mandate.maxSellWh > 0 ? 2 : 0),
    // The key allows all prices that the page offers: a seller's up to the retail tariff, a buyer's down to the feed-in tariff.
    lowestPrice: Math.min(floor, feedIn, order.limitPrice),
    highestPrice: Math.max(ceiling, retail, order.limitPrice),
    // An order ends with the key that signed it, so the key lives as long as the mandate.
    validFrom: Math.floor(Date.now() / 1000) - clockSkewSeconds,
    validUntil: Math.max(order.end, Date.parse(mandate.validUntil) / 1000),
  }
  const { account, ...bounds } = grant
  const signature = await signFull(signer, domain, 'SessionKey', grant)
  const granted = { ...bounds, signature }
  const others = keptKeys().filter((each) => each.account !== account || each.meter !== order.meter)
  keep([{ account, meter: order.meter, secret: secret.privateKey, granted }, ...others])
  return { signer: secret, granted }
}

/** The area in which the order counts, and what the account's mandate there allows. */
async function seatOfOrder(
  asking: Asker,
  order: Order,
): Promise<{ area: AreaResource; mandate: SeatResource['mandate'] }> {
  const { account } = asking
  const seats = await everyPage((place) => getJson('/accounts/{account}/seats', { account, ...place }, { account }))
  const own = seats.filter(({ meter }) => meter === order.meter)
  const areas = await Promise.all(own.map(({ area }) => getJson('/areas/{area}', { area: String(area) })))
  const place = areas.findIndex(({ rules }) => rules.hash === order.rules)
  return { area: areas[place]!, mandate: own[place]!.mandate }
}

/** How far this device's clock may be ahead of the market's, in seconds. */
const clockSkewSeconds = 300

function keep(keys: readonly KeptKey[]): void {
  localStorage.setItem(place, JSON.stringify(keys))
}
