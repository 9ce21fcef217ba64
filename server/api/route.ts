/** A route: its address, the schemas of what goes in and out, and what it does. The API and its document come from these. */
import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { constants, createGzip, gzip } from 'node:zlib'
import { json, type Request, type Response, type Router, raw } from 'express'
import type { z } from 'zod'
import { checkForm } from '../../contracts/protocol/mistakes.ts'
import type { Address } from '../../contracts/protocol/typed-data.ts'
import { sweepNowAndThen } from '../accounts/sessions.ts'
import { ChainError } from '../chain/error.ts'
import {
  answerKeyedRequest,
  beginKeyedRequest,
  lostAfterSeconds,
  releaseKeyedRequest,
  renewKeyedRequest,
  type SessionRow,
} from '../store/account-store.ts'
import type { Database } from '../store/database.ts'
import { isUnableNow } from '../store/unreachable.ts'
import type { Allowance } from './allowance.ts'
import { belongsHere } from './belonging.ts'
import type { SenderOf } from './hosts.ts'
import { etagOf, isKept } from './kept-answers.ts'
import type { ApiParts } from './parts.ts'
import { ApiError, databaseSilent, type Problem } from './problem.ts'
import { mayUseCookie, sessionShown, shownSession } from './session-cookie.ts'
import type { Turns } from './turns.ts'

export type Answer =
  | { status: number; body: unknown }
  | {
      status: number
      contentType: string
      fileName: string
      chunks: AsyncIterable<string | Uint8Array>
      /** What names this content of the address and no other, so that whoever has it is not sent it again. */
      version?: string | Buffer
    }

export interface RouteInput<Params, Query, Body> {
  params: Params
  query: Query
  body: Body
  request: Request
  /** The network that the request came from, by which strangers are limited. */
  network: string
  /** The caller's session; rejects with `SESSION_NEEDED`. */
  session(): Promise<SessionRow>
  /** The account of the caller's session where it belongs here, else null. */
  member: Address | null
  /** Who is limited: the account, or the network where there is none. */
  asker: string
}

interface RouteDefinition<Params, Query, Body> {
  id: string
  method: 'get' | 'post' | 'delete'
  /** The address in Express's form: `/areas/:area`. */
  path: string
  summary: string
  tag: string
  /** Whether it needs a session. */
  private?: boolean
  /** Takes an `Idempotency-Key` within a session: what is done once is kept for the account, for a day. */
  keyed?: boolean
  params?: z.ZodType<Params>
  query?: z.ZodType<Query>
  body?: z.ZodType<Body>
  /** The most bytes of the body, where that is not `mostBodyBytes`. */
  mostBytes?: number
  /** Takes a file instead, of at most so many bytes, as `application/octet-stream`: `body` is its bytes. */
  mostFileBytes?: number
  /** Has the chain's node asked, which may cost the operator: counted by itself, and what is late is the node's. */
  asksNode?: boolean
  /** Takes the server long (files that are read or made, auctions cleared again): few at a time of one asker. */
  isSlow?: boolean
  /** Has limits of its own, and counts as nothing that is asked. */
  isGated?: boolean
  /** What a file is known by, where it is known by something. */
  version?: string
  /** Why nobody keeps the answer to a read: it has no `ETag` then. */
  keptByNobody?: string
  /** Refuses whoever may not send this, before the body is read. */
  admits?(input: Pick<RouteInput<Params, Query, Body>, 'params' | 'session'>): Promise<unknown>
  /** By status; null is an answer without a body, a string a content type that is not JSON. */
  answers: Record<number, z.ZodType | string | null>
  handle(input: RouteInput<Params, Query, Body>): Promise<Answer>
}

export type Route = RouteDefinition<unknown, unknown, unknown>

export function route<Params = undefined, Query = undefined, Body = undefined>(
  definition: RouteDefinition<Params, Query, Body>,
): Route {
  return definition as unknown as Route
}

/** An opening of a seat by a contract wallet, the largest thing that is signed, has 12 kB. */
const mostBodyBytes = 64 * 1024

type MountParts = Pick<
  ApiParts,
  'database' | 'networkOf' | 'senderOf' | 'reads' | 'areas' | 'servicesOf' | 'meteringOperator'
>

