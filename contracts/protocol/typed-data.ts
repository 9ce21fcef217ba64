/**
 * The typed data (EIP-712) that accounts, meters and grid operators sign. The agent, the server, the page and the
 * Solidity contracts use these definitions and no others; `test/contracts/` proves the same digest everywhere.
 *
 * Prices are ticks per kWh, energies Wh, times UTC seconds; `rules` is the struct hash of the area's `AreaRules`.
 */
import { getAddress } from 'ethers/address'
import { Signature } from 'ethers/crypto'
import { solidityPackedKeccak256, TypedDataEncoder, verifyTypedData } from 'ethers/hash'

/** An Ethereum address, `0x` and 40 lower-case hexadecimal digits: the one form used inside, in tables and in JSON. */
export type Address = string
/** `0x` and hexadecimal digits. */
export type Hex = string

const definitions = {
  AreaRules:
    'uint32 area,address grid,address successor,address token,uint32 intervalSeconds,uint32 batchSeconds,uint32 priceTick,uint32 maxGridPerKwh,uint32 maxBandTicks,uint8 confirmation,uint8 settlingGrade,uint8 allocation,bytes32 watchers,uint32 watcherGraceSeconds',
  Mandate:
    'address account,address meter,bytes32 rules,int24 sellFloor,int24 buyCeiling,uint24 maxSellWh,uint24 maxBuyWh,uint32 validFrom,uint32 validUntil,uint32 version,uint32 deadline',
  MeterConsent: 'address meter,address account,bytes32 rules,uint32 validFrom,uint32 deadline',
  EpochStart: 'address account,bytes32 rules,address meter,uint16 epoch,uint32 time,uint48 importWh,uint48 exportWh',
  Reading: 'address meter,uint16 epoch,uint32 time,uint48 importWh,uint48 exportWh,uint8 quality',
  Order:
    'address account,address meter,bytes32 rules,uint8 market,uint8 side,uint8 timeInForce,int24 limitPrice,uint24 maxWh,uint32 start,uint32 end,uint64 nonce',
  CancelOrder: 'address account,bytes32 order',
  DailyBudget: 'address account,address meter,bytes32 rules,uint64 amount,uint64 nonce',
  Agreement:
    'address seller,address sellerMeter,address buyer,address buyerMeter,bytes32 rules,uint8 kind,uint24 amount,int24 price,uint32 start,uint32 end,uint32 noticeSeconds,uint64 nonce',
  EndAgreement: 'address account,bytes32 agreement,uint32 end',
  SessionKey:
    'address account,address key,bytes32 rules,uint8 sides,int24 lowestPrice,int24 highestPrice,uint32 validFrom,uint32 validUntil',
  RevokeSessionKey: 'address account,address key,uint32 from',
  Withdrawal: 'address account,uint64 seat,uint128 amount,address to,uint32 nonce,uint32 deadline',
  MovePurse: 'address account,uint64 from,uint64 to,uint128 amount,uint32 nonce,uint32 deadline',
  CloseSeat: 'address account,uint64 seat,uint32 version,uint32 deadline',
  ConfirmMeter:
    'uint64 seat,bytes32 zone,uint24 nameplateWh,uint8 grade,uint32 from,uint32 bars,uint32 version,uint32 deadline',
  RevokeMeter: 'uint64 seat,uint32 from,uint32 version,uint32 deadline',
  RotateKey: 'address account,address meter,address key,address next,uint32 from,uint32 deadline',
  BatchApproval: 'bytes32 rules,bytes32 header',
  BatchRefusal: 'bytes32 rules,bytes32 header,uint8 reason',
  DataGrant:
    'address account,uint64 seat,address grantee,uint8 scope,uint8 granularity,uint32 from,uint32 until,uint64 nonce',
  AgentHello: 'address meter,uint32 time',
  Declaration: 'bytes32 rules,uint8 kind,uint32 start,uint32 end,uint32 version,bytes32 content,bytes32 evidence',
  Invitation: 'bytes32 rules,uint32 accounts,uint32 validUntil,uint64 nonce',
  DocumentApproval: 'address account,bytes32 rules,uint32 month,uint32 revision,bytes32 documents',
  ReportApproval: 'address account,bytes32 rules,uint32 from,uint32 to,uint32 version,bytes32 manifest',
} as const

