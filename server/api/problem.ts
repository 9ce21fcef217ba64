/** Refusals as RFC 9457 problem documents. `docs/errors.md` lists every code with what to do about it. */
import { CodedError } from '../../contracts/protocol/error.ts'
import { AccountsError } from '../accounts/error.ts'
import { AreaError } from '../areas/error.ts'
import { BillingError } from '../billing/error.ts'
import { ChainError } from '../chain/error.ts'
import { ExchangeError } from '../exchange/error.ts'
import { OfficialError } from '../official/error.ts'
import { ReportError } from '../reports/row.ts'
import { SettlementError } from '../settlement/error.ts'
import { SignatureCheckError } from '../signatures/signature-check.ts'
import { StatementsError } from '../statements/error.ts'
import { StoreError } from '../store/error.ts'
import { isUnableNow } from '../store/unreachable.ts'

const table = {
  REQUEST_INVALID: [400, 'The request does not have the documented form'],
  CURSOR_INVALID: [400, 'The cursor is not one of this list'],
  RANGE_EMPTY: [400, 'The range ends before it begins'],
  RANGE_TOO_LONG: [400, 'The range holds more than one answer may'],
  BODY_NOT_JSON: [400, 'The body is not JSON'],
  IDEMPOTENCY_KEY_FORM: [400, 'The Idempotency-Key has no valid form'],
  SESSION_NEEDED: [401, 'Sign in first'],
  ACCOUNT_FOREIGN: [403, 'This belongs to another account'],
  GRANT_COARSER: [403, 'The grant is for coarser data'],
  RELAY_UNINVITED: [403, 'The server pays for those who are invited'],
  NOT_GRID_ACCOUNT: [403, 'Only the area’s grid operator may do this'],
  NOT_OPERATOR: [403, 'Only the area’s operator may do this'],
  NOT_METERING_ACCOUNT: [403, 'Only the area’s metering operator may do this'],
  NOT_WATCHER: [403, 'Only the area’s watchers may do this'],
  ROUTE_UNKNOWN: [404, 'There is nothing at this address'],
  AREA_UNKNOWN: [404, 'This server does not serve the area'],
  INTERVAL_UNKNOWN: [404, 'The interval has no result'],
  BATCH_UNKNOWN: [404, 'No batch ends at this time'],
  NOTHING_TO_WATCH: [404, 'No batch waits for the area’s watchers'],
  ZONE_UNKNOWN: [404, 'The area has no such zone'],
  SEAT_UNKNOWN: [404, 'The account has no such seat'],
  SESSION_UNKNOWN: [404, 'The account has no such session'],
  ORDER_UNKNOWN: [404, 'There is no such order'],
  ACCOUNT_UNKNOWN: [404, 'No account of a passkey is open there'],
  AGREEMENT_UNKNOWN: [404, 'There is no such agreement'],
  PAIRING_UNKNOWN: [404, 'No meter is offered under this code'],
  GRANTS_OFF: [404, 'This server knows no contract for taking grants back'],
  RELAY_OFF: [404, 'This server relays nothing'],
  ACCOUNTS_OFF: [404, 'Nothing opens accounts of passkeys here'],
  DEMO_ONLY: [404, 'Only the demo has this'],
  RELAY_UNDER_WAY: [409, 'Something about the same is on its way'],
  IDEMPOTENCY_UNDER_WAY: [409, 'The first request with this key is still under way'],
  DEMO_HOME_REFUSED: [409, 'The demo has no home to give now'],
  PAIRING_TAKEN: [409, 'Another account has claimed the meter'],
  ORIGIN_FOREIGN: [403, 'A page of another site may not write here'],
  HOST_UNKNOWN: [421, 'This server does not answer under this name'],
  BODY_TOO_LARGE: [413, 'The body is too large'],
  BODY_CONTENT_TYPE: [415, 'The body has another content type'],
  IDEMPOTENCY_KEY_REUSED: [422, 'The key was used for another request'],
  RULES_UNKNOWN: [422, 'No area of this server has these rules'],
  ORDER_SIGNATURE: [422, 'The order is not signed by its account'],
  CANCEL_SIGNATURE: [422, 'The cancellation is not signed by the order’s account'],
  SESSION_KEY_SIGNATURE: [422, 'The session key is not signed by the account'],
  DECLARATION_SIGNATURE: [422, 'The declaration is not signed by the area’s grid operator'],
  DECLARATION_CONTENT: [422, 'The declaration is signed for something else'],
  AGREEMENT_SIGNATURE: [422, 'The agreement is not signed by both accounts'],
  GRANT_SIGNATURE: [422, 'The grant is not signed by its account'],
  GRANT_INVALID: [422, 'A grant cannot be like this'],
  NEIGHBOUR_UNKNOWN: [422, 'No such neighbour lets itself be seen'],
  GRANTS_FULL: [422, 'The account has given all the grants that it may'],
  INVITATION_SIGNATURE: [422, 'The invitation is signed by nobody who invites here'],
  INVITATION_ENDED: [422, 'The invitation is good for nobody any more'],
  RELAY_PURSE_EMPTY: [422, 'There is nothing in the purse'],
  RECOVERY_SIGNATURE: [422, 'The recovery is not signed by the account’s recovery key'],
  RELAY_CALLS: [422, 'These calls are not carried'],
  NOTICE_SIGNATURE: [422, 'The notice is not signed by its account'],
  BUDGET_SIGNATURE: [422, 'The daily budget is not signed by its account'],
  BUDGET_AMOUNT: [422, 'The daily budget is no amount of the area'],
  REVOCATION_SIGNATURE: [422, 'The revocation is not signed by its account'],
  PAIRING_CLOCK: [422, 'The agent’s clock is wrong'],
  PAIRING_SIGNATURE: [422, 'This is not signed by the meter'],
  PAIRING_TRIES: [429, 'Too many wrong codes'],
  PAIRING_REPLAYED: [429, 'The announcement was heard before'],
  DATABASE_SILENT: [503, 'The database does not answer'],
  ORDERS_BUSY: [503, 'Too many orders are under way'],
  RELAY_BUDGET: [429, 'The day’s transactions or gas are used up'],
  TOO_MANY_REQUESTS: [429, 'Too many requests'],
  INTERNAL: [500, 'The server failed'],
} as const satisfies Record<string, readonly [number, string]>

