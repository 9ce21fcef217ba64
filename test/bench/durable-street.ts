/** The area of the durable-path benchmark: keys, seats and settings that load and server both derive from a seat's number. */
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { keccak256 } from '../../contracts/protocol/keccak.ts'
import {
  type Address,
  type EscrowDomain,
  type Hex,
  hashRules,
  type TypedDataName,
  type TypedDataValues,
} from '../../contracts/protocol/typed-data.ts'
import type { AreaSettings } from '../../server/areas/settings.ts'
import type { ChainSeat } from '../../server/market/area/area.ts'
import { digestOfStruct, domainSeparator, encodeStruct, structLength } from '../../server/signatures/struct-encoding.ts'
import { plainRules } from '../rules.ts'

const secp256k1 = createRequire(import.meta.url)('secp256k1/bindings') as typeof import('secp256k1')

export const intervalSeconds = 900
export const daySeconds = 86_400
const token = `0x${'8'.repeat(40)}`
const rules = {
  area: 1,
  grid: `0x${'9'.repeat(40)}`,
  token,
  intervalSeconds,
  batchSeconds: daySeconds,
  priceTick: 100,
  maxGridPerKwh: 400,
  maxBandTicks: 8_000,
  ...plainRules,
  settlingGrade: 0,
}

export const settings: AreaSettings = {
  area: 1,
  name: 'Benchmark',
  currency: 'EUR',
  priceDecimals: 4,
  feedInTicks: 800,
  retailTicks: 3_000,
  graceMs: 60_000,
  lowestTicks: 0,
  ownUse: 'net',
  clock: [],
  sharing: null,
  zones: [
    { zone: 'street', name: 'The street', parent: null, feeTicksPerKwh: 0, capacityWh: null },
    { zone: 'north', name: 'North feeder', parent: 'street', feeTicksPerKwh: 100, capacityWh: null },
    { zone: 'south', name: 'South feeder', parent: 'street', feeTicksPerKwh: 100, capacityWh: 400_000 },
  ],
  rules,
  rulesHash: hashRules(rules),
  chain: {
    chainId: 31337,
    escrow: `0x${'7'.repeat(40)}`,
    token,
    tokenName: 'Local Euro',
    tokenDecimals: 6,
    withdrawalDelaySeconds: 300,
  },
}

/** A key with its address, made from its name. */
export interface Key {
  privateKey: Uint8Array
  address: Address
}

export function keyOf(name: string): Key {
  const privateKey = createHash('sha256').update(name).digest()
  const publicKey = secp256k1.publicKeyCreate(privateKey, false)
  return { privateKey, address: `0x${Buffer.from(keccak256(publicKey.subarray(1)).subarray(12)).toString('hex')}` }
}

export const accountKey = (seat: number): Key => keyOf(`account ${seat}`)
export const meterKey = (seat: number): Key => keyOf(`meter ${seat}`)

/** A seat as the escrow would show it, open since `from`, rich enough for every order of the benchmark. */
export function seatOf(seat: number, from: number): ChainSeat {
  return {
    seat,
    account: accountKey(seat).address,
    meter: meterKey(seat).address,
    keys: [],
    openedAt: from,
    terms: [
      {
        from,
        sellFloor: 0,
        buyCeiling: 4_000,
        maxSellWh: 5_000,
        maxBuyWh: 5_000,
        validUntil: from + 365 * 86_400,
        version: 1,
        zone: seat % 2 === 0 ? 'north' : 'south',
        nameplateWh: 5_000,
        grade: 0,
        closed: false,
      },
    ],
    balance: 10n ** 15n,
    withdrawal: null,
    withdrawalNonce: 0,
    epochStart: { epoch: 1, time: from, importWh: 0, exportWh: 0 },
    base: { epoch: 1, time: from, importWh: 0, exportWh: 0 },
    confirmations: 1,
  }
}

const separator = domainSeparator(settings.chain satisfies EscrowDomain)

/** Signs natively, compact (EIP-2098): preparing the load must not take longer than the run. */
export function sign<Name extends TypedDataName>(key: Key, name: Name, value: TypedDataValues[Name]): Hex {
  const struct = new Uint8Array(structLength(name))
  encodeStruct(name, value, struct, 0)
  const { signature, recid } = secp256k1.ecdsaSign(digestOfStruct(separator, struct), key.privateKey)
  signature[32]! |= recid << 7
  return `0x${Buffer.from(signature).toString('hex')}`
}

/** A seat's registers at one of the day's boundaries: every other home draws, the others feed in. */
export function registersOf(seat: number, boundary: number): { importWh: number; exportWh: number } {
  return seat % 2 === 0
    ? { importWh: 300 * boundary, exportWh: 10 * boundary }
    : { importWh: 10 * boundary, exportWh: 310 * boundary }
}
