/** Orders: signed by an account or its session key, judged by the area's engine, the same again wherever sent twice. */
import { z } from 'zod'
import type { EscrowDomain, SessionKey } from '../../../contracts/typed-data.ts'
import { digestOf } from '../../../contracts/typed-data.ts'
import type { AreaWorker } from '../../areas/area-worker.ts'
import type { SignatureCheck } from '../../readings/signature-check.ts'
import { type OrderRow, orderById } from '../../store/queries.ts'
import type { ApiParts } from '../parts.ts'
import { presentOrder } from '../present.ts'
import { ApiError, OrderRefused } from '../problem.ts'
import { orderSchema, type SignedOrder, signedCancelSchema, signedOrderSchema } from '../resources.ts'
import { type Route, route } from '../route.ts'

const tag = 'Orders'

export function orderRoutes({ database, areas, signatures }: ApiParts): Route[] {
  async function findOrder(id: string): Promise<{ worker: AreaWorker; row: OrderRow }> {
    for (const worker of areas.all()) {
      const row = await orderById(database, worker.settings.area, id)
      if (row !== null) return { worker, row }
    }
    throw new ApiError('ORDER_UNKNOWN', `there is no order ${id}`)
  }

  return [
    route({
      id: 'placeOrder',
      method: 'post',
      path: '/orders',
      tag,
      summary:
        'Places a signed order; it counts from the next interval on and replaces older ones of its meter and side',
      keyed: true,
      body: signedOrderSchema,
      answers: { 201: orderSchema, 200: orderSchema },
      async handle({ body }) {
        const worker = areas.all().find(({ settings }) => settings.rulesHash === body.order.rules)
        if (worker === undefined) {
          throw new ApiError('RULES_UNKNOWN', `no area of this server has the rules ${body.order.rules}`)
        }
        const { area, chain } = worker.settings
        await checkOrderSignature(signatures, chain, body, Date.now())
        const id = digestOf(chain, 'Order', body.order)
        const before = await orderById(database, area, id)
        if (before !== null) return { status: 200, body: presentOrder(worker.settings, before) }
        const { order, signature, session = null } = body
        const events = await worker.submit({ type: 'order', atMs: Date.now(), id, order, signature, session })
        const refusal = events.find((event) => event.type === 'refused' && event.id === id)
        const row = await orderById(database, area, id)
        if (row === null) throw refusedBy(refusal)
        return { status: refusal === undefined ? 201 : 200, body: presentOrder(worker.settings, row) }
      },
    }),
    route({
      id: 'cancelOrder',
      method: 'post',
      path: '/orders/:order/cancel',
      tag,
      summary:
        'Cancels an order from the next interval on, signed by the key that may: the account’s or the order’s session key',
      keyed: true,
      params: z.object({ order: z.string().regex(/^0x[0-9a-f]{64}$/) }),
      body: signedCancelSchema,
      answers: { 200: orderSchema },
      async handle({ params: { order: id }, body: { signature } }) {
        const { worker, row } = await findOrder(id)
        const { settings } = worker
        const value = { account: row.account, order: id }
        const [signer] = await signatures.recover(settings.chain, 'CancelOrder', [{ value, signature }])
        if (signer !== row.account && (signer === null || signer !== row.signed.session?.key)) {
          throw new ApiError('CANCEL_SIGNATURE', `the cancellation must be signed by ${row.account}`)
        }
        if (row.status === 'cancelled') return { status: 200, body: presentOrder(settings, row) }
        const events = await worker.submit({ type: 'cancel', atMs: Date.now(), id, signature })
        const refusal = events.find((event) => event.type === 'refused' && event.id === id)
        const after = await findOrder(id)
        if (after.row.status !== 'cancelled') throw refusedBy(refusal)
        return { status: 200, body: presentOrder(settings, after.row) }
      },
    }),
  ]
}

/** The engine's refusal as an error. */
export function refusedBy(event: { type: string; code?: string; message?: string } | undefined): Error {
  if (event?.type !== 'refused') return new Error('the engine neither took nor refused the order')
  return new OrderRefused(event.code!, event.message!)
}

/** Throws `ORDER_SIGNATURE`, `SESSION_KEY_SIGNATURE` or `SESSION_KEY_EXPIRED`. */
export async function checkOrderSignature(
  signatures: SignatureCheck,
  domain: EscrowDomain,
  { order, signature, session }: SignedOrder,
  nowMs: number,
): Promise<void> {
  const [signer] = await signatures.recover(domain, 'Order', [{ value: order, signature }])
  if (session === undefined) {
    if (signer !== order.account) throw new ApiError('ORDER_SIGNATURE', `the order must be signed by ${order.account}`)
    return
  }
  if (signer !== session.key)
    throw new ApiError('ORDER_SIGNATURE', `the order must be signed by the session key ${session.key}`)
  if (session.validUntil * 1000 <= nowMs)
    throw new ApiError('SESSION_KEY_EXPIRED', 'sign a new session key with the account')
  const value: SessionKey = { account: order.account, key: session.key, validUntil: session.validUntil }
  const [grantor] = await signatures.recover(domain, 'SessionKey', [{ value, signature: session.signature }])
  if (grantor !== order.account) {
    throw new ApiError('SESSION_KEY_SIGNATURE', `the session key must be signed by ${order.account}`)
  }
}
