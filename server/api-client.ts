/** What whoever has a key does with a server's API: signs in with it (EIP-4361), reads, and sends signed messages. */

import { getAddress, type Wallet } from 'ethers'
import { CodedError } from '../contracts/protocol/error.ts'
import type { FirstKeys } from '../contracts/protocol/passkey-account.ts'

export class ApiClientError extends CodedError {
  override readonly name = 'ApiClientError'
  readonly status: number
  constructor(status: number, code: string, message: string) {
    super(code, message)
    this.status = status
  }
}

export interface ApiClient {
  get<T>(path: string): Promise<T>
  /** Reads an answer that is not JSON, as text. */
  text(path: string): Promise<string>
  /** Reads a long answer line by line, as it comes. */
  lines(path: string): AsyncGenerator<string>
  /** Sends once under an idempotency key, so that a repetition has no second effect. */
  post<T>(path: string, body: unknown, idempotencyKey: string): Promise<T>
  /** Sends a file as it is. */
  send<T>(path: string, content: Buffer): Promise<T>
}

const timeoutMs = 15_000
/** For what is long. */
const longTimeoutMs = 600_000
/** How often at most something is asked whose connection is closed before anything is answered. */
const mostTries = 3
const closedCodes = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']

/** What may be asked twice: it has no second effect, or the second time is refused. */
interface Asked extends RequestInit {
  isRepeatable: boolean
}

/**
 * A server closes a connection that was not used for some seconds. Whoever is busy notices that only after it has asked on it, which
 * nobody has heard then: what is repeatable is asked again on another connection.
 */
async function answerTo(url: string, { isRepeatable, ...init }: Asked, withinMs: number): Promise<Response> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await fetch(url, { ...init, signal: AbortSignal.timeout(withinMs) })
    } catch (error) {
      const { code = '' } = ((error as Error).cause ?? {}) as { code?: string }
      if (!isRepeatable || tries === mostTries || !closedCodes.includes(code)) throw error
    }
  }
}

async function request<T>(url: string, init: Asked): Promise<T> {
  const text = await requestText(url, init)
  return (text === '' ? null : JSON.parse(text)) as T
}

async function requestText(url: string, init: Asked): Promise<string> {
  const response = await answerTo(url, init, timeoutMs)
  const text = await response.text()
  if (response.ok) return text
  throw errorOf(response, text)
}

async function* requestLines(url: string, init: Asked): AsyncGenerator<string> {
  const response = await answerTo(url, init, longTimeoutMs)
  if (!response.ok) throw errorOf(response, await response.text())
  let begun = ''
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    const lines = `${begun}${piece}`.split('\n')
    begun = lines.pop()!
    yield* lines
  }
  if (begun !== '') yield begun
}

function errorOf(response: Response, text: string): ApiClientError {
  let problem: { code?: string; detail?: string; title?: string } = {}
  try {
    problem = JSON.parse(text)
  } catch {
    problem = { detail: text.slice(0, 200) }
  }
  return new ApiClientError(
    response.status,
    problem.code ?? 'HTTP',
    problem.detail ?? problem.title ?? response.statusText,
  )
}

/** A client that only reads what is public. */
export function publicClient(serverUrl: string): Pick<ApiClient, 'get'> {
  return { get: (path) => request(`${serverUrl}/api/v1${path}`, { isRepeatable: true }) }
}

/** What carries its own signature and needs no session: a meter's messages. */
export function postAsMeter<T>(serverUrl: string, path: string, body: unknown): Promise<T> {
  const headers = { 'content-type': 'application/json' }
  return request(`${serverUrl}/api/v1${path}`, {
    ...{ isRepeatable: false, method: 'POST', headers, body: JSON.stringify(body) },
  })
}

/** An account that signs messages; one of a passkey that is not open yet shows the keys that it will be opened with. */
type SigningAccount = Pick<Wallet, 'address' | 'signMessage'> & { keys?: FirstKeys }

/** Signs in with the account's key (EIP-4361) and returns a client for its private data. */
export async function signInWithKey(serverUrl: string, account: SigningAccount, chainId: number): Promise<ApiClient> {
  const base = `${serverUrl}/api/v1`
  const { nonce } = await request<{ nonce: string }>(`${base}/session/nonce`, { isRepeatable: true })
  // It brings a second copy of ethers, which commands that end before they sign in need not wait for.
  const { SiweMessage } = await import('siwe')
  const message = new SiweMessage({
    domain: new URL(serverUrl).host,
    address: getAddress(account.address),
    statement: 'Sign in to Commonwatt',
    uri: serverUrl,
    version: '1',
    chainId,
    nonce,
    issuedAt: new Date().toISOString(),
  }).prepareMessage()
  const { token } = await request<{ token: string }>(`${base}/session`, {
    // The nonce is good for one session.
    isRepeatable: true,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ message, signature: await account.signMessage(message), keys: account.keys }),
  })
  const reading = { isRepeatable: true, headers: { authorization: `Bearer ${token}` } }
  return {
    get: (path) => request(`${base}${path}`, reading),
    text: (path) => requestText(`${base}${path}`, reading),
    lines: (path) => requestLines(`${base}${path}`, reading),
    post: (path, body, idempotencyKey) =>
      request(`${base}${path}`, {
        isRepeatable: true,
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'idempotency-key': idempotencyKey,
        },
        body: JSON.stringify(body),
      }),
    send: (path, content) =>
      request(`${base}${path}`, {
        isRepeatable: false,
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' },
        body: new Uint8Array(content),
      }),
  }
}
