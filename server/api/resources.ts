/**
 * The JSON of `/api/v1` and of the `/live` events, as schemas: one definition for checks, types and the OpenAPI document.
 *
 * Times are ISO 8601 UTC, energies integer Wh, prices decimal strings in tokens per kWh (the area's decimals), money decimal
 * strings in tokens. Signed structures travel with the integers that were signed (ticks, ledger units, UTC seconds).
 */
import { z } from 'zod'
import { cancelReasons, outcomeCodes, qualities, sides, stageNames } from '../market/area/codes.ts'
import { hex32Form, uint32 } from '../settlement/signed-forms.ts'
import { statementFileSchema } from '../settlement/statement-file.ts'
import { agreementKinds } from '../words/details.ts'
import { sharingSchema } from './declaration-resources.ts'
import { pointRecordSchema } from './point-record.ts'

export const addressSchema = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'an address: 0x and 40 hexadecimal digits')
  .transform((text) => text.toLowerCase())
const address = z.string()
const time = z.iso.datetime()
const wh = z.int().min(0)
const price = z.string().meta({ description: 'Tokens per kWh, decimal' })
export const money = z.string().meta({ description: 'Tokens, decimal' })
/** A seat as the escrow numbers it, as a decimal number: area × 2³² + its number in the area, so it is known without its area. */
export const seatId = z
  .string()
  .refine((text) => /^[1-9]\d{0,19}$/.test(text) && BigInt(text) < 2n ** 64n, 'a seat is a decimal number of 64 bits')
export const uint24 = z.int().min(0).max(0xff_ffff)
export const int24 = z
  .int()
  .min(-(2 ** 23))
  .max(2 ** 23 - 1)

const sideSchema = z.enum(sides)

const zoneSchema = z
  .object({
    zone: z.string(),
    name: z.string(),
    parent: z.string().nullable(),
    feePerKwh: price,
    /** Wh per interval over the link to the parent; null is unlimited. */
    capacityWh: wh.nullable(),
  })
  .meta({ id: 'Zone' })

export const areaSchema = z
  .object({
    area: uint32,
    /** Its name in addresses: `/areas/<slug>` of the page, and of this API; the number always leads there too. */
    slug: z.string(),
    name: z.string(),
    intervalSeconds: z.int(),
    batchSeconds: z.int(),
    graceSeconds: z.number(),
    priceDecimals: z.int(),
    currency: z.string(),
    /** What the supplier pays for exported and asks for imported energy: the comparison on the page. */
    feedInPerKwh: price,
    retailPerKwh: price,
    /** Every price of a trade lies between these, both included. */
    lowestPerKwh: price,
    highestPerKwh: price,
    /** What the supplier's power emits in grams of CO₂ (equivalents), and who says so; null where nobody does. */
    supplierMix: z.object({ gramsPerKwh: z.int(), source: z.string() }).nullable(),
    /**
     * What a home uses of its own within an interval: told by itself (`net`), or billed by the supplier in both directions
     * and so part of what stays with it (`residual`).
     */
    ownUse: z.enum(['net', 'residual']),
    sharing: sharingSchema.nullable(),
    rules: z.object({
      hash: hex32Form,
      area: uint32,
      grid: address,
      successor: address,
      token: address,
      intervalSeconds: uint32,
      batchSeconds: uint32,
      priceTick: uint32.meta({ description: 'A tick, in millionths of a token' }),
      maxGridPerKwh: uint32.meta({ description: 'Ticks per kWh' }),
      maxBandTicks: uint32.meta({ description: 'Ticks per kWh' }),
      confirmation: z
        .int()
        .meta({ description: 'Whose meters must be confirmed: 0 nobody’s, 1 sellers’, 2 everybody’s' }),
      settlingGrade: z.int().meta({ description: '0 device, 1 billing' }),
      allocation: z.int().meta({ description: '0 the market, 1 imported, 2 coefficients' }),
      watchers: hex32Form,
      watcherGraceSeconds: uint32,
    }),
    /** Who holds the offices now: they are handed over, while the rules name the first grid operator for ever. */
    offices: z.object({ grid: address, operator: address }),
    chain: z.object({
      chainId: z.int(),
      escrow: address,
      token: address,
      tokenName: z.string(),
      tokenDecimals: z.int(),
      withdrawalDelaySeconds: z.int(),
      /** Where accounts of passkeys are opened; absent where they cannot be. */
      accounts: z.object({ factory: address, implementation: address, recoveryDelaySeconds: z.int() }).optional(),
      /** The contract by which accounts take grants of data back; null where none can be given. */
      revocations: address.nullable(),
    }),
    /** As they hold now; each interval tells those of its time. */
    zones: z.array(zoneSchema),
    /** Everything before this is settled on chain. */
    settledUntil: time.nullable(),
    /** Times that the chain has settled and this server knows no results of, newest first: it was restored from an old copy. */
    missed: z.array(z.object({ start: time, end: time })),
  })
  .meta({ id: 'Area' })
