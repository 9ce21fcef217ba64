/** Signed orders over a page's socket: many in one message, each judged by itself. They speak for themselves: no session. */
import type { Socket } from 'socket.io'
import { z } from 'zod'
import { checkForm, mistakeLine } from '../../contracts/protocol/mistakes.ts'
import { belongsHere } from '../api/belonging.ts'
import type { OrderAck, OrdersAnswer } from '../api/live-resources.ts'
import type { OrderSender } from '../api/order-gate.ts'
import type { ApiParts } from '../api/parts.ts'
import { type OrderParts, placeOrder } from '../api/place-order.ts'
import { ApiError, internalProblem, problemOf } from '../api/problem.ts'
import { signedOrderSchema } from '../api/signed-requests.ts'
import { StrangerTurns } from './stranger-turns.ts'

export type OrderSocketParts = Pick<
  ApiParts,
  'database' | 'areas' | 'signatures' | 'servicesOf' | 'meteringOperator' | 'networkOf' | 'gate' | 'reads' | 'log'
>
type TakerParts = OrderSocketParts & Pick<OrderParts, 'tables'>

const ordersPerMessage = 100
/** Messages of one connection that are worked on at a time. */
const messagesUnderWay = 8
const retryAfterMs = 1_000

const messageSchema = z.array(z.unknown()).min(1).max(ordersPerMessage)

/** Lets sockets place orders; every message is answered once what it placed is durable. */
export function orderTaker(parts: TakerParts): (socket: Pick<Socket, 'on' | 'request' | 'data'>) => void {
  const turns = new StrangerTurns()

  async function answerTo(orders: readonly unknown[], sender: OrderSender): Promise<OrdersAnswer> {
    if (sender.account === null && !(await turns.take(sender.network))) {
      return refusal('ORDERS_BUSY', 'too many messages of your address wait; wait for the answers before')
    }
    try {
      parts.gate.hear(sender)
    } catch (error) {
      return refusal('TOO_MANY_REQUESTS', (error as Error).message)
    }
    const results = await Promise.all(orders.map((order) => ackOf(order, sender, parts)))
    parts.gate.heardInVain(sender, results.filter(isNobodys).length)
    return { ok: true, results }
  }

  return (socket) => {
    const account: string | undefined = socket.data.visitor?.account
    const isMember = account !== undefined && belongsHere(parts, account)
    const sender = { network: parts.networkOf(socket.request), account: isMember ? account : null }
    let underWay = 0
    socket.on('orders', async (message: unknown, answer: unknown) => {
      if (typeof answer !== 'function') return
      const orders = messageSchema.safeParse(message)
      if (!orders.success) {
        return answer(refusal('ORDERS_MALFORMED', `orders are an array of 1 to ${ordersPerMessage} signed orders`))
      }
      if (underWay >= messagesUnderWay) {
        return answer(refusal('ORDERS_BUSY', 'too many messages are under way; wait for the answers before'))
      }
      underWay += 1
      answer(await answerTo(orders.data, sender))
      underWay -= 1
    })
  }
}

async function ackOf(element: unknown, sender: OrderSender, parts: TakerParts): Promise<OrderAck> {
  try {
    const { data, mistakes } = checkForm(signedOrderSchema, element, 1)
    if (mistakes !== null) throw new ApiError('REQUEST_INVALID', mistakeLine(mistakes[0]!))
    const { order, isKnown } = await placeOrder(parts, data, sender)
    return {
      status: isKnown ? 'known' : 'accepted',
      order: order.order,
      effectiveFrom: order.market === 'spot' ? order.effectiveFrom : order.start,
    }
  } catch (error) {
    const problem = problemOf(error)
    if (problem === null) parts.log.error({ err: error }, 'an order of a socket failed')
    const { document, retryAfterSeconds } = problem ?? internalProblem
    return { status: 'refused', code: document.code, message: document.detail, retry: retryAfterSeconds !== null }
  }
}

/** Whether an order is malformed, names no area or seat, is not signed by whom it names, or comes from a network that sends too many such. */
function isNobodys(result: OrderAck): boolean {
  if (result.status !== 'refused') return false
  const { code } = result
  const inVain = ['REQUEST_INVALID', 'RULES_UNKNOWN', 'ORDER_NO_SEAT', 'TOO_MANY_REQUESTS']
  return inVain.includes(code) || code.endsWith('_SIGNATURE')
}

function refusal(code: string, message: string): OrdersAnswer {
  return { ok: false, code, message, retryAfterMs }
}