/** `reads` is what one account that belongs here, or one network of others, may ask, `nodeReads` of the chain's node, and `slow` at a time of what takes long. */
export function mountRoute(
  router: Router,
  definition: Route,
  parts: MountParts & { nodeReads: Allowance; slow: Turns },
): void {
  const { database, networkOf, senderOf, reads, nodeReads, slow } = parts
  const { mostFileBytes, mostBytes = mostBodyBytes } = definition
  const isRead = definition.method === 'get'
  const parser = mostFileBytes === undefined ? json({ limit: mostBytes }) : raw({ limit: mostFileBytes })
  router[definition.method](definition.path, async (request, response) => {
    const answer = answerOf(request, response)
    const found = await (isRead ? inTime(answer, definition.asksNode ? nodeSilent : databaseSilent) : answer)
    const mayBeKept = isRead && definition.keptByNobody === undefined
    await send(
      response,
      found,
      mayBeKept ? { isOwn: definition.private === true || shownSession(request) !== null } : null,
    )
  })

  async function answerOf(request: Request, response: Response): Promise<Answer> {
    if (!isRead) requireOwnPage(senderOf, request)
    const network = networkOf(request)
    const found = await sessionOf({ database, senderOf }, request)
    const member = found !== null && belongsHere(parts, found.account) ? found.account : null
    const asker = member ?? network
    // Each costs a query or some, and so does a token that is looked up.
    if (!definition.isGated || (found === null && shownSession(request) !== null)) reads.use(asker, Date.now())
    if (definition.asksNode) nodeReads.use(asker, Date.now())
    const session = async () => {
      if (found !== null) return found
      throw new ApiError(
        'SESSION_NEEDED',
        'this needs a session that has not expired, by its bearer token or its cookie',
      )
    }
    // Whoever has none is not listened to any longer: a body may have megabytes.
    if (definition.private) await session()
    const params = parse(definition.params, request.params, '')
    await definition.admits?.({ params, session })
    if (!isRead)
      await new Promise<void>((resolve, reject) => {
        parser(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error)))
      })
    const input = {
      params,
      query: parse(definition.query, request.query, ''),
      body: parseBody(definition, request),
      request,
      ...{ network, session, member, asker },
    }
    const handle = () => definition.handle(input)
    const run = () => (definition.isSlow ? slow.take(asker, handle, (answer) => sentOf(answer, response)) : handle())
    const key = definition.keyed ? request.get('idempotency-key') : undefined
    if (key !== undefined) requireKeyForm(key)
    // Keys are an account's own: a stranger has none, and leaves no row. What is signed is its own key anyway.
    const caller = key === undefined ? undefined : found?.account
    const isKeyed = key !== undefined && caller !== undefined
    return isKeyed ? runOnce(database, { request, body: input.body, caller, key, run }) : run()
  }
}

/** Until a file has been received, or nobody receives it any longer. */
async function sentOf(answer: Answer, response: Response): Promise<void> {
  if ('chunks' in answer && !response.closed) await new Promise((resolve) => response.once('close', resolve))
}

/** Reads that are sound are answered much sooner; a database that was stopped answers never. */
const readWithinMs = 10_000

/** The answer to a read, while somebody still waits for it. Throws what `late` makes. */
async function inTime(answer: Promise<Answer>, late: () => Error): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined
  const isLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), readWithinMs)
  })
  return Promise.race([answer, isLate]).finally(() => clearTimeout(timer))
}

function nodeSilent(): ChainError {
  return new ChainError('CHAIN_UNREACHABLE', 'the chain’s node does not answer: try again shortly')
}

/** Writes a problem document. */
export function sendProblem(response: ServerResponse, { status, retryAfterSeconds, document }: Problem): void {
  if (retryAfterSeconds !== null) response.setHeader('Retry-After', String(retryAfterSeconds))
  if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer')
  sendJson(response, status, document)
}

/** As Express's `json`, without its search for a character set and a fresh copy, which took a tenth of a request's time. */
function sendJson(response: ServerResponse, status: number, body: unknown): void {
  startJson(response, status)
  response.end(JSON.stringify(body))
}

function startJson(response: ServerResponse, status: number): void {
  const type = status >= 400 ? 'application/problem+json' : 'application/json'
  response.statusCode = status
  response.setHeader('Content-Type', `${type}; charset=utf-8`)
}

/** Sends an answer; `kept` says whether it is of whoever asks alone, null that nothing of it may be kept. */
async function send(response: Response, answer: Answer, kept: { isOwn: boolean } | null): Promise<void> {
  const isKnown = (content: string | Buffer) =>
    kept !== null && answer.status === 200 && isKept(response, { etag: etagOf(content), ...kept })
  if ('body' in answer) {
    if (answer.body === null) return void response.status(answer.status).end()
    const text = JSON.stringify(answer.body)
    if (isKnown(text)) return void response.end()
    startJson(response, answer.status)
    return endWith(response, text)
  }
  if (answer.version !== undefined && isKnown(answer.version)) return void response.end()
  response.status(answer.status).attachment(answer.fileName).type(answer.contentType)
  // The door, the connection's turns, the metrics and the slow answers wait for its end, and a packed pipeline seven times: from eleven
  // on Node takes them for a leak, and says so in the log for each file.
  response.setMaxListeners(20)
  const chunks = Readable.from(answer.chunks)
  const sent = mayPack(response) ? pipeline(chunks, createGzip(packing), response) : pipeline(chunks, response)
  await sent.catch((error: NodeJS.ErrnoException) => {
    // Whoever asked has gone, which is no failure, and as often as they like.
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE' || !response.closed) throw error
  })
}

const packing = { level: constants.Z_BEST_SPEED }
const packed = promisify(gzip)
/** What is shorter is one packet anyway, and most answers to agents are. */
const fewestPackedLetters = 1_400

