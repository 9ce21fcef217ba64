/** What an area's grid operator declares where the market does not decide: allocated energy, keys, prices of the exchange. */
import { z } from 'zod'
import { contentOf } from '../../market/area/declarations.ts'
import { declarationFields, declaredForm } from '../../settlement/declaration-forms.ts'
import { hex32Form, signature } from '../../settlement/signed-forms.ts'
import {
  type DeclarationRow,
  declarationById,
  declarationsBefore,
  undeclaredIntervals,
} from '../../store/declaration-store.ts'
import { awaitedSchema, type DeclarationResource, declarationSchema } from '../declaration-resources.ts'
import { areaInput, pageOfRows, pageQuery, placeForm, readCursor } from '../paging.ts'
import { areaOf, gridOperatorOf } from '../parts.ts'
import { type OrderParts, refusedBy } from '../place-order.ts'
import { isoTime } from '../present.ts'
import { ApiError } from '../problem.ts'
import { pageOf } from '../resources.ts'
import { type Route, type RouteInput, route } from '../route.ts'
import { checkSigner } from '../signers.ts'

const tag = 'Declarations'
const areaParams = z.object({ area: areaInput })
const mostAwaited = 500
/** A day of a hundred members, or an hour of some thousands. */
const mostBytes = 1024 * 1024

const signedDeclarationSchema = z
  .strictObject({
    declaration: z.strictObject({ rules: hex32Form, ...declarationFields }),
    body: declaredForm,
    signature,
  })
  .meta({ id: 'SignedDeclaration' })

export function declarationRoutes(parts: OrderParts): Route[] {
  const { database, areas, tables } = parts
  async function asGridOperator(number: number, session: RouteInput<unknown, unknown, unknown>['session']) {
    const grid = gridOperatorOf(parts, areaOf(areas, number))
    const { account } = await session()
    if (account !== grid)
      throw new ApiError('NOT_GRID_ACCOUNT', `sign in as ${grid}, the grid operator of area ${number}`)
  }
  const place = z.object({ arrival: placeForm.arrival })
  return [
    route({
      id: 'declareQuantities',
      method: 'post',
      path: '/areas/:area/declarations',
      tag,
      summary:
        'What the area’s grid operator declares and signed: energy that it allocated in intervals that have ended, a key from an interval to come on, or prices of the exchange',
      private: true,
      keyed: true,
      params: areaParams,
      body: signedDeclarationSchema,
      mostBytes,
      // Looking at a body of this size may take a tenth of a second.
      admits: ({ params, session }) => asGridOperator(params.area, session),
      answers: { 201: declarationSchema, 200: declarationSchema },
      async handle({ params: { area: number }, body: { declaration, body, signature: signed }, network, member }) {
        const area = areaOf(areas, number)
        const { rules, ...fields } = declaration
        if (rules !== area.settings.rulesHash) {
          throw new ApiError('RULES_UNKNOWN', `area ${number} has the rules ${area.settings.rulesHash}`)
        }
        const account = gridOperatorOf(parts, area)
        const claim = { name: 'Declaration', value: declaration, signature: signed } as const
        const id = await parts.gate.judge({ network, account: member }, async () => {
          const { digest, isByAccount } = await checkSigner(parts, area, claim, { account, mayBeWallet: true })
          if (isByAccount) return digest
          throw new ApiError('DECLARATION_SIGNATURE', `the declaration must be signed by ${account}`)
        })
        const content = contentOf(body)
        if (content !== declaration.content) {
          throw new ApiError(
            'DECLARATION_CONTENT',
            `what is declared has the hash ${content}, not the one that was signed`,
          )
        }
        const areaId = await tables.idOf(area)
        const known = await declarationById(database, areaId, id)
        if (known !== null) return { status: 200, body: presentDeclaration(number, known) }
        const events = await area.submit({
          ...{ type: 'declare', id, declaration: fields, body, signature: signed },
          forgotten: [],
        })
        const row = await declarationById(database, areaId, id)
        if (row === null) throw refusedBy(events, area)
        return { status: 201, body: presentDeclaration(number, row) }
      },
    }),
    route({
      id: 'listDeclarations',
      method: 'get',
      path: '/areas/:area/declarations',
      tag,
      summary: 'What the area’s grid operator declared, newest first, without what it says of single members',
      params: areaParams,
      query: z.object(pageQuery),
      answers: { 200: pageOf(declarationSchema) },
      async handle({ params: { area: number }, query: { limit, cursor } }) {
        const areaId = await tables.idOf(areaOf(areas, number))
        const before = readCursor('declarations', place, cursor)?.arrival ?? null
        const rows = await declarationsBefore(database, areaId, { before, limit: limit + 1 })
        const item = (row: DeclarationRow) => presentDeclaration(number, row)
        const placeOf = ({ arrival }: DeclarationRow) => ({ arrival })
        return { status: 200, body: pageOfRows('declarations', rows, { limit, item, place: placeOf }) }
      },
    }),
    route({
      id: 'listAwaitedDeclarations',
      method: 'get',
      path: '/areas/:area/declarations/awaited',
      tag,
      summary: 'The intervals whose batch waits for what the grid operator allocated in them',
      params: areaParams,
      answers: { 200: awaitedSchema },
      async handle({ params: { area: number } }) {
        const area = areaOf(areas, number)
        const isImported = area.settings.rules.allocation === 1
        const starts = isImported ? await undeclaredIntervals(database, await tables.idOf(area), mostAwaited) : []
        return { status: 200, body: { area: number, intervals: starts.map(isoTime) } }
      },
    }),
  ]
}

function presentDeclaration(area: number, row: DeclarationRow): DeclarationResource {
  const { id, arrival, kind, start, end, version, countsFrom, acceptedAt, evidence } = row
  return {
    ...{ area, declaration: id, arrival, kind, start: isoTime(start), end: isoTime(end), version, evidence },
    ...{ acceptedAt: acceptedAt.toISOString(), countsFrom: isoTime(countsFrom) },
  }
}
