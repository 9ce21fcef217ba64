/** Placing and cancelling signed orders of either market: the same over HTTP and over a socket. */
import type { Address, Hex, SessionKey } from '../../contracts/protocol/typed-data.ts'
import type { AreaHandle } from '../areas/area-handle.ts'
import type { Event, EventOf, ForwardTrade } from '../market/area/area.ts'
import type { SignatureCheck } from '../signatures/signature-check.ts'
import { forwardOrderById, forwardTradesOfSeats } from '../store/queries-forward.ts'
import { orderById } from '../store/queries-orders.ts'
import type { ForwardOrderRow, OrderRow } from '../store/rows.ts'
import { languages } from '../words/languages.ts'
import { orderSentence } from '../words/sentences.ts'
import type { AreaTables } from './area-tables.ts'
import { hasSeat, type OrderSender } from './order-gate.ts'
import type { ApiParts } from './parts.ts'
import { presentOrder } from './present.ts'
import { presentForwardOrder, presentOwnForwardTrade } from './present-forward.ts'
import { ApiError, Refused } from './problem.ts'
import { type ForwardOrderResource, type OrderResource, type PlacedForwardOrder, timesInForce } from './resources.ts'
import type { OrderRequest } from './signed-requests.ts'
import { checkSigner, type SignerParts } from './signers.ts'

export type OrderParts = SignerParts & Pick<ApiParts, 'database' | 'areas' | 'gate'> & { tables: AreaTables }

/** `isKnown` says that this very order was accepted before. */
export interface PlacedOrder {
  order: OrderResource | PlacedForwardOrder
  isKnown: boolean
}

/** Trades of one order that its answer lists. */
const mostTradesOfOrder = 500

/**
 * Checks who signed and has the order's area judge it; resolves once it is durable. Nothing is read from the database
 * for an order that is accepted: the engine's answer says it all.
 * Throws `ApiError` (`RULES_UNKNOWN`, `ORDER_SIGNATURE`, `SESSION_KEY_SIGNATURE`, `ORDERS_BUSY`, `TOO_MANY_REQUESTS`), `Refused`,
 * `AreaError` or `SignatureCheckError`.
 */
export async function placeOrder(parts: OrderParts, signed: OrderRequest, sender: OrderSender): Promise<PlacedOrder> {
  const area = parts.areas.all().find(({ settings }) => settings.rulesHash === signed.order.rules)
  if (area === undefined) {
    throw new ApiError('RULES_UNKNOWN', `no area of this server has the rules ${signed.order.rules}`)
  }
  const { account, meter } = signed.order
  return parts.gate.enter(area, { account, meter, sender }, async (asAccount) => {
    const id = await checkOrderSignature(parts, area, signed)
    return asAccount(() => submitOrder(parts, area, id, signed))
  })
}

async function submitOrder(parts: OrderParts, area: AreaHandle, id: Hex, signed: OrderRequest): Promise<PlacedOrder> {
  const { order, signature, session } = signed
  const grant = session === undefined ? null : grantOf(session)
  const events = await area.submit({ type: 'order', id, order, signature, session: grant })
  const accepted = acceptedOrder(area, events, id, signed)
  if (accepted !== null) return { order: accepted, isKnown: false }
  // Refused, perhaps only since it was accepted before: then the answer is what became of it.
  const known = await knownOrder(parts, area, id)
  if (known === null) throw refusedBy(events, area)
  return { order: known, isKnown: true }
}

/** The engine takes a grant without its rules, which are the order's own. */
function grantOf({ rules: _, ...grant }: NonNullable<OrderRequest['session']>) {
  return grant
}

/** What the engine's refusal says, as an error. */
export function refusedBy(events: readonly Event[], { settings }: Pick<AreaHandle, 'settings'>): Error {
  const refusal = events.find((event) => event.type === 'refused')
  if (refusal === undefined) return new Error('the engine neither took nor refused what it was asked')
  return new Refused(refusal.code, orderSentence(languages.en, refusal, settings))
}

/**
 * The order's digest, which is its identifier. A session key that the account granted signs for it; whether the grant
 * covers the order now is for the engine to say.
 */
