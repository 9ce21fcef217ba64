/**
 * Requests to `/api/v1`: JSON in and out, refusals as errors that say in plain words what happened. Operations are named by
 * their paths as the API's document writes them (`/areas/{area}/growth`); `reads.ts` and `writes.ts`, which are generated, say
 * what each asks for, takes and answers.
 */
import { CodedError } from '../../contracts/protocol/error.ts'
import type { Gets } from './reads.ts'
import { apiWords } from './words.ts'
import type { Deletes, Posts } from './writes.ts'

/**
 * A refused or failed request. `code` is the server's stable code of the problem document, or `PAGE_UNREACHABLE` (no answer)
 * or `PAGE_UNEXPECTED_ANSWER` (an answer that is no JSON); `status` is the HTTP status, 0 without an answer.
 */
export class ProblemError extends CodedError {
  override readonly name = 'ProblemError'
  readonly status: number
  constructor(code: string, status: number, message: string, cause?: unknown) {
    super(code, message, { cause })
    this.status = status
  }
}

interface RequestOptions {
  /** The account whose session the request speaks for. A cookie that no script can read proves the session. */
  account?: string | undefined
  signal?: AbortSignal | undefined
}

/** The paths of those operations that have such a form. */
type PathsOf<Operations, Form> = {
  [Path in keyof Operations]: Operations[Path] extends Form ? Path : never
}[keyof Operations]

/** Reads whose answer is JSON. */
type JsonGets = PathsOf<Gets, { answer: unknown }>
/** Writes that take JSON and answer it. */
type JsonPosts = PathsOf<Posts, { body: unknown; answer: unknown }>

/** `asks` holds what the path leaves open, and the query. */
export async function getJson<Path extends JsonGets>(
  path: Path,
  asks: Gets[Path]['asks'],
  options: RequestOptions = {},
): Promise<Gets[Path]['answer']> {
  return readJson(await get(path, asks, options))
}

/** Posts JSON under an `Idempotency-Key` of its own, so that a request that is delivered twice takes effect once. */
export async function postJson<Path extends JsonPosts>(
  path: Path,
  asks: Posts[Path]['asks'],
  body: Posts[Path]['body'],
  options: RequestOptions = {},
): Promise<Posts[Path]['answer']> {
  return readJson(
    await send(addressOf(path, asks), {
      method: 'POST',
      headers: {
        ...sessionOf(options.account),
        'content-type': 'application/json',
        'idempotency-key': randomKey(),
      },
      body: JSON.stringify(body),
    }),
  )
}

const underWayMs = { every: 2_000, atMost: 60_000 }

/**
 * Asks the server to carry something to the chain. While another request about the same meter or purse is under way, this one
 * waits for it.
 */
export async function relay<Path extends JsonPosts & `/relay/${string}`>(
  path: Path,
  body: Posts[Path]['body'],
  options: RequestOptions = {},
): Promise<Posts[Path]['answer']> {
  const untilMs = Date.now() + underWayMs.atMost
  for (;;) {
    try {
      return await postJson(path, {}, body, options)
    } catch (error) {
      const isUnderWay = error instanceof ProblemError && error.code === 'RELAY_UNDER_WAY'
      if (!isUnderWay || Date.now() > untilMs) throw error
      await new Promise((resolve) => setTimeout(resolve, underWayMs.every))
    }
  }
}

export async function deleteAt<Path extends keyof Deletes>(
  path: Path,
  asks: Deletes[Path]['asks'],
  options: RequestOptions = {},
): Promise<void> {
  await send(addressOf(path, asks), { method: 'DELETE', headers: sessionOf(options.account) })
}

/** Fetches what shall be kept as it is, such as a CSV report. */
export async function getText<Path extends keyof Gets>(
  path: Path,
  asks: Gets[Path]['asks'],
  options: RequestOptions = {},
): Promise<string> {
  return (await get(path, asks, options)).text()
}

/** The addresses that a path stands for: `/areas/4/growth` is one of `/areas/{area}/growth`. */
type AddressOf<Path extends string> = Path extends `${infer Before}{${string}}${infer After}`
  ? `${Before}${string}${AddressOf<After>}`
  : Path
/** An address of a read, with its query, as an answer links to it. */
type Link = `${AddressOf<keyof Gets>}?${string}`

/** Fetches the text to which an answer links. */
export async function getLinked(link: Link, { account }: RequestOptions): Promise<string> {
  return (await send(link, { headers: sessionOf(account) })).text()
}

/** Fetches a document that is no text, such as a PDF. */
export async function getBytes<Path extends PathsOf<Gets, { file: string }>>(
  path: Path,
  asks: Gets[Path]['asks'],
  options: RequestOptions = {},
): Promise<Blob> {
  return (await get(path, asks, options)).blob()
}

/** A random key; unlike `crypto.randomUUID` it also works on a page served without TLS from another machine. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function sessionOf(account: string | undefined): Record<string, string> {
  return account === undefined ? {} : { 'commonwatt-account': account }
}

type Asks = Readonly<Record<string, string | number | boolean | undefined>>

function get(path: string, asks: Asks, { account, signal }: RequestOptions): Promise<Response> {
  return send(addressOf(path, asks), { headers: sessionOf(account), signal: signal ?? null })
}

/** The path with what it leaves open filled in; what it does not name is its query. */
function addressOf(path: string, asks: Asks): string {
  const query = new URLSearchParams()
  let address = path
  for (const [name, value] of Object.entries(asks)) {
    if (value === undefined) continue
    if (path.includes(`{${name}}`)) address = address.replace(`{${name}}`, encodeURIComponent(value))
    else query.set(name, String(value))
  }
  const text = query.toString()
  return text === '' ? address : `${address}?${text}`
}

async function send(address: string, init: RequestInit): Promise<Response> {
  let answer: Response
  try {
    answer = await fetch(`/api/v1${address}`, init)
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new ProblemError('PAGE_UNREACHABLE', 0, apiWords().unreachable, cause)
  }
  if (answer.ok) return answer
  throw await problemOf(answer)
}

async function problemOf(answer: Response): Promise<ProblemError> {
  const problem = (await answer.json().catch(() => null)) as { code?: string; detail?: string; title?: string } | null
  const said = apiWords()
  const own = problem?.code === undefined ? undefined : said.refusals[problem.code]
  const message = own ?? problem?.detail ?? problem?.title ?? said.answered(answer.status)
  return new ProblemError(problem?.code ?? 'PAGE_UNEXPECTED_ANSWER', answer.status, message)
}

async function readJson<Answer>(answer: Response): Promise<Answer> {
  try {
    return (await answer.json()) as Answer
  } catch (cause) {
    throw new ProblemError('PAGE_UNEXPECTED_ANSWER', answer.status, apiWords().noJson, cause)
  }
}