export type AreaResource = z.infer<typeof areaSchema>

const intervalStatusSchema = z.enum(['provisional', 'final', 'missed'])

export const intervalSchema = z
  .object({
    area: uint32,
    start: time,
    end: time,
    /** 1 is the first computation; a higher number supersedes the lower ones. */
    run: z.int(),
    status: intervalStatusSchema,
    /** Computed, corrected by energy that became known late, or reduced because somebody could not pay and was left out. */
    kind: z.enum(['computed', 'corrected', 'reduced']),
    matchedWh: wh,
    /** Metered at all seats of the area, matched or not. */
    importWh: wh,
    exportWh: wh,
    /** Seats whose reading was missing or not measured. */
    missingReadings: z.int(),
    /** Traded ahead for this interval, and what of it was not delivered or not taken by the newest run. */
    forwardWh: wh,
    deviationWh: wh,
    gridFees: money,
    congestionRent: money,
    /** How much of fees and rent the grid operator's account keeps. */
    gridTake: money,
    /** With what held of them in this interval. */
    zones: z.array(
      zoneSchema.extend({
        pricePerKwh: price.nullable(),
        /** Null of a zone in which fewer than five meters were read: theirs are in the figures of the zone above it. */
        soldWh: wh.nullable(),
        boughtWh: wh.nullable(),
        importWh: wh.nullable(),
        exportWh: wh.nullable(),
      }),
    ),
    flows: z.array(
      z.object({
        zone: z.string(),
        /** Net energy over the link towards the parent, of everything that was matched; null where the zone’s is. */
        exportWh: z.int().nullable(),
        congestionPerKwh: price,
      }),
    ),
  })
  .meta({ id: 'Interval' })
export type IntervalResource = z.infer<typeof intervalSchema>

/** How many of the area's watchers approved a batch. */
const approvals = z.int().nullable().meta({
  description: 'Watchers of the area that had signed it when it settled; null before, and where nobody watches',
})

const batchStatusSchema = z.enum(['cut', 'submitted', 'settled'])

export const batchSchema = z
  .object({
    area: uint32,
    start: time,
    end: time,
    /** 1 is the batch as it was cut first; a higher number has left out seats that could not pay. */
    number: z.int(),
    leftOut: z.int(),
    status: batchStatusSchema,
    seats: z.int(),
    energyWh: wh,
    paid: money,
    received: money,
    gridTake: money,
    /** Null until the statement of this number has been made. */
    statementRoot: hex32Form.nullable(),
    transaction: z.string().nullable(),
    block: z.int().nullable(),
    gasUsed: z.int().nullable(),
    approvals,
  })
  .meta({ id: 'Batch' })
export type BatchResource = z.infer<typeof batchSchema>

export const orderSchema = z
  .object({
    market: z.literal('spot'),
    /** The order's EIP-712 digest. */
    order: hex32Form,
    /** Its place in the order of arrival in the area, by which outcomes name it. */
    arrival: z.int(),
    seat: seatId,
    account: address,
    meter: address,
    side: sideSchema,
    limitPerKwh: price,
    maxWh: wh,
    start: time,
    end: time,
    nonce: z.int(),
    /** `revoked`: it ended when the session key that signed it was taken back. */
    status: z.enum(['active', 'replaced', 'cancelled', 'expired', 'revoked']),
    acceptedAt: time,
    /** It counts for the intervals that start in `[effectiveFrom, effectiveUntil)`. */
    effectiveFrom: time,
    effectiveUntil: time,
    /** The session key that signed it, or null. */
    sessionKey: address.nullable(),
  })
  .meta({ id: 'Order' })
export type OrderResource = z.infer<typeof orderSchema>

