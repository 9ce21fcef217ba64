/** Placing a signed order: the same over HTTP and over a socket. */
import { allowsOrder } from '../../contracts/protocol/session-keys.ts'
import type { Address, EscrowDomain, Hex, SessionKey } from '../../contracts/protocol/typed-data.ts'
import type { AreaWorker } from '../areas/area-worker.ts'
import type { AreaSettings } from '../areas/settings.ts'
import type { Event } from '../market/engine/area.ts'
import type { SignatureCheck, SignedValue } from '../signatures/signature-check.ts'
import { type OrderRow, orderById } from '../store/queries.ts'
import type { ApiParts } from './parts.ts'
import { ApiError, OrderRefused } from './problem.ts'
import type { SignedOrder } from './signed-requests.ts'

/** `known` says that this very order was accepted before. */
export interface PlacedOrder {
  settings: AreaSettings
  row: OrderRow
  known: boolean
}

/**
 * Checks who signed and has the order's area judge it; resolves once it is durable. Nothing is read from the database
 * for an order that is accepted: the engine's answer says it all.
 * Throws `ApiError` (`RULES_UNKNOWN`, `ORDER_SIGNATURE`, `SESSION_KEY_…`), `OrderRefused`, `AreaError` or `SignatureCheckError`.
 */
export async function placeOrder(
  parts: Pick<ApiParts, 'database' | 'areas' | 'signatures' | 'isWalletSignature'>,
  signed: SignedOrder,
): Promise<PlacedOrder> {
  const { database, areas } = parts
  const worker = areas.all().find(({ settings }) => settings.rulesHash === signed.order.rules)
  if (worker === undefined) {
    throw new ApiError('RULES_UNKNOWN', `no area of this server has the rules ${signed.order.rules}`)
  }
  const { settings } = worker
  const id = await checkOrderSignature(parts, worker, signed, Date.now())
  const { order, signature, session = null } = signed
  const events = await worker.submit({ type: 'order', atMs: Date.now(), id, order, signature, session })
  for (const event of events) {
    if (event.type !== 'order-accepted' || event.order.id !== id) continue
    return { settings, row: acceptedRow(settings.area, event, signed), known: false }
  }
  // Refused, perhaps only since it was accepted before: then the answer is what became of it.
  const row = await orderById(database, settings.area, id)
  if (row === null) throw refusedBy(events.find((event) => event.type === 'refused' && event.id === id))
  return { settings, row, known: true }
}

/** The engine's refusal as an error. */
export function refusedBy(event: { type: string; code?: string; message?: string } | undefined): Error {
  if (event?.type !== 'refused') return new Error('the engine neither took nor refused the order')
  return new OrderRefused(event.code!, event.message!)
}

type Signers = Pick<ApiParts, 'signatures' | 'isWalletSignature'>

/**
 * The order's digest, which is its identifier. The account signs with its own key or, where it is a contract wallet, by
 * EIP-1271; a session key that it granted signs for it. Throws `ORDER_SIGNATURE`, `SESSION_KEY_SIGNATURE`, `SESSION_KEY_EXPIRED` or `SESSION_KEY_BOUNDS`.
 */
export async function checkOrderSignature(
  signers: Signers,
  { settings, state }: Pick<AreaWorker, 'settings' | 'state'>,
  { order, signature, session }: SignedOrder,
  nowMs: number,
): Promise<Hex> {
  const domain = settings.chain
  const [checked] = await signers.signatures.check(domain, 'Order', [{ value: order, signature }])
  const { signer, digest } = checked!
  // Only an account with this seat is worth a question to the node.
  const seat = state.seats.get(state.seatOfMeter.get(order.meter) ?? 0)
  const maySign = seat?.chain.account === order.account ? signers.isWalletSignature : async () => false
  if (session === undefined) {
    if (signer !== order.account && !(await maySign(order.account, digest, signature))) {
      throw new ApiError('ORDER_SIGNATURE', `the order must be signed by ${order.account}`)
    }
    return digest
  }
  if (signer !== session.key)
    throw new ApiError('ORDER_SIGNATURE', `the order must be signed by the session key ${session.key}`)
  if (session.validUntil * 1000 <= nowMs)
    throw new ApiError('SESSION_KEY_EXPIRED', 'sign a new session key with the account')
  if (session.validFrom * 1000 > nowMs || !allowsOrder(session, order)) {
    throw new ApiError('SESSION_KEY_BOUNDS', 'the account did not let this key sign such an order, or not yet')
  }
  const { signature: granted, ...bounds } = session
  const value: SessionKey = { account: order.account, ...bounds }
  const grant = { value, signature: granted }
  if (!(await isGranted({ signatures: signers.signatures, isWalletSignature: maySign }, domain, grant))) {
    throw new ApiError('SESSION_KEY_SIGNATURE', `the session key must be signed by ${order.account}`)
  }
  return digest
}

/** Grants that were found to be signed by their account, newest last: a session signs many orders with one grant. */
const granted = new WeakMap<SignatureCheck, Set<string>>()
const mostGrants = 10_000

async function isGranted(
  { signatures, isWalletSignature }: Signers,
  domain: EscrowDomain,
  grant: SignedValue<'SessionKey'>,
): Promise<boolean> {
  let known = granted.get(signatures)
  if (known === undefined) {
    known = new Set()
    granted.set(signatures, known)
  }
  const { value, signature } = grant
  const name = [domain.chainId, domain.escrow, ...Object.values(value), signature].join(' ')
  if (known.has(name)) return true
  const [checked] = await signatures.check(domain, 'SessionKey', [grant])
  const { signer, digest } = checked!
  // What a wallet says today it may take back tomorrow, so only the word of a key is remembered.
  if (signer !== value.account) return isWalletSignature(value.account, digest, signature)
  known.add(name)
  if (known.size > mostGrants) known.delete(known.values().next().value!)
  return true
}

/** Requires that a cancellation is signed by the order's account or its session key. Throws `CANCEL_SIGNATURE`. */
export async function requireCancelSignature(
  { signatures, isWalletSignature }: Signers,
  domain: EscrowDomain,
  { account, order_id, signed }: { account: Address; order_id: Hex; signed: { session: { key: Address } | null } },
  signature: Hex,
): Promise<void> {
  const value = { account, order: order_id }
  const [checked] = await signatures.check(domain, 'CancelOrder', [{ value, signature }])
  const { signer, digest } = checked!
  if (signer === account || (signer !== null && signer === signed.session?.key)) return
  if (await isWalletSignature(account, digest, signature)) return
  throw new ApiError('CANCEL_SIGNATURE', `the cancellation must be signed by ${account}`)
}

/** An accepted order as it lies in its table now. */
function acceptedRow(
  area: number,
  { order }: Extract<Event, { type: 'order-accepted' }>,
  { order: signedOrder, session }: SignedOrder,
): OrderRow {
  return {
    area_id: area,
    order_id: order.id,
    seat: order.seat,
    account: signedOrder.account,
    meter: signedOrder.meter,
    side: order.side,
    limit_ticks: order.limitTicks,
    max_wh: order.maxWh,
    active_from: order.activeFrom,
    nonce: order.nonce,
    arrival: order.arrival,
    status: order.status,
    accepted_at: new Date(order.acceptedAtMs),
    signed: { order: signedOrder, session: session ?? null },
  }
}
