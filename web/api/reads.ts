/**
 * Operations of the API, by path: what fills the path in and the query (`asks`), the JSON that is sent (`body`), and the JSON
 * (`answer`) or the kind of file (`file`) that comes back. `npm run api:types` writes this from the server's routes.
 */
import type { z } from 'zod'
import type { budgetDaySchema, dailyBudgetSchema } from '../../server/api/budget-resources.ts'
import type { awaitedSchema, declarationSchema } from '../../server/api/declaration-resources.ts'
import type { demoDaySchema, demoPersonSchema } from '../../server/api/demo-resources.ts'
import type {
  billSchema,
  billStateSchema,
  documentSchema,
  issuedDocumentSchema,
  lineProofSchema,
} from '../../server/api/document-resources.ts'
import type {
  dataReadSchema,
  grantSchema,
  nextGrantSchema,
  ownReadingSchema,
} from '../../server/api/grant-resources.ts'
import type { growthSchema } from '../../server/api/growth-resources.ts'
import type {
  joiningSchema,
  membersSchema,
  meterSchema,
  pairingSchema,
  passkeyAccountSchema,
} from '../../server/api/joining.ts'
import type { noticesSchema } from '../../server/api/notice-resources.ts'
import type {
  feederSchema,
  meteringPointSchema,
  officialDifferenceSchema,
  officialFileSchema,
  witnessesSchema,
} from '../../server/api/official-resources.ts'
import type { operationSchema } from '../../server/api/operation-resources.ts'
import type { partnerChoicesSchema, partnersSchema } from '../../server/api/partner-resources.ts'
import type { releaseSchema, reportFormatSchema, reportVersionSchema } from '../../server/api/report-resources.ts'
import type {
  agreementSchema,
  areaSchema,
  batchSchema,
  forwardBookSchema,
  forwardOrderSchema,
  intervalSchema,
  orderSchema,
  ownForwardTradeSchema,
  seatBatchSchema,
  seatIntervalSchema,
  seatSchema,
  statementSchema,
  summarySchema,
  walletSchema,
} from '../../server/api/resources.ts'
import type { currentSessionSchema, listedSessionSchema, nonceSchema } from '../../server/api/session-resources.ts'
import type { tariffSchema } from '../../server/api/tariff-resources.ts'
import type {
  betterLimitsSchema,
  monthSchema,
  otherPricesSchema,
  settledRootSchema,
  totalsSchema,
} from '../../server/api/totals-resources.ts'
import type { watchersSchema } from '../../server/api/watching-resources.ts'

type Nothing = Record<string, never>

