/** What the API is made of; whoever starts the server brings it. */
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { AreaWorker } from '../areas/area-worker.ts'
import type { IsWalletSignature } from '../chain/wallet-signature.ts'
import type { SignatureCheck } from '../signatures/signature-check.ts'
import type { Database } from '../store/database.ts'
import { ApiError } from './problem.ts'
import type { Relay } from './relay.ts'
import type { DemoPerson, WalletResource } from './resources.ts'

/** The market areas that this process serves. */
export interface Areas {
  get(area: number): AreaWorker | undefined
  all(): AreaWorker[]
}

export interface ApiParts {
  database: Database
  areas: Areas
  signatures: SignatureCheck
  isWalletSignature: IsWalletSignature
  relay: Relay
  wallet(account: string): Promise<WalletResource>
  registry: Registry
  log: Logger
  /** What is not ready, by name; empty when everything is. */
  ready(): Promise<string[]>
  demoPeople: DemoPerson[] | null
  /** Folder of the built page, or null to serve none. */
  pageFolder: string | null
  /** The addresses under which people open the page (`http://localhost:8080`): sign-in messages must name one of them. */
  origins: readonly string[]
  /** Proxies whose `X-Forwarded-For` says who asks; without any, the address of the connection counts. */
  trustProxy?: TrustedProxies | null
}

/** How many proxies stand before this server, or their addresses, networks or `loopback`, `linklocal`, `uniquelocal`. */
export type TrustedProxies = number | readonly string[]

/** The worker of an area. Throws `AREA_UNKNOWN`. */
export function workerOf(areas: Areas, area: number): AreaWorker {
  const worker = areas.get(area)
  if (worker === undefined) throw new ApiError('AREA_UNKNOWN', `this server does not serve area ${area}`)
  return worker
}
