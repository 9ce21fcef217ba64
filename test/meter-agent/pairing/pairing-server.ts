/** A market's server as far as pairing goes: real HTTP, checks what it gets with the protocol's own schemas, and an owner who claims. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import {
  type PairingConsent,
  type PairingOffer,
  type PairingState,
  pairingConsentSchema,
  pairingOfferSchema,
  pairingQuestionSchema,
} from '../../../contracts/protocol/pairing.ts'
import { type EscrowDomain, recoverSigner } from '../../../contracts/protocol/typed-data.ts'

export const rules = `0x${'22'.repeat(32)}`
export const owner = `0x${'ac'.repeat(20)}`

export class PairingServer {
  readonly offers: PairingOffer[] = []
  readonly consents: PairingConsent[] = []
  /** Answers to the next requests, in place of what they should get. */
  readonly failing: { status: number; body: string }[] = []
  code = '2345ABCD'
  intervalSeconds = 900
  /** The page's side: how things stand. */
  state: PairingState = { state: 'none' }
  /** The owner opens the seat as soon as the meter has consented. */
  opensAtOnce = true
  readonly #domain: EscrowDomain
  readonly #server: Server

  constructor(domain: EscrowDomain, tls?: { key: string; cert: string }) {
    this.#domain = domain
    const listener: Parameters<typeof createServer>[1] = async (request, response) => {
      const planned = this.failing.shift()
      if (planned) return void response.writeHead(planned.status).end(planned.body)
      try {
        const answer = this.#answer(request.url ?? '', request.method === 'POST' ? await bodyOf(request) : null)
        // The market's server says nothing where there is nothing to say.
        if (answer === null) return void response.writeHead(204).end()
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
      } catch (error) {
        const body = JSON.stringify({ code: 'PAIRING_TEST', detail: (error as Error).message })
        response.writeHead(400, { 'content-type': 'application/problem+json' }).end(body)
      }
    }
    this.#server = tls ? createTlsServer(tls, listener) : createServer(listener)
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  claim(account = owner): void {
    this.state = { state: 'claimed', account, rules, intervalSeconds: this.intervalSeconds }
  }

  close(): Promise<unknown> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(resolve))
  }

  #answer(url: string, body: unknown): unknown {
    if (url === '/api/v1/pairings') {
      const offer = pairingOfferSchema.parse(body)
      this.#check(offer)
      this.offers.push(offer)
      if (this.state.state === 'none') this.state = { state: 'offered' }
      return { code: this.code, link: `http://127.0.0.1:${this.port}/join/${this.code}`, expiresAt: 1_800_000_600 }
    }
    if (url === '/api/v1/pairings/state') {
      this.#check(pairingQuestionSchema.parse(body))
      return this.state
    }
    if (url !== '/api/v1/pairings/consent') throw new Error(`there is no ${url}`)
    const consent = pairingConsentSchema.parse(body)
    this.#check(consent)
    this.consents.push(consent)
    if (this.state.state === 'claimed') this.state = { ...this.state, state: this.opensAtOnce ? 'opened' : 'consented' }
    return null
  }

  /** Whoever offers, asks and consents must hold the meter's key. */
  #check({ hello: { meter, time, signature } }: Pick<PairingOffer, 'hello'>): void {
    if (recoverSigner(this.#domain, 'AgentHello', { meter, time }, signature) !== meter)
      throw new Error('not the meter’s key')
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of request) text += chunk
  return JSON.parse(text)
}
