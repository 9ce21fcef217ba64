/** What an area came to in the files of grid operators, for its metering operator and its grid operator. */
import { z } from 'zod'
import { valueFileFormats } from '../../reports/value-export.ts'
import { type ValueFilesRequest, valueFiles } from '../../store/value-files.ts'
import { areaInput, timeInput } from '../paging.ts'
import type { ApiParts } from '../parts.ts'
import type { OrderParts } from '../place-order.ts'
import { ApiError } from '../problem.ts'
import { type Route, route } from '../route.ts'
import { visibilityOf } from '../visibility.ts'
import { meteredAreaOf } from './official.ts'

const name = z.string().min(1).max(200)

export function exportedValueRoutes(parts: OrderParts & Pick<ApiParts, 'meteringOperator'>): Route[] {
  const { database, tables } = parts
  const { noteAreaRead } = visibilityOf(parts)
  return [
    route({
      id: 'exportValues',
      method: 'get',
      path: '/areas/:area/exported-values',
      isSlow: true,
      tag: 'Official values',
      summary:
        'What the area came to in [from, to), at most a month, as the grid operators of a country write it: an Austrian workbook or the document of one point, the Spanish coefficients, or who gave whom how much',
      private: true,
      params: z.object({ area: areaInput }),
      query: z.object({
        from: timeInput,
        to: timeInput,
        format: z.enum(valueFileFormats),
        point: name.optional().meta({ description: 'eda-xml: whose document' }),
        cau: name.optional().meta({ description: 'es-coefficients: the installation, after which the file is named' }),
      }),
      answers: { 200: 'application/octet-stream' },
      keptByNobody: 'It is written while it is sent, and has no version of its own',
      async handle({ params, query, session }) {
        const { area, account } = await meteredAreaOf(parts, params.area, session)
        if (query.format === 'eda-xml' && query.point === undefined) {
          throw new ApiError('REQUEST_INVALID', 'eda-xml is a document a point: name it as "point"')
        }
        const request: ValueFilesRequest = { ...query, area: params.area, now: Math.floor(Date.now() / 1000) }
        const [file] = await valueFiles(database, await tables.idOf(area), request)
        const { from, to: until } = query
        await noteAreaRead(area, 'report', { from, until, reader: account })
        const pieces = file!.pieces()
        // What refuses the file does so before its first piece, and is an answer of its own.
        const first = await pieces.next()
        async function* chunks() {
          if (!first.done) yield first.value
          yield* pieces
        }
        return { status: 200, contentType: file!.mediaType, fileName: file!.name, chunks: chunks() }
      },
    }),
  ]
}