async function checkOrderSignature(
  parts: SignerParts,
  area: AreaHandle,
  { order, signature, session }: OrderRequest,
): Promise<Hex> {
  const { account, meter } = order
  const mayBeWallet = session === undefined && hasSeat(area, account, meter)
  const signed = { name: 'Order', value: order, signature } as const
  const { digest, signer, isByAccount } = await checkSigner(parts, area, signed, { account, mayBeWallet })
  if (session === undefined) {
    if (!isByAccount) throw new ApiError('ORDER_SIGNATURE', `the order must be signed by ${account}`)
    return digest
  }
  if (signer !== session.key) {
    throw new ApiError('ORDER_SIGNATURE', `the order must be signed by the session key ${session.key}`)
  }
  if (session.rules !== order.rules) {
    throw new Refused(
      'SESSION_KEY_RULES',
      orderSentence(languages.en, { code: 'SESSION_KEY_RULES', details: [] }, area.settings),
    )
  }
  const { signature: granted, ...bounds } = session
  if (!(await isGranted(parts, area, { account, ...bounds }, { signature: granted, meter }))) {
    throw new ApiError('SESSION_KEY_SIGNATURE', `the session key must be signed by ${account}`)
  }
  return digest
}

/** Grants that were found to be signed by their account's key, newest last: a session signs many orders with one grant. */
const grantsFound = new WeakMap<SignatureCheck, Set<string>>()
const mostGrants = 10_000

async function isGranted(
  parts: SignerParts,
  area: AreaHandle,
  grant: SessionKey,
  { signature, meter }: { signature: Hex; meter: Address },
): Promise<boolean> {
  let known = grantsFound.get(parts.signatures)
  if (known === undefined) {
    known = new Set()
    grantsFound.set(parts.signatures, known)
  }
  const { chainId, escrow } = area.settings.chain
  const name = [chainId, escrow, ...Object.values(grant), signature].join(' ')
  if (known.has(name)) return true
  const { account } = grant
  const claimant = { account, mayBeWallet: hasSeat(area, account, meter) }
  const signed = { name: 'SessionKey', value: grant, signature } as const
  const { signer, isByAccount } = await checkSigner(parts, area, signed, claimant)
  // What a wallet says today it may take back tomorrow, so only the word of a key is remembered.
  if (signer !== account) return isByAccount
  known.add(name)
  if (known.size > mostGrants) known.delete(known.values().next().value!)
  return true
}

/** The order as the engine's answer shows it, or null where it was not accepted now. */
function acceptedOrder(
  { settings }: AreaHandle,
  events: readonly Event[],
  id: Hex,
  signed: OrderRequest,
): OrderResource | PlacedForwardOrder | null {
  for (const event of events) {
    if (event.type === 'order-accepted' && event.order.id === id) return presentOrder(settings, spotRow(event, signed))
    if (event.type === 'forward-accepted' && event.order.id === id)
      return placedForward(settings, events, event, signed)
  }
  return null
}

/** An accepted order as it lies in its table now. */
function spotRow({ order }: EventOf<'order-accepted'>, { order: own, session, signature }: OrderRequest) {
  return {
    arrival: order.arrival,
    order_id: order.id,
    seat: order.seat,
    side: order.side,
    limit_ticks: order.limitTicks,
    max_wh: order.maxWh,
    active_from: order.activeFrom,
    active_until: order.activeUntil,
    nonce: order.nonce,
    status: 'active' as const,
    accepted_at: new Date(order.acceptedAtMs),
    signed: { order: own, session: session ?? null, signature },
  }
}

function placedForward(
  settings: AreaHandle['settings'],
  events: readonly Event[],
  { order }: EventOf<'forward-accepted'>,
  { order: own, session, signature }: OrderRequest,
): PlacedForwardOrder {
  const trades = events.flatMap((event) => (event.type === 'forward-trade' ? [event.trade] : []))
  const cancelled = events.find((event) => event.type === 'forward-cancelled' && event.arrival === order.arrival)
  const { energyWh: cancelledWh, reason } = cancelled?.type === 'forward-cancelled' ? cancelled : noCancellation
  const tradedWh = trades.reduce((sum, { energyWh }) => sum + energyWh, 0)
  const resource = presentForwardOrder(settings, {
    arrival: order.arrival,
    order_id: order.id,
    seat: order.seat,
    zone: order.zone,
    side: order.side,
    start: order.start,
    limit_ticks: order.limitTicks,
    max_wh: order.maxWh,
    open_wh: order.maxWh - tradedWh - cancelledWh,
    traded_wh: tradedWh,
    time_in_force: timesInForce[own.timeInForce]!,
    nonce: own.nonce,
    cancelled: reason,
    accepted_at: new Date(order.acceptedAtMs),
    signed: { order: own, session: session ?? null, signature },
  })
  return { ...resource, trades: trades.map((trade) => ownTrade(settings, trade, order)) }
}