export interface Gets {
  '/accounts/{account}/agreements': {
    asks: { account: string } & { seat?: string; limit?: number; cursor?: string }
    answer: { items: z.output<typeof agreementSchema>[]; cursor: string | null }
  }
  '/accounts/{account}/batches': {
    asks: { account: string } & { seat?: string; limit?: number; cursor?: string }
    answer: { items: z.output<typeof seatBatchSchema>[]; cursor: string | null }
  }
  '/accounts/{account}/better-limits': {
    asks: { account: string } & { seat: string; side: 'buy' | 'sell'; start: string }
    answer: z.output<typeof betterLimitsSchema>
  }
  '/accounts/{account}/budget-day': {
    asks: { account: string } & { seat: string; at?: string }
    answer: z.output<typeof budgetDaySchema>
  }
  '/accounts/{account}/budgets': {
    asks: { account: string } & { seat?: string; limit?: number; cursor?: string }
    answer: { items: z.output<typeof dailyBudgetSchema>[]; cursor: string | null }
  }
  '/accounts/{account}/everything': { asks: { account: string }; file: 'application/x-ndjson' }
  '/accounts/{account}/forward-orders': {
    asks: { account: string } & {
      seat?: string
      limit?: number
      cursor?: string
      status?: 'open' | 'filled' | 'cancelled'
    }
    answer: { items: z.output<typeof forwardOrderSchema>[]; cursor: string | null }
  }
  '/accounts/{account}/forward-trades': {
    asks: { account: string } & { seat?: string; limit?: number; cursor?: string }
    answer: { items: z.output<typeof ownForwardTradeSchema>[]; cursor: string | null }
  }
  '/accounts/{account}/grants': {
    asks: { account: string } & { limit?: number; cursor?: string }
    answer: { items: z.output<typeof grantSchema>[]; cursor: string | null }
  }
  '/accounts/{account}/grants-received': {
    asks: { account: string } & { limit?: number; cursor?: string }
    answer: { items: z.output<typeof grantSchema>[]; cursor: string | null }
  }
  '/accounts/{account}/grants/next': {
    asks: { account: string } & { area: number }
    answer: z.output<typeof nextGrantSchema>
  }
  '/accounts/{account}/intervals': {
    asks: { account: string } & { seat?: string; limit?: number; cursor?: string; from?: string; to?: string }
    answer: { items: z.output<typeof seatIntervalSchema>[]; cursor: string | null }
  }
  '/accounts/{account}/months/{month}': {
    asks: { account: string; month: string } & { seat: string; timeZone: string }
    answer: z.output<typeof monthSchema>
  }
  '/accounts/{account}/notices': {
    asks: { account: string } & { limit?: number; cursor?: string }
    answer: z.output<typeof noticesSchema>
  }
  '/accounts/{account}/orders': {
    asks: { account: string } & { seat?: string; limit?: number; cursor?: string }
    answer: { items: z.output<typeof orderSchema>[]; cursor: string | null }
  }
  '/accounts/{account}/other-prices': {
    asks: { account: string } & { seat: string; side: 'buy' | 'sell'; from: string; to: string; limits: string }
    answer: z.output<typeof otherPricesSchema>
  }
  '/accounts/{account}/partner-choices': { asks: { account: string }; answer: z.output<typeof partnerChoicesSchema> }
  '/accounts/{account}/partners': {
    asks: { account: string } & { seat: string; from: string; to: string }
    answer: z.output<typeof partnersSchema>
  }
  '/accounts/{account}/readings': {
    asks: { account: string } & { seat: string; from: string; to: string; limit?: number; cursor?: string }
    answer: { items: z.output<typeof ownReadingSchema>[]; cursor: string | null }
  }
  '/accounts/{account}/reads': {
    asks: { account: string } & { limit?: number; cursor?: string }
    answer: { items: z.output<typeof dataReadSchema>[]; cursor: string | null }
  }
  '/accounts/{account}/seats': {
    asks: { account: string } & { limit?: number; cursor?: string }
    answer: { items: z.output<typeof seatSchema>[]; cursor: string | null }
  }
  '/accounts/{account}/statements/{end}': {
    asks: { account: string; end: string } & { seat: string }
    answer: z.output<typeof statementSchema>
  }
  '/accounts/{account}/summary': {
    asks: { account: string } & { seat: string; from: string; to: string }
    answer: z.output<typeof summarySchema>
  }
  '/accounts/{account}/totals': {
    asks: { account: string } & {
      seat: string
      from: string
      to: string
      by: 'quarter-hour' | 'hour' | 'day' | 'month'
      timeZone: string
    }
    answer: z.output<typeof totalsSchema>
  }
  '/accounts/{account}/wallet': { asks: { account: string } & { area: number }; answer: z.output<typeof walletSchema> }
  '/accounts/{account}/witnesses': {
    asks: { account: string } & { seat: string; from: string; to: string }
    answer: z.output<typeof witnessesSchema>
  }
  '/areas': {
    asks: { search?: string; grid?: string; limit?: number; cursor?: string }
    answer: { items: z.output<typeof areaSchema>[]; cursor: string | null }
  }
  '/areas/{area}': { asks: { area: string }; answer: z.output<typeof areaSchema> }
  '/areas/{area}/batches': {
    asks: { area: number } & { limit?: number; cursor?: string }
    answer: { items: z.output<typeof batchSchema>[]; cursor: string | null }
  }
  '/areas/{area}/batches/{end}': { asks: { area: number; end: string }; answer: z.output<typeof batchSchema> }
  '/areas/{area}/batches/{end}/export': { asks: { area: number; end: string }; file: 'application/jsonl' }
  '/areas/{area}/batches/{end}/settled-root': {
    asks: { area: number; end: string }
    answer: z.output<typeof settledRootSchema>
  }
  '/areas/{area}/bills': { asks: { area: number }; answer: { items: z.output<typeof billStateSchema>[] } }
  '/areas/{area}/bills/{month}': { asks: { area: number; month: string }; answer: z.output<typeof billSchema> }
  '/areas/{area}/bills/{month}/documents': {
    asks: { area: number; month: string } & { limit?: number; cursor?: string }
    answer: { items: z.output<typeof documentSchema>[]; cursor: string | null }
  }
  '/areas/{area}/declarations': {
    asks: { area: number } & { limit?: number; cursor?: string }
    answer: { items: z.output<typeof declarationSchema>[]; cursor: string | null }
  }
  '/areas/{area}/declarations/awaited': { asks: { area: number }; answer: z.output<typeof awaitedSchema> }
  '/areas/{area}/documents': {
    asks: { area: number } & { limit?: number; cursor?: string; month?: string; account?: string }
    answer: { items: z.output<typeof issuedDocumentSchema>[]; cursor: string | null; clerk: boolean }
  }
  '/areas/{area}/documents/{number}': {
    asks: { area: number; number: string }
    answer: z.output<typeof issuedDocumentSchema>
  }
  '/areas/{area}/documents/{number}/lines/{line}': {
    asks: { area: number; number: string; line: number }
    answer: z.output<typeof lineProofSchema>
  }
  '/areas/{area}/documents/{number}/pdf': { asks: { area: number; number: string }; file: 'application/pdf' }
  '/areas/{area}/documents/{number}/ubl': { asks: { area: number; number: string }; file: 'application/xml' }
  '/areas/{area}/exported-values': {
    asks: { area: number } & {
      from: string
      to: string
      format: 'eda-xlsx' | 'eda-xml' | 'es-coefficients' | 'triples'
      point?: string
      cau?: string
    }
    file: 'application/octet-stream'
  }
  '/areas/{area}/feeders': {
    asks: { area: number } & { from: string; to: string }
    answer: { items: z.output<typeof feederSchema>[] }
  }
  '/areas/{area}/forward-book': {
    asks: { area: number } & { start: string; zone: string }
    answer: z.output<typeof forwardBookSchema>
  }
  '/areas/{area}/growth': { asks: { area: number } & { timeZone: string }; answer: z.output<typeof growthSchema> }
  '/areas/{area}/intervals': {
    asks: { area: number } & { from?: string; to?: string; limit?: number; cursor?: string }
    answer: { items: z.output<typeof intervalSchema>[]; cursor: string | null }
  }
  '/areas/{area}/intervals/{start}': {
    asks: { area: number; start: string }
    answer: { items: z.output<typeof intervalSchema>[]; cursor: string | null }
  }
  '/areas/{area}/joining': { asks: { area: number }; answer: z.output<typeof joiningSchema>[] }
  '/areas/{area}/members': { asks: { area: number }; answer: z.output<typeof membersSchema> }
  '/areas/{area}/metering-points': {
    asks: { area: number } & { from: string; to: string }
    answer: { dueSeconds: number | null; items: z.output<typeof meteringPointSchema>[] }
  }
  '/areas/{area}/meters': {
    asks: { area: number } & { limit?: number; cursor?: string }
    answer: { items: z.output<typeof meterSchema>[]; cursor: string | null }
  }
  '/areas/{area}/official-values/differences': {
    asks: { area: number } & { from: string; to: string }
    answer: { items: z.output<typeof officialDifferenceSchema>[] }
  }
  '/areas/{area}/official-values/files': {
    asks: { area: number }
    answer: { items: z.output<typeof officialFileSchema>[] }
  }
  '/areas/{area}/operation': { asks: { area: number }; answer: z.output<typeof operationSchema> }
  '/areas/{area}/passkey-accounts/{account}': {
    asks: { area: number; account: string }
    answer: z.output<typeof passkeyAccountSchema>
  }
  '/areas/{area}/releases': { asks: { area: number }; answer: { items: z.output<typeof releaseSchema>[] } }
  '/areas/{area}/report': {
    asks: { area: number } & {
      from: string
      to: string
      format?: string
      by?: string
      zone?: string
      point?: string
      changedSince?: string
      timeZone?: string
    }
    file: 'text/csv'
  }
  '/areas/{area}/reports': { asks: { area: number }; answer: { items: z.output<typeof reportVersionSchema>[] } }
  '/areas/{area}/tariff': {
    asks: { area: number } & { zone?: string; from?: string; to?: string }
    answer: z.output<typeof tariffSchema>
  }
  '/areas/{area}/watchers': { asks: { area: number }; answer: z.output<typeof watchersSchema> }
  '/areas/{area}/watchers/batch': {
    asks: { area: number }
    answer: {
      area: number
      start: number
      end: number
      number: number
      attempt: number
      block: number
      header: string
      statementRoot: string
      bandLow: number
      bandHigh: number
      gridTake: string
      parts: string[]
    }
  }
  '/areas/{area}/witnesses': {
    asks: { area: number } & { from: string; to: string }
    answer: z.output<typeof witnessesSchema>
  }
  '/demo/day': { asks: Nothing; answer: z.output<typeof demoDaySchema> }
  '/demo/homes': { asks: Nothing; answer: { area: number; most: number; free: number }[] }
  '/demo/people': { asks: Nothing; answer: z.output<typeof demoPersonSchema>[] }
  '/pairings/{code}': { asks: { code: string }; answer: z.output<typeof pairingSchema> }
  '/report-formats': { asks: Nothing; answer: { items: z.output<typeof reportFormatSchema>[] } }
  '/session': { asks: Nothing; answer: z.output<typeof currentSessionSchema> }
  '/session/nonce': { asks: Nothing; answer: z.output<typeof nonceSchema> }
  '/sessions': { asks: Nothing; answer: { items: z.output<typeof listedSessionSchema>[] } }
}
