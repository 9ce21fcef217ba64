/** How a server works for an area: what is in the way of its batches, what its keys can pay, and who takes an office over. */
import { formatEther } from 'ethers'
import { z } from 'zod'
import { relaysOfDay } from '../../store/relay-store.ts'
import { type OperationResource, operationSchema } from '../operation-resources.ts'
import { areaInput } from '../paging.ts'
import { type ApiParts, areaOf, type OperationFacts } from '../parts.ts'
import { isoTime } from '../present.ts'
import { ApiError } from '../problem.ts'
import { mostOfDay } from '../relay-admission.ts'
import { type Route, route } from '../route.ts'

export function operationRoutes(parts: ApiParts): Route[] {
  const { database, areas, servicesOf, operationOf } = parts
  return [
    route({
      id: 'getOperation',
      method: 'get',
      path: '/areas/:area/operation',
      tag: 'Operation',
      summary:
        'What keeps the server from settling the area’s batches, what its keys can still pay, and who is to take an office over; for the operator',
      private: true,
      params: z.object({ area: areaInput }),
      answers: { 200: operationSchema },
      async handle({ params: { area: number }, session }) {
        areaOf(areas, number)
        const { relay, officesOf } = servicesOf(number)
        const { grid, operator } = officesOf(number)
        if ((await session()).account !== operator) {
          throw new ApiError('NOT_OPERATOR', `only the operator of area ${number} may read how the server works for it`)
        }
        const [facts, { own, all }] = await Promise.all([operationOf(number), relaysOfDay(database, grid)])
        const body = {
          ...presentFacts(number, facts),
          relay: relay === null ? null : { spent: { grid: own, all }, most: mostOfDay },
        }
        return { status: 200, body }
      },
    }),
  ]
}

function presentFacts(
  area: number,
  { troubles, heldUp, head, keys, settlesAs, offers }: OperationFacts,
): Omit<OperationResource, 'relay'> {
  const offered = (offer: { to: string; from: number } | null | undefined) =>
    offer == null ? null : { to: offer.to, from: isoTime(offer.from) }
  return {
    area,
    troubles: troubles.map(({ code, sentence, seconds, address }) => ({ code, sentence, seconds, address })),
    heldUp: heldUp === null ? null : { ...heldUp, since: heldUp.since.toISOString() },
    head: head.time === 0 ? null : { block: head.block, time: isoTime(head.time) },
    keys: keys.map(({ address, does, wei, gasPrice }) => ({
      ...{ address, does, coins: formatEther(wei) },
      gasLeft: gasPrice === 0n ? null : String(wei / gasPrice),
    })),
    offices: {
      settlesAs,
      operatorOffer: offered(offers?.operator),
      gridOffer: offered(offers?.grid),
      successionFrom: offers?.successionFrom == null ? null : isoTime(offers.successionFrom),
    },
  }
}
