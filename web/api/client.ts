/** Requests to `/api/v1`: JSON in and out, refusals as errors that say in plain words what happened. */
import { CodedError } from '../../contracts/protocol/error.ts'
import { apiWords } from './words.ts'

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

export async function getJson<T>(path: string, options: RequestOptions = {}): Promise<T> {
  return readJson<T>(await send(path, { headers: sessionOf(options.account), signal: options.signal ?? null }))
}

/** Posts JSON under an `Idempotency-Key` of its own, so that a request that is delivered twice takes effect once. */
export async function postJson<T>(path: string, body: unknown, options: RequestOptions = {}): Promise<T> {
  return readJson<T>(
    await send(path, {
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
export async function relay<T>(path: `/relay/${string}`, body: unknown, options: RequestOptions = {}): Promise<T> {
  const untilMs = Date.now() + underWayMs.atMost
  for (;;) {
    try {
      return await postJson<T>(path, body, options)
    } catch (error) {
      const isUnderWay = error instanceof ProblemError && error.code === 'RELAY_UNDER_WAY'
      if (!isUnderWay || Date.now() > untilMs) throw error
      await new Promise((resolve) => setTimeout(resolve, underWayMs.every))
    }
  }
}

export async function deleteAt(path: string, options: RequestOptions = {}): Promise<void> {
  await send(path, { method: 'DELETE', headers: sessionOf(options.account) })
}

/** Fetches a text document, such as a CSV report. */
export async function getText(path: string, options: RequestOptions = {}): Promise<string> {
  const answer = await send(path, { headers: sessionOf(options.account), signal: options.signal ?? null })
  return answer.text()
}

/** Fetches a document that is no text, such as a PDF. */
export async function getBytes(path: string, options: RequestOptions = {}): Promise<Blob> {
  const answer = await send(path, { headers: sessionOf(options.account), signal: options.signal ?? null })
  return answer.blob()
}

/** A random key; unlike `crypto.randomUUID` it also works on a page served without TLS from another machine. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function sessionOf(account: string | undefined): Record<string, string> {
  return account === undefined ? {} : { 'commonwatt-account': account }
}

async function send(path: string, init: RequestInit): Promise<Response> {
  let answer: Response
  try {
    answer = await fetch(`/api/v1${path}`, init)
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

async function readJson<T>(answer: Response): Promise<T> {
  try {
    return (await answer.json()) as T
  } catch (cause) {
    throw new ProblemError('PAGE_UNEXPECTED_ANSWER', answer.status, apiWords().noJson, cause)
  }
}