/** The name of a signed structure. */
export type TypedDataName = keyof typeof definitions
export const typedDataNames = Object.keys(definitions) as TypedDataName[]

/** The constants that an area's participants agree on by signing their hash. `priceTick` is in millionths of a token. */
export interface AreaRules {
  area: number
  grid: Address
  /** May take over from a grid operator that has been silent for 30 days; the zero address where nobody may. */
  successor: Address
  token: Address
  intervalSeconds: number
  batchSeconds: number
  priceTick: number
  maxGridPerKwh: number
  maxBandTicks: number
  /** Who trades only once the grid operator has confirmed the meter: 0 nobody, 1 sellers, 2 everybody. */
  confirmation: number
  /** 0 = `device`, 1 = `billing`: the grade of meter whose readings settle. */
  settlingGrade: number
  /** Who decides the quantities: 0 the market, 1 imported from the grid operator, 2 coefficients. */
  allocation: number
  /** `hashWatchers` of those who sign each batch. */
  watchers: Hex
  /** A batch that its watchers say nothing about settles this long after it was announced. */
  watcherGraceSeconds: number
}

/** What an account signs once per meter: the worst prices (all fees included), the most energy per interval, validity. */
export interface Mandate {
  account: Address
  meter: Address
  rules: Hex
  sellFloor: number
  buyCeiling: number
  maxSellWh: number
  maxBuyWh: number
  validFrom: number
  /** A whole number of days since 1970, in seconds: the escrow stores the day. */
  validUntil: number
  version: number
  deadline: number
}

export interface MeterConsent {
  meter: Address
  account: Address
  rules: Hex
  validFrom: number
  deadline: number
}

/** A meter begins to count anew, for one account in one area. */
export interface EpochStart {
  account: Address
  rules: Hex
  meter: Address
  epoch: number
  time: number
  importWh: number
  exportWh: number
}

/** A meter's cumulative registers at an interval boundary; `quality` 0 measured, 1 estimated, 2 doubtful. */
export interface Reading {
  meter: Address
  epoch: number
  time: number
  importWh: number
  exportWh: number
  quality: number
}

/** An instruction inside a mandate for the intervals in `[start, end)`; `nonce` only grows. */
export interface Order {
  account: Address
  meter: Address
  rules: Hex
  /** 0 spot, 1 forward. */
  market: number
  /** 0 buys, 1 sells. */
  side: number
  /** 0 good till the gate closes, 1 immediate or cancel, 2 fill or kill; a spot order has 0. */
  timeInForce: number
  limitPrice: number
  maxWh: number
  start: number
  end: number
  nonce: number
}

export interface CancelOrder {
  account: Address
  order: Hex
}

/** The most that energy bought from neighbours may cost the meter's home in a local day, fees included, until it is changed. */
export interface DailyBudget {
  account: Address
  meter: Address
  rules: Hex
  /** In ledger units of the area; 0 lifts the budget. */
  amount: bigint
  nonce: number
}

/** Two accounts agree on energy of one seat for another in `[start, end)`; both sign. */
export interface Agreement {
  seller: Address
  sellerMeter: Address
  buyer: Address
  buyerMeter: Address
  rules: Hex
  /** 0 a fixed energy, 1 a share of the surplus, 2 all of it. */
  kind: number
  /** Wh per interval, or hundredths of a percent; 0 where it is all. */
  amount: number
  price: number
  start: number
  end: number
  /** How long before its end a party must give notice. */
  noticeSeconds: number
  nonce: number
}

/** A party gives notice: the agreement (its digest) ends at the boundary `end`, at least its notice ahead. */
export interface EndAgreement {
  account: Address
  agreement: Hex
  end: number
}

/** The key of a device may sign orders for the account in `[validFrom, validUntil)`, with limits in `[lowestPrice, highestPrice]`. */
export interface SessionKey {
  account: Address
  key: Address
  rules: Hex
  /** Bit 0 allows buying, bit 1 selling. */
  sides: number
  lowestPrice: number
  highestPrice: number
  validFrom: number
  validUntil: number
}

/** From `from` on the key signs nothing for the account any more. */
export interface RevokeSessionKey {
  account: Address
  key: Address
  from: number
}

/** `amount` in ledger units; more than the balance means all of it. */
export interface Withdrawal {
  account: Address
  seat: bigint
  amount: bigint
  to: Address
  nonce: number
  deadline: number
}

