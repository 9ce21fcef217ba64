/** Orders: signed by an account or its session key, judged by the area's engine, the same again wherever sent twice. */
import { z } from 'zod'
import { createAllowance } from '../allowance.ts'
import { cancelOrderOf, type OrderParts, placeOrder } from '../place-order.ts'
import { forwardOrderSchema, orderSchema, placedForwardOrderSchema, revocationSchema } from '../resources.ts'
import { revokeSessionKey } from '../revoke-session.ts'
import { type Route, route } from '../route.ts'
import { signedCancelSchema, signedOrderSchema, signedRevocationSchema } from '../signed-requests.ts'

const tag = 'Orders'
const placedSchema = z.union([orderSchema, placedForwardOrderSchema])
/** Keys that one address may take back in a minute: each is kept for as long as its grants could last. */
const mostRevocationsPerMinute = 30

export function orderRoutes(parts: OrderParts): Route[] {
  const allowance = createAllowance({
    mostPerMinute: mostRevocationsPerMinute,
    done: 'one address may take a key back',
  })
  return [
    route({
      id: 'placeOrder',
      method: 'post',
      path: '/orders',
      tag,
      summary:
        'Places a signed order. A spot order counts from the next interval on and replaces older ones of its meter and side; a forward order trades at once with what rests in its zone, and rests until its interval starts',
      keyed: true,
      isGated: true,
      body: signedOrderSchema,
      answers: { 201: placedSchema, 200: placedSchema },
      async handle({ body, network, member }) {
        const { order, isKnown } = await placeOrder(parts, body, { network, account: member })
        return { status: isKnown ? 200 : 201, body: order }
      },
    }),
    route({
      id: 'cancelOrder',
      method: 'post',
      path: '/orders/:order/cancel',
      tag,
      summary:
        'Cancels an order, signed by its account or by its session key while that is valid: a spot order from the next interval on, a forward order as far as it is open',
      keyed: true,
      params: z.object({
        order: z.string().regex(/^0x[0-9a-f]{64}$/, 'a hash: 0x and 64 lower-case hexadecimal digits'),
      }),
      body: signedCancelSchema,
      answers: { 200: z.union([orderSchema, forwardOrderSchema]) },
      async handle({ params: { order }, body: { signature }, network, member }) {
        const cancel = () => cancelOrderOf(parts, order, signature)
        return { status: 200, body: await parts.gate.judge({ network, account: member }, cancel) }
      },
    }),
    route({
      id: 'revokeSessionKey',
      method: 'post',
      path: '/session-keys/revocations',
      tag,
      summary: 'Takes a session key back for good: from the next interval on nothing that it has signed counts',
      keyed: true,
      body: signedRevocationSchema,
      answers: { 200: revocationSchema },
      async handle({ body, network }) {
        allowance.use(network, Date.now())
        return { status: 200, body: await revokeSessionKey(parts, body) }
      },
    }),
  ]
}