const noCancellation = { energyWh: 0, reason: null }

function ownTrade(settings: AreaHandle['settings'], trade: ForwardTrade, own: EventOf<'forward-accepted'>['order']) {
  return presentOwnForwardTrade(settings, {
    seat: own.seat,
    arrival: own.arrival,
    side: own.side,
    zone: trade.zone,
    start: trade.start,
    number: trade.number,
    price_ticks: trade.priceTicks,
    energy_wh: trade.energyWh,
    delivered_wh: null,
    made_at: new Date(own.acceptedAtMs),
    status: null,
    outcome: null,
  })
}

async function knownOrder(
  { database, tables }: Pick<OrderParts, 'database' | 'tables'>,
  area: AreaHandle,
  id: Hex,
): Promise<OrderResource | PlacedForwardOrder | null> {
  const { settings } = area
  const areaId = await tables.idOf(area)
  const spot = await orderById(database, [areaId], id)
  if (spot !== null) return presentOrder(settings, spot)
  const forward = await forwardOrderById(database, [areaId], id)
  if (forward === null) return null
  const query = { seats: [{ area: areaId, seat: forward.seat }], order: forward.arrival, limit: mostTradesOfOrder }
  const trades = await forwardTradesOfSeats(database, query)
  return {
    ...presentForwardOrder(settings, forward),
    trades: trades.reverse().map((trade) => presentOwnForwardTrade(settings, trade)),
  }
}

/**
 * Cancels an order for whoever may: its account or the session key that signed it. Throws `ApiError` (`ORDER_UNKNOWN`,
 * `CANCEL_SIGNATURE`), `Refused` (`ORDER_ENDED` where it has ended otherwise), `AreaError` or `SignatureCheckError`.
 */
export async function cancelOrderOf(
  parts: OrderParts,
  id: Hex,
  signature: Hex,
): Promise<OrderResource | ForwardOrderResource> {
  const { area, row } = await findOrder(parts, id)
  const { order, session } = row.signed
  const { account, meter } = order
  const signed = { name: 'CancelOrder', value: { account, order: id }, signature } as const
  const claimant = { account, mayBeWallet: hasSeat(area, account, meter) }
  const { signer, isByAccount } = await checkSigner(parts, area, signed, claimant)
  const by = isByAccount ? account : signer
  if (by === null || (by !== account && by !== session?.key)) {
    throw new ApiError('CANCEL_SIGNATURE', `the cancellation must be signed by ${account} or the order’s session key`)
  }
  if (!isCancelled(row)) {
    const events = await area.submit({ type: 'cancel', id, by, signature })
    const refusal = events.find((event) => event.type === 'refused')
    if (refusal !== undefined && refusal.code !== 'ORDER_UNKNOWN') throw refusedBy(events, area)
  }
  const after = (await findOrder(parts, id)).row
  if (!isCancelled(after)) throw new Refused('ORDER_ENDED', endOf(after))
  return 'zone' in after ? presentForwardOrder(area.settings, after) : presentOrder(area.settings, after)
}

type FoundOrder = OrderRow | ForwardOrderRow

async function findOrder(parts: OrderParts, id: Hex): Promise<{ area: AreaHandle; row: FoundOrder }> {
  const { database, areas, tables } = parts
  // One question about all areas: whoever asks for orders of nobody must not cost as much as there are areas.
  const ids = await Promise.all(areas.all().map((area) => tables.idOf(area)))
  const row = (await orderById(database, ids, id)) ?? (await forwardOrderById(database, ids, id))
  if (row !== null) return { area: tables.areaWith(row.area_id), row }
  throw new ApiError('ORDER_UNKNOWN', `there is no order ${id}`)
}

function isCancelled(row: FoundOrder): boolean {
  return 'zone' in row ? row.cancelled === 'requested' : row.status === 'cancelled'
}

function endOf(row: FoundOrder): string {
  const { orderStatuses, cancelReasons } = languages.en
  if (!('zone' in row)) return orderStatuses[row.status]
  return row.cancelled === null ? orderStatuses.filled : cancelReasons[row.cancelled]
}
