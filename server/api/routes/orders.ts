/** Orders: signed by an account or its session key, judged by the area's engine, the same again wherever sent twice. */
import { z } from 'zod'
import type { AreaWorker } from '../../areas/area-worker.ts'
import { type OrderRow, orderById } from '../../store/queries.ts'
import type { ApiParts } from '../parts.ts'
import { placeOrder, requireCancelSignature } from '../place-order.ts'
import { presentOrder } from '../present.ts'
import { ApiError, OrderRefused } from '../problem.ts'
import { orderSchema } from '../resources.ts'
import { type Route, route } from '../route.ts'
import { signedCancelSchema, signedOrderSchema } from '../signed-requests.ts'

const tag = 'Orders'

export function orderRoutes(parts: ApiParts): Route[] {
  const { database, areas } = parts

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
        const { settings, row, known } = await placeOrder(parts, body)
        return { status: known ? 200 : 201, body: presentOrder(settings, row) }
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
        await requireCancelSignature(parts, settings.chain, row, signature)
        if (row.status === 'cancelled') return { status: 200, body: presentOrder(settings, row) }
        await worker.submit({ type: 'cancel', atMs: Date.now(), id, signature })
        const after = (await findOrder(id)).row
        if (after.status !== 'cancelled') throw new OrderRefused('ORDER_ENDED', `the order is ${after.status} already`)
        return { status: 200, body: presentOrder(settings, after) }
      },
    }),
  ]
}
