/** What the API is made of; whoever starts the server brings it. */
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import type { AreaHandle } from '../areas/area-handle.ts'
import type { AreaOffers } from '../chain/contract-facts.ts'
import type { PasskeyAccounts } from '../chain/passkey-accounts.ts'
import type { AllowGas } from '../chain/sender.ts'
import type { HeldUp } from '../chain/settlement-service.ts'
import type { IsWalletSignature } from '../chain/wallet-signature.ts'
import type { WatchingDesk } from '../chain/watching-desk.ts'
import type { BetterLimits } from '../market/stages/spot/other-limits.ts'
import type { Tolerance } from '../metering/witnesses.ts'
import type { FileIntake } from '../official/file-intake.ts'
import type { StatementFile } from '../settlement/statement-file.ts'
import type { SignatureCheck } from '../signatures/signature-check.ts'
import type { BetterLimitsQuery, OtherPrices, OtherPricesQuery } from '../statements/other-prices.ts'
import type { Database } from '../store/database.ts'
import type { NetworkOf } from './addresses.ts'
import type { Allowance } from './allowance.ts'
import type { DemoFacts } from './demo-resources.ts'
import type { HeardHellos } from './heard-hellos.ts'
import type { IsOwnHost, SenderOf } from './hosts.ts'
import type { ServerTrouble } from './operation-resources.ts'
import type { OrderGate } from './order-gate.ts'
import { ApiError } from './problem.ts'
import type { Relay } from './relay.ts'
import type { WalletResource } from './resources.ts'
import type { SettledRootResource } from './totals-resources.ts'

/** The market areas that this process serves. */
export interface Areas {
  get(area: number): AreaHandle | undefined
  all(): AreaHandle[]
}

/** Who holds an area's offices now, as the chain says: they are handed over, while rules never change. */
export interface Offices {
  grid: Address
  operator: Address
}

/** A key that pays for settling or for what is relayed, and what it can still pay. */
export interface GasBalance {
  address: Address
  does: 'settles' | 'relays'
  wei: bigint
  /** What the node takes for a unit of gas now, in wei. */
  gasPrice: bigint
}

/** How the server works for an area, as far as was seen when it looked last. */
export interface OperationFacts {
  troubles: readonly ServerTrouble[]
  heldUp: HeldUp | null
  head: { block: number; time: UtcSeconds }
  keys: readonly GasBalance[]
  /** The address of the key that settles. */
  settlesAs: Address
  /** Null until the chain has been asked. */
  offers: AreaOffers | null
}

/** What is done for an area on the chain of its own escrow. */
export interface AreaServices {
  /** For one request, whose gas is asked for before it is spent; null where this server has no key that pays for others. */
  relay: ((allow: AllowGas) => Relay) | null
  /** The contract by which accounts take grants of data back; null where this server knows none. */
  revocations: Address | null
  officesOf(area: number): Offices
  isWalletSignature: IsWalletSignature
  /** Shows batches to the watchers of the areas. */
  watching: Pick<WatchingDesk, 'watchersOf' | 'waiting' | 'take'>
  /** Null where the chain has nothing that opens accounts of passkeys. */
  accounts: PasskeyAccounts | null
  wallet(account: string): Promise<WalletResource>
  /** How often a meter was revoked or suspended so far: what a confirmation must carry. */
  barsOf(area: number, meter: Address): number
  /** What the next thing must carry that the area's grid operator says of a meter. */
  nextVersionOf(area: number, meter: Address): number
  /** The seat, as the escrow numbers it, into whose purse the money goes that is asked for of a seat; null where it is paid out. */
  moveOf(area: number, seat: number): string | null
  /** The statement root of the batch that the chain settled in this block, as the node says now. */
  settledRoot(area: number, end: UtcSeconds, block: number): Promise<Omit<SettledRootResource, 'area' | 'end'>>
}

/** Hands statements out, off every thread that trades or answers. */
export interface Statements {
  /**
   * The statement of a seat (its number in the area) of the batch that ends then; null where there is none. Rejects with
   * `SettlementError` `SETTLEMENT_STATEMENT_ERASED` where its salts are gone.
   */
  file(query: { area: number; seat: number; end: UtcSeconds }): Promise<StatementFile | null>
  /** What a seat's surplus would have earned at other prices; takes seconds. */
  otherPrices(query: OtherPricesQuery & { area: number }): Promise<OtherPrices>
  betterLimits(query: BetterLimitsQuery & { area: number }): Promise<BetterLimits | null>
}

export interface ApiParts {
  /** Announcements of meters that were heard, by whatever way they came. */
  hellos: HeardHellos
  database: Database
  areas: Areas
  signatures: SignatureCheck
  /** The services of an area that this process serves: areas may lie on several escrows, tokens and chains. */
  servicesOf(area: number): AreaServices
  statements: Statements
  /** Takes a file of official values for an area, by its number in the database, off every thread that answers. */
  takeFile: FileIntake['take']
  registry: Registry
  log: Logger
  /** What is not ready, each in a sentence; empty when everything is. */
  ready(): Promise<string[]>
  /** What is not ready for one area, and more of it, for its operator. */
  operationOf(area: number): Promise<OperationFacts>
  demo: DemoFacts | null
  /** The account of the metering operator's key, where this server has it: it may bring official values, as grid operators may. */
  meteringOperator: Address | null
  /** How far an official value and an agent may differ. */
  witnessTolerance: Tolerance
  /** Folder of the built page, or null to serve none. */
  pageFolder: string | null
  /** The addresses under which people open the page (`http://localhost:8080`): sign-in messages must name one of them, and links name the first. */
  origins: readonly string[]
  /** Who asks, behind whatever proxies are trusted. */
  networkOf: NetworkOf
  /** What orders pass, whether they come over HTTP or a socket. */
  gate: OrderGate
  /** How much one account, or one network without one, may read. */
  reads: Allowance
  /** Whether a request is meant for this server. */
  isOwnHost: IsOwnHost
  /** Whose page sent a request. */
  senderOf: SenderOf
}

/** The grid operator of an area, now. */
export function gridOperatorOf(
  { servicesOf }: Pick<ApiParts, 'servicesOf'>,
  { settings }: Pick<AreaHandle, 'settings'>,
): Address {
  return servicesOf(settings.area).officesOf(settings.area).grid
}

/** An area by its number. Throws `AREA_UNKNOWN`. */
export function areaOf(areas: Areas, area: number): AreaHandle {
  const handle = areas.get(area)
  if (handle === undefined) throw new ApiError('AREA_UNKNOWN', `this server does not serve area ${area}`)
  return handle
}