const mandateSchema = z.object({
  sellFloorPerKwh: price,
  buyCeilingPerKwh: price,
  maxSellWh: wh,
  maxBuyWh: wh,
  validFrom: time,
  validUntil: time,
  version: z.int(),
})

export const seatSchema = z
  .object({
    area: uint32,
    seat: seatId,
    account: address,
    meter: address,
    /** The keys that followed the meter's first one, which names it; each signs what is measured after its `from`. */
    keys: z.array(z.object({ key: address, from: time })),
    zone: z.string(),
    /** The grid operator has confirmed meter and nameplate. */
    confirmed: z.boolean(),
    closed: z.boolean(),
    /** The meter signed two values for one boundary: nothing trades until it is confirmed once more. */
    suspended: z.boolean(),
    mandate: mandateSchema,
    /** What the account has changed and what holds from its `validFrom` on; null where nothing changes. */
    next: mandateSchema.extend({ closed: z.boolean() }).nullable(),
    nameplateWh: wh.nullable(),
    epoch: z.int(),
    /** The balance on chain. */
    balance: money,
    /** Neither reserved for an open interval, owed for an unsettled one, nor asked back. */
    available: money,
    /** `movesTo`: another seat of the account, into whose purse it goes; null where it is paid out to `to`. */
    withdrawal: z
      .object({ amount: money, to: address, movesTo: seatId.nullable(), claimableAt: time, nonce: z.int() })
      .nullable(),
    /** The nonce that the next `Withdrawal` must carry. */
    withdrawalNonce: z.int(),
    sellOrder: orderSchema.nullable(),
    buyOrder: orderSchema.nullable(),
    lastReadingAt: time.nullable(),
    record: pointRecordSchema,
  })
  .meta({ id: 'Seat' })
export type SeatResource = z.infer<typeof seatSchema>

/** How long an order lasts, by the number that is signed. */
export const timesInForce = ['GTC', 'IOC', 'FOK'] as const
const timeInForceSchema = z.enum(timesInForce)

/** An order for one interval that had not started. */
export const forwardOrderSchema = z
  .object({
    market: z.literal('forward'),
    /** The order's EIP-712 digest. */
    order: hex32Form,
    /** Its place in the order of arrival in the area, by which outcomes name it. */
    arrival: z.int(),
    seat: seatId,
    account: address,
    meter: address,
    /** The zone in whose book it stands. */
    zone: z.string(),
    side: sideSchema,
    limitPerKwh: price,
    maxWh: wh,
    start: time,
    end: time,
    timeInForce: timeInForceSchema,
    nonce: z.int(),
    status: z.enum(['open', 'filled', 'cancelled']),
    /** Still in the book. */
    openWh: wh,
    tradedWh: wh,
    /** Why what was left of it was taken out; null while it is open or where nothing was left. */
    cancelReason: z.enum(cancelReasons).nullable(),
    acceptedAt: time,
    sessionKey: address.nullable(),
  })
  .meta({ id: 'ForwardOrder' })
export type ForwardOrderResource = z.infer<typeof forwardOrderSchema>

/** The account's side of energy traded ahead, and what became of it. */
export const ownForwardTradeSchema = z
  .object({
    seat: seatId,
    /** Names the order of this side. */
    arrival: z.int(),
    side: sideSchema,
    zone: z.string(),
    start: time,
    end: time,
    /** Counts the interval's trades from 1 in the order they were made, which is the order they are honoured in. */
    number: z.int(),
    pricePerKwh: price,
    energyWh: wh,
    madeAt: time,
    /** `agreed` until the interval has a result. */
    status: z.enum(['agreed', 'provisional', 'final', 'missed']),
    /** Metered on both sides and charged; null until the interval has a result. */
    deliveredWh: wh.nullable(),
    /** Not delivered or not taken, and not charged. */
    deviationWh: wh.nullable(),
    /** Paid (buy) or received (sell) for what was delivered. */
    amount: money.nullable(),
    /** What became of the order that traded, and why one of the two sides could not; null until the interval has a result. */
    code: z.enum(outcomeCodes).nullable(),
    because: z.enum(outcomeCodes).nullable(),
    /** What became of it, in a sentence. */
    message: z.string(),
  })
  .meta({ id: 'OwnForwardTrade' })
export type OwnForwardTradeResource = z.infer<typeof ownForwardTradeSchema>