/** `amount`, in ledger units of the area of `from`, moves to another seat of the account. */
export interface MovePurse {
  account: Address
  from: bigint
  to: bigint
  amount: bigint
  nonce: number
  deadline: number
}

export interface CloseSeat {
  account: Address
  seat: bigint
  /** Above that of the seat's newest mandate: no older closing ends that, and no older mandate opens the seat again. */
  version: number
  deadline: number
}

/** The grid operator places a seat in a zone (`encodeBytes32String` of its id) and confirms its most export per interval. */
export interface ConfirmMeter {
  seat: bigint
  zone: Hex
  nameplateWh: number
  /** What the meter's readings are good for: 0 device, 1 billing. In an area of another grade it trades nothing. */
  grade: number
  from: number
  /** How often the meter was revoked or suspended so far: what is signed before the next time lifts nothing after it. */
  bars: number
  /** Of all that the area's grid operator signs of a meter, revocations too, versions grow: what was signed before does not count later. */
  version: number
  deadline: number
}

export interface RevokeMeter {
  seat: bigint
  from: number
  /** Versions grow as those of `ConfirmMeter` do. */
  version: number
  deadline: number
}

/**
 * The account's meter, which is named by its first key, gets another key: its last one, `key`, hands over to `next`. Signed by
 * the account, by `key` and by `next`. Readings after the boundary `from` (or after the first one that is a whole interval
 * away when the escrow takes it) are for `next` to sign.
 */
export interface RotateKey {
  account: Address
  meter: Address
  key: Address
  next: Address
  from: number
  deadline: number
}

/** A watcher has computed the batch again: `header` binds all its entries, band, take, parts and statement root. */
export interface BatchApproval {
  rules: Hex
  header: Hex
}

/** A watcher has found the batch with this header wrong; the numbers of the reasons are in `batch.ts`. */
export interface BatchRefusal {
  rules: Hex
  header: Hex
  reason: number
}

/** The account lets `grantee` read a seat's data of `[from, until)`; the server enforces it and shows every read. */
export interface DataGrant {
  account: Address
  seat: bigint
  grantee: Address
  scope: number
  granularity: number
  from: number
  until: number
  /** Void once the account has revoked all below a higher number. */
  nonce: number
}

/** What an agent signs to open its connection for one meter. */
export interface AgentHello {
  meter: Address
  time: number
}

/** The word of a grid operator, operator or member that so many accounts may have what they sign carried to the chain of its area. */
export interface Invitation {
  rules: Hex
  accounts: number
  validUntil: number
  nonce: number
}

/** The account approves that the documents of a month of the rules' area are issued as they were previewed. */
export interface DocumentApproval {
  account: Address
  rules: Hex
  /** Year and month in six digits: 202611. */
  month: number
  revision: number
  /** SHA-256 of all that the documents say, and of who may approve them. */
  documents: Hex
}

/** The account approves that a report of `[from, to)` of the rules' area is released as this version has it. */
export interface ReportApproval {
  account: Address
  rules: Hex
  from: number
  to: number
  version: number
  /** SHA-256 of the version's manifest, which has the format, the selection, the sums and the SHA-256 of the file. */
  manifest: Hex
}

/** The grid operator's account declares something of `[start, end)`: `content` is the hash of what, `evidence` of what it keeps. */
export interface Declaration {
  rules: Hex
  /** 0 energy that it allocated, 1 a key by which energy is shared, 2 prices of the exchange. */
  kind: number
  start: number
  end: number
  /** Of declarations of one kind and time the one with the highest version counts. */
  version: number
  content: Hex
  evidence: Hex
}

export interface TypedDataValues {
  AreaRules: AreaRules
  Mandate: Mandate
  MeterConsent: MeterConsent
  EpochStart: EpochStart
  Reading: Reading
  Order: Order
  CancelOrder: CancelOrder
  DailyBudget: DailyBudget
  Agreement: Agreement
  EndAgreement: EndAgreement
  SessionKey: SessionKey
  RevokeSessionKey: RevokeSessionKey
  Withdrawal: Withdrawal
  MovePurse: MovePurse
  CloseSeat: CloseSeat
  ConfirmMeter: ConfirmMeter
  RevokeMeter: RevokeMeter
  RotateKey: RotateKey
  BatchApproval: BatchApproval
  BatchRefusal: BatchRefusal
  DataGrant: DataGrant
  AgentHello: AgentHello
  Declaration: Declaration
  Invitation: Invitation
  DocumentApproval: DocumentApproval
  ReportApproval: ReportApproval
}