/** Ends an answer with a text, packed where it is long: a page of results has a tenth of its bytes then. */
async function endWith(response: Response, text: string): Promise<void> {
  const isPacked = text.length >= fewestPackedLetters && mayPack(response)
  response.end(isPacked ? await packed(text, packing) : text)
}

/** Says in the answer's headers that it comes packed, and gives true, where whoever asked takes it so. */
export function mayPack(response: Response): boolean {
  response.vary('Accept-Encoding')
  if (response.req.acceptsEncodings('gzip') !== 'gzip') return false
  response.setHeader('Content-Encoding', 'gzip')
  return true
}

function requireKeyForm(key: string): void {
  if (/^[\x21-\x7e]{1,200}$/.test(key)) return
  throw new ApiError('IDEMPOTENCY_KEY_FORM', 'an Idempotency-Key has 1 to 200 visible ASCII characters')
}

interface KeyedRun {
  request: Request
  body: unknown
  /** The account of the session. */
  caller: string
  key: string
  run(): Promise<Answer>
}

/** Three times before a request counts as lost. */
const renewEveryMs = (lostAfterSeconds * 1_000) / 4

/**
 * Runs a request at most once for its key, and gives the answer of what was done to every repetition. A refusal has done
 * nothing and is not kept: the next time may find another world.
 */
async function runOnce(database: Database, { request, body, caller, key, run }: KeyedRun): Promise<Answer> {
  await sweepNowAndThen(database, new Date())
  const requestHash = createHash('sha256')
    .update(`${request.method} ${request.originalUrl}\n${JSON.stringify(body)}`)
    .digest()
  const begun = await beginKeyedRequest(database, { caller, key, requestHash })
  switch (begun.state) {
    case 'other-request':
      throw new ApiError('IDEMPOTENCY_KEY_REUSED', 'this Idempotency-Key came with another request; use a new one')
    case 'under-way':
      throw new ApiError('IDEMPOTENCY_UNDER_WAY', 'wait for the first answer, then repeat', { retryAfterSeconds: 1 })
    case 'answered':
      request.res!.set('Idempotency-Replayed', 'true')
      return { status: begun.status, body: JSON.parse(begun.response) }
    default:
  }
  // A slow node or database may take longer than a lost request is waited for.
  const renewing = setInterval(() => {
    renewKeyedRequest(database, { caller, key }).catch(() => {})
  }, renewEveryMs)
  const answer = await run()
    .finally(() => clearInterval(renewing))
    .catch(async (error) => {
      await releaseKeyedRequest(database, { caller, key }).catch(unlessUnable)
      throw error
    })
  if ('body' in answer) {
    const { status, body: said } = answer
    await answerKeyedRequest(database, { caller, key, status, response: JSON.stringify(said) }).catch(unlessUnable)
  }
  return answer
}

/**
 * Where the database cannot note now what became of a request, whoever asked is told all the same; its key stays with what is under way, and
 * may be used anew once that counts as lost.
 */
function unlessUnable(error: unknown): void {
  if (!isUnableNow(error)) throw error
}

/** No page of somebody else writes here, whatever its visitor's browser sends along. */
function requireOwnPage(senderOf: SenderOf, request: Request): void {
  if (senderOf(request) !== 'foreign') return
  const origin = (request.get('origin') ?? 'another site').slice(0, 200)
  throw new ApiError(
    'ORIGIN_FOREIGN',
    `a page of ${origin} may not write here; its operator names its own with --origin`,
  )
}

async function sessionOf(
  { database, senderOf }: { database: Database; senderOf: SenderOf },
  request: Request,
): Promise<SessionRow | null> {
  const shown = shownSession(request)
  if (shown === null || (shown.account !== null && !mayUseCookie(senderOf, request))) return null
  return sessionShown(database, shown, new Date())
}

function parseBody(definition: Route, request: Request): unknown {
  if (definition.mostFileBytes !== undefined) {
    if (Buffer.isBuffer(request.body)) return request.body
    throw new ApiError('BODY_CONTENT_TYPE', 'send the file’s bytes with Content-Type: application/octet-stream')
  }
  if (definition.body === undefined) return undefined
  if (request.body === undefined) {
    throw new ApiError('BODY_CONTENT_TYPE', 'send the body as JSON with Content-Type: application/json')
  }
  return parse(definition.body, request.body, 'body')
}

/** Whoever sends nothing but faults is told of the first ones: an answer must not be larger than what was asked. */
const mostFaults = 20
const longestFault = 300

function parse(schema: z.ZodType | undefined, value: unknown, place: string): unknown {
  if (schema === undefined) return undefined
  const { data, mistakes } = checkForm(schema, value, mostFaults)
  if (mistakes === null) return data
  const errors = mistakes.map(({ path, message }) => ({
    path: [...(place === '' ? [] : [place]), ...path].join('.'),
    message: message.slice(0, longestFault),
  }))
  throw new ApiError('REQUEST_INVALID', errors.map(({ path, message }) => `${path}: ${message}`).join('; '), { errors })
}