/** The order with what it has traded, which for a new order is what it traded at once. */
export const placedForwardOrderSchema = forwardOrderSchema
  .extend({ trades: z.array(ownForwardTradeSchema) })
  .meta({ id: 'PlacedForwardOrder' })
export type PlacedForwardOrder = z.infer<typeof placedForwardOrderSchema>

/** Energy traded ahead, whoever agreed on it. */
export const forwardTradeSchema = z
  .object({
    area: uint32,
    zone: z.string(),
    start: time,
    number: z.int(),
    pricePerKwh: price,
    energyWh: wh,
    madeAt: time,
  })
  .meta({ id: 'ForwardTrade' })
export type ForwardTradeResource = z.infer<typeof forwardTradeSchema>

/** All orders of a side at one price. */
const forwardLevelSchema = z
  .object({ pricePerKwh: price, energyWh: wh, orders: z.int().min(0) })
  .meta({ id: 'ForwardLevel' })
export type ForwardLevel = z.infer<typeof forwardLevelSchema>

/** The book of one zone for one interval; it takes orders until the interval starts. */
export const forwardBookSchema = z
  .object({
    area: uint32,
    zone: z.string(),
    start: time,
    end: time,
    /** Prices of forward orders lie between these, both included. */
    lowestPerKwh: price,
    highestPerKwh: price,
    /** Best price first: the highest bid and the lowest ask. */
    bids: z.array(forwardLevelSchema),
    asks: z.array(forwardLevelSchema),
    /** The last trades, the newest first. */
    lastTrades: z.array(forwardTradeSchema),
  })
  .meta({ id: 'ForwardBook' })
export type ForwardBookResource = z.infer<typeof forwardBookSchema>

/** Levels of a book that changed, as they stand now; one with no energy is gone. */
export interface ForwardBookChange {
  area: number
  zone: string
  start: string
  bids: ForwardLevel[]
  asks: ForwardLevel[]
}

export const outcomeSchema = z
  .object({
    /** In which way energy was to be given: by an agreement, trades made ahead, the auction, the grid operator or a key. */
    stage: z.enum(stageNames),
    /** Names the order, agreement or declaration in the area; 0 where there is none. */
    arrival: z.int(),
    side: sideSchema,
    limitPerKwh: price,
    /** What the order could offer or ask after metering, mandate, escrow and daily budget. */
    offeredWh: wh,
    filledWh: wh,
    pricePerKwh: price.nullable(),
    /** Paid (buy) or received (sell), after the share in excess congestion rent. */
    amount: money,
    code: z.enum(outcomeCodes),
    /** The best price in reach after fees, where the limit missed it or a full link kept it away. */
    bestPerKwh: price.nullable(),
    /** The name of the zone whose link was full. */
    fullZone: z.string().nullable(),
    /** For how much energy the money in the escrow or the daily budget reached; all that was offered where money was no matter. */
    coveredWh: wh,
    ...{ meteredWh: wh, togetherWh: wh },
    /** The daily budget, and what of it was left to the interval; null where no budget held the home back. */
    ...{ dailyBudget: money.nullable(), budgetLeft: money.nullable() },
    /** Why one of the two sides could not trade at all, where that was so. */
    because: z.enum(outcomeCodes).nullable(),
    message: z.string(),
  })
  .meta({ id: 'Outcome' })
export type OutcomeResource = z.infer<typeof outcomeSchema>

/** One seat's interval: metered = own use + matched + residual on both sides, and why. */
export const seatIntervalSchema = z
  .object({
    seat: seatId,
    start: time,
    end: time,
    run: z.int(),
    status: intervalStatusSchema,
    quality: z.enum(qualities),
    importWh: wh,
    exportWh: wh,
    /** What the home used of its own, the same on both sides; 0 where the area's supplier bills it. */
    ownUseWh: wh,
    boughtWh: wh,
    soldWh: wh,
    residualImportWh: wh,
    residualExportWh: wh,
    /** Agreed ahead but not delivered or not taken; not charged. */
    deviationWh: wh,
    /** Cumulative production was this much higher at the end; display only. */
    productionWh: wh.nullable(),
    paid: money,
    received: money,
    /** The clearing price of the seat's zone. */
    pricePerKwh: price.nullable(),
    outcomes: z.array(outcomeSchema),
  })
  .meta({ id: 'SeatInterval' })
export type SeatIntervalResource = z.infer<typeof seatIntervalSchema>