/** Codes that the API itself gives; refusals of other rooms pass through with theirs. */
export type ProblemCode = keyof typeof table

export interface InvalidField {
  path: string
  message: string
}

/** Refuses a request; `message` is the problem document's `detail`. */
export class ApiError extends CodedError {
  override readonly name = 'ApiError'
  readonly status: number
  readonly title: string
  readonly retryAfterSeconds: number | null
  readonly errors: InvalidField[]

  constructor(
    code: ProblemCode,
    message: string,
    details: { errors?: InvalidField[]; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(code, message, details)
    this.status = table[code][0]
    this.title = table[code][1]
    this.errors = details.errors ?? []
    this.retryAfterSeconds = details.retryAfterSeconds ?? null
  }
}

export interface Problem {
  status: number
  retryAfterSeconds: number | null
  document: { type: string; title: string; status: number; detail: string; code: string; errors?: InvalidField[] }
}

/** The engine's refusal of an order, a cancellation, an agreement or a session key, in a sentence. */
export class Refused extends CodedError {
  override readonly name = 'Refused'
}

/** What an error says to the client; null for one that nobody foresaw, which is the server's failure. */
export function problemOf(error: unknown): Problem | null {
  if (error instanceof ApiError) {
    return problem({
      code: error.code,
      status: error.status,
      title: error.title,
      detail: error.message,
      retryAfterSeconds: error.retryAfterSeconds,
      errors: error.errors,
    })
  }
  if (error instanceof Refused) {
    return problem({ code: error.code, status: 422, title: 'The market refuses this', detail: error.message })
  }
  if (error instanceof AccountsError) {
    return problem({ code: error.code, status: 422, title: 'Signing in was refused', detail: error.message })
  }
  if (error instanceof AreaError && error.code === 'AREA_COMMAND') {
    return problem({ code: error.code, status: 422, title: 'This cannot be carried out', detail: error.message })
  }
  if (error instanceof AreaError || error instanceof SignatureCheckError || error instanceof StatementsError) {
    return problem({
      code: error.code,
      status: 503,
      title: 'Try again shortly',
      detail: error.message,
      retryAfterSeconds: 1,
    })
  }
  if (error instanceof ChainError) {
    const refused = error.code === 'CHAIN_REFUSED' || error.code === 'CHAIN_REQUEST'
    if (error.code === 'CHAIN_NOT_WATCHED' || error.code === 'CHAIN_WATCHER') {
      const status = error.code === 'CHAIN_WATCHER' ? 422 : 409
      return problem({ code: error.code, status, title: 'This says nothing of the batch', detail: error.message })
    }
    return problem({
      code: error.code,
      status: refused ? 422 : 503,
      title: refused ? 'The escrow contract refuses this' : 'The chain cannot be used now',
      detail: error.message,
      retryAfterSeconds: refused ? null : 5,
    })
  }
  if (error instanceof SettlementError && error.code === 'SETTLEMENT_STATEMENT_ERASED') {
    return problem({ code: error.code, status: 410, title: 'The statement has been erased', detail: error.message })
  }
  if (error instanceof SettlementError && error.code === 'SETTLEMENT_STATEMENT') {
    return problem({ code: error.code, status: 409, title: 'There is no statement yet', detail: error.message })
  }
  if (error instanceof StoreError && error.code === 'STORE_ARCHIVED') {
    return problem({ code: error.code, status: 410, title: 'This is archived', detail: error.message })
  }
  if (error instanceof BillingError) {
    const status = billingStatus[error.code]
    return problem({ code: error.code, status, title: 'These documents cannot be', detail: error.message })
  }
  if (error instanceof OfficialError) {
    return problem({ code: error.code, status: 409, title: 'The area takes no values yet', detail: error.message })
  }
  if (error instanceof ExchangeError) {
    return problem({ code: error.code, status: 400, title: 'This is refused', detail: error.message })
  }
  if (error instanceof ReportError) {
    const status = reportStatus[error.code] ?? 400
    return problem({ code: error.code, status, title: 'There is no such report', detail: error.message })
  }
  if (isUnableNow(error)) return problemOf(databaseSilent())
  if (unstorable.has((error as { code?: unknown }).code)) {
    return problemOf(new ApiError('REQUEST_INVALID', 'a text has characters that cannot be stored'))
  }
  return parserProblem(error)
}

const billingStatus: Record<BillingError['code'], number> = {
  ...{ BILL_UNKNOWN: 404, BILL_MONTH: 400, BILL_APPROVAL: 403, BILL_PARTIES: 422 },
  ...{ BILL_CHANGED: 409, BILL_DIFFERS: 409, BILL_INCOMPLETE: 409, BILL_NOTHING: 409 },
}

const reportStatus: Partial<Record<ReportError['code'], number>> = {
  ...{ REPORT_APPROVAL: 403, REPORT_CHANGED: 409, REPORT_UNKNOWN: 404 },
}

/** SQLSTATE of texts that no column can hold: with the character of number 0, or half a letter. */
const unstorable = new Set<unknown>(['22021', '22P05'])

/** What is said while the database is stopped, restarted or too busy. */
export function databaseSilent(): ApiError {
  return new ApiError('DATABASE_SILENT', 'the server’s database does not answer: try again shortly', {
    retryAfterSeconds: 5,
  })
}

/** The document for what nobody foresaw; it says nothing of the inside. */
export const internalProblem: Problem = problem({
  code: 'INTERNAL',
  status: 500,
  title: table.INTERNAL[1],
  detail: 'the request could not be carried out; it has been noted',
})

/** What express's body parser and router throw. */
function parserProblem(error: unknown): Problem | null {
  const { type, status } = error as { type?: unknown; status?: unknown }
  if (type === 'entity.too.large')
    return problemOf(
      new ApiError(
        'BODY_TOO_LARGE',
        `the body is larger than ${Math.ceil((error as { limit: number }).limit / 1024)} KiB`,
      ),
    )
  if (type === 'entity.parse.failed') return problemOf(new ApiError('BODY_NOT_JSON', (error as Error).message))
  if (type === 'encoding.unsupported' || type === 'charset.unsupported') {
    return problemOf(new ApiError('BODY_CONTENT_TYPE', (error as Error).message))
  }
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return problemOf(new ApiError('REQUEST_INVALID', (error as Error).message))
  }
  return null
}

function problem(parts: {
  code: string
  status: number
  title: string
  detail: string
  retryAfterSeconds?: number | null
  errors?: InvalidField[]
}): Problem {
  const { code, status, title, detail, retryAfterSeconds = null, errors = [] } = parts
  return {
    status,
    retryAfterSeconds,
    document: {
      type: `urn:commonwatt:problem:${code}`,
      title,
      status,
      detail,
      code,
      ...(errors.length > 0 ? { errors } : {}),
    },
  }
}