/** The version of the domain and of everything signed in it. */
export const domainVersion = '2'

/** The EIP-712 domain `Commonwatt` / `2` of one escrow on one chain. */
export interface EscrowDomain {
  chainId: number
  escrow: Address
}

/** Anything that signs EIP-712 data: an ethers wallet, or a browser's signer. */
export interface TypedDataSigner {
  signTypedData(
    domain: Record<string, unknown>,
    types: Record<string, { name: string; type: string }[]>,
    value: Record<string, unknown>,
  ): Promise<string>
}

/** The fields of a structure in the form that ethers and wallets take. */
export function typesOf(name: TypedDataName): Record<string, { name: string; type: string }[]> {
  return { [name]: fieldsOf(definitions[name]) }
}

/** Fields as a list, from `type name,type name`. */
export function fieldsOf(text: string): { name: string; type: string }[] {
  return text.split(',').map((field) => {
    const [type, name] = field.split(' ') as [string, string]
    return { name, type }
  })
}

/** The domain in the form that ethers and wallets take. */
export function domainOf(domain: EscrowDomain) {
  return { name: 'Commonwatt', version: domainVersion, chainId: domain.chainId, verifyingContract: domain.escrow }
}

/** The EIP-712 digest of a value: what a key signs, and the identifier of an order. */
export function digestOf<Name extends TypedDataName>(
  domain: EscrowDomain,
  name: Name,
  value: TypedDataValues[Name],
): Hex {
  return TypedDataEncoder.hash(domainOf(domain), typesOf(name), value)
}

/** The struct hash of an area's rules: the `rules` field of mandates, consents and orders. */
export function hashRules(rules: AreaRules): Hex {
  return TypedDataEncoder.hashStruct('AreaRules', typesOf('AreaRules'), rules)
}

/**
 * The number that belongs to an area's rules: the first 32 bits of their hash, taken with 0 in the number's place. So nobody
 * can take another's number, and whoever changes a rule gets another one.
 */
export function areaNumberOf(rules: Omit<AreaRules, 'area'>): number {
  return Number.parseInt(hashRules({ ...rules, area: 0 }).slice(2, 10), 16)
}

/** Who signs each batch: `quorum` of the keys. */
export interface Watchers {
  keys: readonly Address[]
  quorum: number
}

/** The `watchers` field of rules without watchers. */
export const noWatchers: Hex = `0x${'0'.repeat(64)}`

/** The `watchers` field of an area's rules: the quorum as a word, then each key as a word, ascending, hashed. */
export function hashWatchers({ keys, quorum }: Watchers): Hex {
  const ascending = keys.map((key) => key.toLowerCase()).sort()
  return solidityPackedKeccak256(['uint256', 'address[]'], [quorum, ascending])
}

/** Signs a value; the result is the compact 64-byte form of EIP-2098. */
export async function signCompact<Name extends TypedDataName>(
  signer: TypedDataSigner,
  domain: EscrowDomain,
  name: Name,
  value: TypedDataValues[Name],
): Promise<Hex> {
  return Signature.from(await signFull(signer, domain, name, value)).compactSerialized
}

/** Signs a value; the result is the 65-byte form r, s, v. */
export function signFull<Name extends TypedDataName>(
  signer: TypedDataSigner,
  domain: EscrowDomain,
  name: Name,
  value: TypedDataValues[Name],
): Promise<Hex> {
  return signer.signTypedData(domainOf(domain), typesOf(name), value as unknown as Record<string, unknown>)
}

/** The address whose key signed a value (compact or full signature). Throws what ethers throws on a malformed one. */
export function recoverSigner<Name extends TypedDataName>(
  domain: EscrowDomain,
  name: Name,
  value: TypedDataValues[Name],
  signature: Hex,
): Address {
  return verifyTypedData(domainOf(domain), typesOf(name), value, signature).toLowerCase()
}

/** Reads an address in any letter case; a wrong checksum or form throws what ethers throws. */
export function parseAddress(text: string): Address {
  return getAddress(text).toLowerCase()
}