/** Sums over `[from, to)` for one seat. */
export const summarySchema = z
  .object({
    seat: seatId,
    from: time,
    to: time,
    importWh: wh,
    exportWh: wh,
    ownUseWh: wh,
    boughtWh: wh,
    soldWh: wh,
    paid: money,
    received: money,
    /** What the energy sold would have earned at the feed-in tariff, and the energy bought would have cost at the retail tariff, by the tariffs of its time. */
    soldAtFeedIn: money,
    boughtAtRetail: money,
  })
  .meta({ id: 'Summary' })
export type SummaryResource = z.infer<typeof summarySchema>

const partySchema = z.object({ seat: seatId, account: address, meter: address })

/** Two accounts agree that energy of one seat's surplus goes to the other at a price. */
export const agreementSchema = z
  .object({
    area: uint32,
    /** The agreement's EIP-712 digest. */
    agreement: hex32Form,
    /** Its place in the order of arrival in the area, by which outcomes name it. */
    arrival: z.int(),
    /** Arrival of the first of those that were signed as one group and share what the seller has. */
    group: z.int(),
    seller: partySchema,
    buyer: partySchema,
    kind: z.enum(agreementKinds),
    amount: z.int().meta({
      description: 'Wh per interval (`fixed`), hundredths of a percent of the surplus (`share`), or 0 (`all`)',
    }),
    /** What the seller gets; the buyer pays the grid fee of the way besides. */
    pricePerKwh: price,
    start: time,
    /** Earlier than signed where one of the two gave notice. */
    end: time,
    signedEnd: time,
    noticeSeconds: z.int(),
    nonce: z.int(),
    /** Who ended it before its time, or null. */
    noticeBy: address.nullable(),
    acceptedAt: time,
    /** How much at which price, in words. */
    description: z.string(),
  })
  .meta({ id: 'Agreement' })
export type AgreementResource = z.infer<typeof agreementSchema>

/** `POST /session-keys/revocations`: from when on the key signs nothing in these areas any more. */
export const revocationSchema = z
  .object({ account: address, key: address, areas: z.array(z.object({ area: uint32, from: time })) })
  .meta({ id: 'Revocation' })

export const seatBatchSchema = z
  .object({
    seat: seatId,
    start: time,
    end: time,
    status: batchStatusSchema,
    soldWh: wh,
    boughtWh: wh,
    paid: money,
    received: money,
    transaction: z.string().nullable(),
    approvals,
  })
  .meta({ id: 'SeatBatch' })
export type SeatBatchResource = z.infer<typeof seatBatchSchema>

/** One seat's statement of one batch: what `commonwatt verify` reads. Numbers are as they were signed and settled. */
/** Ends of the batches of which a seat's leaves have been erased. */
export const erasedSchema = z.object({ batches: z.array(time) }).meta({ id: 'Erased' })

export const statementSchema = statementFileSchema.meta({ id: 'Statement' })

/** The account's tokens outside the escrow, and what an ERC-2612 permit must carry. */
export const walletSchema = z
  .object({
    account: address,
    tokens: money,
    permitNonce: z.int(),
    /** What a permit of the token is signed for (EIP-712); null where it takes none. */
    permitDomain: z
      .object({
        name: z.string().optional(),
        version: z.string().optional(),
        chainId: z.int().optional(),
        verifyingContract: address.optional(),
        salt: hex32Form.optional(),
      })
      .nullable(),
  })
  .meta({ id: 'Wallet' })
export type WalletResource = z.infer<typeof walletSchema>

export const telemetryEventSchema = z
  .object({
    seat: seatId,
    time,
    powerW: z.number().nullable(),
    productionW: z.number().nullable(),
    batteryPowerW: z.number().nullable(),
    stateOfChargePercent: z.number().nullable(),
  })
  .meta({ id: 'Telemetry' })
export type TelemetryEvent = z.infer<typeof telemetryEventSchema>

/** RFC 9457, with a stable `code`. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    /** For a request that does not have its form: what is wrong where. */
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' })

/** One page of a list; `cursor` is opaque and null at the end. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), cursor: z.string().nullable() })
}

/** An account that has taken an invitation. */
export const invitedSchema = z.object({ area: uint32, account: address }).meta({ id: 'Invited' })

export const relayedSchema = z.object({ transaction: z.string() }).meta({ id: 'Relayed' })
