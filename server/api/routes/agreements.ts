/** Agreements between two accounts: signed by both, listed for each, and ended by notice of either. */
import { z } from 'zod'
import { agreementsOfSeats } from '../../store/queries-agreements.ts'
import type { AgreementRow } from '../../store/rows.ts'
import { acceptSigned, endSigned } from '../agree.ts'
import { areaInput, pageOfRows, pageQuery, placeForm, readCursor } from '../paging.ts'
import { areaOf } from '../parts.ts'
import type { OrderParts } from '../place-order.ts'
import { presentAgreement } from '../present-agreement.ts'
import { addressSchema, agreementSchema, pageOf, seatId } from '../resources.ts'
import { type Route, route } from '../route.ts'
import { signedAgreementsSchema, signedNoticeSchema } from '../signed-requests.ts'
import { keyOf, visibilityOf } from '../visibility.ts'

const tag = 'Agreements'
const areaParams = z.object({ area: areaInput })

export function agreementRoutes(parts: OrderParts): Route[] {
  const { database, areas, tables, gate } = parts
  const { readable } = visibilityOf(parts)
  const place = z.object({ acceptedAtMs: placeForm.ms, arrival: placeForm.arrival, area: placeForm.number })
  return [
    route({
      id: 'acceptAgreements',
      method: 'post',
      path: '/areas/:area/agreements',
      tag,
      summary:
        'Agreements that both accounts have signed, of one seller: all of them are accepted or none; they share what the seller has left over',
      keyed: true,
      params: areaParams,
      body: signedAgreementsSchema,
      answers: { 201: pageOf(agreementSchema), 200: pageOf(agreementSchema) },
      async handle({ params: { area }, body, network, member }) {
        const accept = () => acceptSigned(parts, areaOf(areas, area), body)
        const { items, isKnown } = await gate.judge({ network, account: member }, accept)
        return { status: isKnown ? 200 : 201, body: { items, cursor: null } }
      },
    }),
    route({
      id: 'endAgreement',
      method: 'post',
      path: '/areas/:area/agreements/:agreement/end',
      tag,
      summary: 'Notice by one of the two accounts: the agreement ends at a boundary that lies the agreed notice ahead',
      keyed: true,
      params: areaParams.extend({
        agreement: z.string().regex(/^0x[0-9a-f]{64}$/, 'a hash: 0x and 64 lower-case hexadecimal digits'),
      }),
      body: signedNoticeSchema,
      answers: { 200: agreementSchema },
      async handle({ params: { area, agreement }, body, network, member }) {
        const end = () => endSigned(parts, areaOf(areas, area), agreement, body)
        return { status: 200, body: await gate.judge({ network, account: member }, end) }
      },
    }),
    route({
      id: 'listAgreements',
      method: 'get',
      path: '/accounts/:account/agreements',
      tag,
      summary: 'The account’s agreements, as seller and as buyer, newest first',
      private: true,
      params: z.object({ account: addressSchema }),
      query: z.object({ seat: seatId.optional(), ...pageQuery }),
      answers: { 200: pageOf(agreementSchema) },
      async handle({ params: { account }, query: { seat, limit, cursor }, session }) {
        const seats = (await readable(await session(), account, { what: 'agreements', seat })).seats.map(keyOf)
        const before = readCursor('agreements', place, cursor)
        const rows = await agreementsOfSeats(database, { seats, before, limit: limit + 1 })
        const item = (row: AgreementRow) => presentAgreement(tables.areaWith(row.area_id).settings, row)
        const placeOf = (row: AgreementRow) => ({
          acceptedAtMs: row.accepted_at.getTime(),
          arrival: row.arrival,
          area: row.area_id,
        })
        return { status: 200, body: pageOfRows('agreements', rows, { limit, item, place: placeOf }) }
      },
    }),
  ]
}
