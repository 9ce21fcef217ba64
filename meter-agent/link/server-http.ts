/**
 * Requests to the market's server, and whom it must be: by default anybody whom a known authority vouches for, with a certificate file
 * only who shows that certificate or one signed by it. A server behind a proxy of one's own has such a certificate.
 */
import { X509Certificate } from 'node:crypto'
import { request as plainRequest } from 'node:http'
import { Agent, request as tlsRequest } from 'node:https'
import { checkServerIdentity, connect, type PeerCertificate } from 'node:tls'

/** Connections to a server that must show a certificate of its own; `undefined` where known authorities decide. */
export type ServerTrust = Agent | undefined

const longestBodyBytes = 1_000_000

/** @param pem one certificate or several. Throws an `Error` where it holds none */
export function trustOnly(pem: string): Agent {
  const pinned = certificatesOf(pem)
  return new Agent({
    ca: pinned.map((certificate) => certificate.toString()),
    keepAlive: false,
    ...partialChain,
    // Who pins the very certificate has named the server by it: such certificates often carry another name.
    checkServerIdentity: (host: string, shown: PeerCertificate) =>
      pinned.some(({ raw }) => raw.equals(shown.raw)) ? undefined : checkServerIdentity(host, shown),
  })
}

/** A pinned certificate need not be signed by itself; the types of this Node version do not know the option. */
const partialChain = { allowPartialTrustChain: true }

function certificatesOf(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (blocks.length === 0) throw new Error('there is no certificate in it (-----BEGIN CERTIFICATE-----)')
  return blocks.map((block) => new X509Certificate(block))
}

/** What a server answered. */
export interface ServerAnswer {
  status: number
  body: unknown
}

/** `GET`, or `POST` where there is a body; JSON both ways, or a 204 with null. Rejects when nothing is answered, or no JSON. */
export function askServer(
  url: URL,
  { body, trust, timeoutMs = 10_000 }: { body?: unknown; trust?: ServerTrust; timeoutMs?: number } = {},
): Promise<ServerAnswer> {
  const isTls = url.protocol === 'https:'
  const sent = body === undefined ? null : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const request = (isTls ? tlsRequest : plainRequest)(url, {
      method: sent === null ? 'GET' : 'POST',
      headers: {
        accept: 'application/json',
        ...(sent === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) }),
      },
      ...(isTls && trust ? { agent: trust } : {}),
      signal: AbortSignal.timeout(timeoutMs),
    })
    request.on('error', (error) => reject(plainly(error, timeoutMs)))
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('error', reject)
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        chunks.push(chunk)
        if (size > longestBodyBytes) request.destroy(new Error('the answer is too long'))
      })
      response.on('end', () => {
        const status = response.statusCode ?? 0
        if (status === 204) return resolve({ status, body: null })
        try {
          resolve({ status, body: JSON.parse(Buffer.concat(chunks).toString()) })
        } catch {
          reject(new Error(`the answer (${status}) is no JSON: is this the market's server?`))
        }
      })
    })
    request.end(sent ?? undefined)
  })
}

function plainly(error: Error, timeoutMs: number): Error {
  return error.name === 'AbortError' || error.name === 'TimeoutError'
    ? new Error(`no answer within ${timeoutMs / 1000} s`, { cause: error })
    : error
}

/** Failures of a connection that say: the certificate is signed by nobody who is known here. */
export function isUnknownAuthority(error: unknown): boolean {
  return /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)/.test((error as NodeJS.ErrnoException).code ?? '')
}

/** The certificate that a server shows, whoever signed it, to be compared by a person. The highest one that it sends, which lives longest. */
export function shownCertificate(
  { hostname, port }: URL,
  timeoutMs = 10_000,
): Promise<{ pem: string; fingerprint: string; subject: string }> {
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(port || 443),
      rejectUnauthorized: false,
      ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
    })
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs)
    socket.once('error', reject)
    socket.once('close', () => clearTimeout(timer))
    socket.once('secureConnect', () => {
      let shown = socket.getPeerX509Certificate()
      socket.destroy()
      if (!shown) return reject(new Error('it shows no certificate'))
      while (shown.issuerCertificate && !shown.issuerCertificate.raw.equals(shown.raw)) shown = shown.issuerCertificate
      resolve({
        pem: shown.toString(),
        fingerprint: shown.fingerprint256,
        subject: shown.subject.replaceAll('\n', ', '),
      })
    })
  })
}
