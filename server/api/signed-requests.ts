/** What clients sign and send to `/api/v1` and `/live`, as schemas; the integers are those that were signed. */
import { z } from 'zod'
import { zoneName } from '../areas/settings.ts'
import { energyWh, hex32Form, uint32, utcSeconds } from '../settlement/signed-forms.ts'
import type { OrdersAnswer } from './live-resources.ts'
import { addressSchema, int24, seatId, uint24 } from './resources.ts'

const signature = z.string().regex(/^0x([0-9a-fA-F]{2}){64,1024}$/, '0x and at least 64 bytes in hexadecimal digits')

/** As it is signed. */
const ticks = int24.meta({
  description: 'Ticks per kWh; a tick is `priceTick` of the area’s rules, in millionths of a token',
})

/** Who signs for an account of a passkey: a point of the curve P-256, or an address where `y` is zero; both zero for nobody. */
const accountKey = z.strictObject({ x: hex32Form, y: hex32Form })
const firstKeys = z.strictObject({ owner: accountKey, recovery: accountKey })

/**
 * What `POST /session` takes: the text of the sign-in message and the account's signature of it; of an account of a passkey
 * that is not open yet also the keys that it will be opened with. Our own page asks for a `cookie` instead of a token.
 */
export const signInSchema = z
  .strictObject({
    message: z.string().min(1).max(4000).meta({
      description:
        'The text of EIP-4361: its domain and URI are an address of this server, its chain ID that of an area, its nonce from `GET /session/nonce`',
    }),
    signature: signature.meta({ description: 'Of the message, by EIP-191' }),
    keys: firstKeys.optional(),
    cookie: z.boolean().optional(),
  })
  .meta({ id: 'SignIn' })

/**
 * An order of either market: spot (`market` 0, `timeInForce` 0), or forward (`market` 1, `timeInForce` 0 until the gate
 * closes, 1 immediate or cancel, 2 fill or kill), which is for exactly one interval.
 */
const order = z.strictObject({
  account: addressSchema,
  meter: addressSchema,
  rules: hex32Form,
  market: z.int().min(0).max(1).meta({ description: '0 spot, 1 forward' }),
  side: z.int().min(0).max(1).meta({ description: '0 buys, 1 sells' }),
  timeInForce: z
    .int()
    .min(0)
    .max(2)
    .meta({ description: '0 good till the gate closes, 1 immediate or cancel, 2 fill or kill; a spot order has 0' }),
  limitPrice: ticks,
  maxWh: uint24.min(1),
  start: utcSeconds,
  end: utcSeconds,
  nonce: z.int().min(0),
})

export const signedOrderSchema = z
  .strictObject({
    order,
    signature,
    /** Where a session key signed the order: the account's own grant for that key. */
    session: z
      .strictObject({
        key: addressSchema,
        rules: hex32Form,
        sides: z.int().min(1).max(3).meta({ description: 'The sum of 1 buying and 2 selling' }),
        lowestPrice: ticks,
        highestPrice: ticks,
        validFrom: utcSeconds,
        validUntil: utcSeconds,
        signature,
      })
      .optional(),
  })
  .meta({ id: 'SignedOrder' })
export type OrderRequest = z.infer<typeof signedOrderSchema>

export const signedCancelSchema = z.strictObject({ signature }).meta({ id: 'SignedCancel' })

const agreement = z.strictObject({
  seller: addressSchema,
  sellerMeter: addressSchema,
  buyer: addressSchema,
  buyerMeter: addressSchema,
  rules: hex32Form,
  kind: z.int().min(0).max(0xff).meta({ description: '0 a fixed energy, 1 a share of the surplus, 2 all of it' }),
  amount: uint24.meta({ description: 'Wh per interval, hundredths of a percent of the surplus, or 0, by its kind' }),
  price: ticks,
  start: utcSeconds,
  end: utcSeconds,
  noticeSeconds: uint32,
  nonce: z.int().min(0),
})

/** Agreements of one seller that are accepted together or not at all; with one nonce they share what the seller has. */
export const signedAgreementsSchema = z
  .strictObject({
    agreements: z
      .array(z.strictObject({ agreement, sellerSignature: signature, buyerSignature: signature }))
      .min(1)
      .max(16),
  })
  .meta({ id: 'SignedAgreements' })
export type SignedAgreements = z.infer<typeof signedAgreementsSchema>

/** `EndAgreement`: one of the two accounts ends the agreement at the boundary `end`. */
export const signedNoticeSchema = z
  .strictObject({ account: addressSchema, end: utcSeconds, signature })
  .meta({ id: 'SignedNotice' })

/** `RevokeSessionKey`, signed for the escrow of this area; it holds in all areas of that escrow. */
export const signedRevocationSchema = z
  .strictObject({ area: uint32, account: addressSchema, key: addressSchema, from: utcSeconds, signature })
  .meta({ id: 'SignedRevocation' })

/** Every amount that is asked for: tokens, decimal, with no more decimals or digits than any token has. */
const tokens = z
  .string()
  .regex(/^\d{1,24}(\.\d{1,18})?$/, 'an amount of tokens such as 12.5')
  .meta({ description: 'Tokens, decimal: "12.5"' })

/** `DailyBudget`; its `amount` is signed in ledger units of the area (priceDecimals + 3 decimals), 0 lifts the budget. */
export const signedBudgetSchema = z
  .strictObject({
    budget: z.strictObject({
      account: addressSchema,
      meter: addressSchema,
      rules: hex32Form,
      amount: tokens,
      nonce: z.int().min(0),
    }),
    signature,
  })
  .meta({ id: 'SignedBudget' })
export type BudgetRequest = z.infer<typeof signedBudgetSchema>

/** The area's grid operator, its operator or a member with a confirmed meter invites so many accounts. */
export const signedInvitationSchema = z
  .strictObject({
    /** Who signed it; without it the grid operator. */
    inviter: addressSchema.optional(),
    invitation: z.strictObject({
      rules: hex32Form,
      accounts: uint32.min(1),
      validUntil: utcSeconds,
      nonce: z.int().min(0),
    }),
    signature,
  })
  .meta({ id: 'SignedInvitation' })

/** `DataGrant`: lets `grantee` read data of `[from, until)` of a seat. */
export const signedGrantSchema = z
  .strictObject({
    grant: z.strictObject({
      account: addressSchema,
      seat: seatId,
      grantee: addressSchema,
      scope: z.int().min(1).max(7).meta({ description: 'The sum of 1 intervals, 2 readings, 4 statements' }),
      granularity: z.int().min(0).max(1).meta({
        description:
          '0 each interval; 1 only sums over whole days (UTC), for which the scope is 1 and both times are midnights',
      }),
      from: utcSeconds,
      until: utcSeconds,
      nonce: z.int().min(0),
    }),
    signature,
  })
  .meta({ id: 'SignedGrant' })

/** `RevokeGrants`, signed for the contract `Revocations` of the area: what the account granted under a lower nonce is void. */
export const signedGrantRevocationSchema = z
  .strictObject({ area: uint32, below: z.int().min(1), deadline: utcSeconds, signature })
  .meta({ id: 'SignedGrantRevocation' })

const mandate = z.strictObject({
  account: addressSchema,
  meter: addressSchema,
  rules: hex32Form,
  sellFloor: ticks,
  buyCeiling: ticks,
  maxSellWh: uint24,
  maxBuyWh: uint24,
  validFrom: utcSeconds.meta({ description: 'UTC seconds; a boundary of the area’s intervals' }),
  validUntil: utcSeconds.meta({ description: 'UTC seconds; the beginning of a UTC day' }),
  version: uint32,
  deadline: utcSeconds,
})

const epochStart = z.strictObject({
  account: addressSchema,
  rules: hex32Form,
  meter: addressSchema,
  epoch: z.int().min(1).max(0xffff),
  time: utcSeconds,
  importWh: energyWh,
  exportWh: energyWh,
})

/** Relays `openSeat`: the account's mandate and the meter's enrolment. */
export const relaySeatSchema = z
  .strictObject({
    mandate,
    mandateSignature: signature,
    consentValidFrom: utcSeconds,
    consentDeadline: utcSeconds,
    consentSignature: signature,
    epoch: epochStart,
    epochSignature: signature,
  })
  .meta({ id: 'RelaySeat' })

export const relayMandateSchema = z
  .strictObject({ seat: seatId, mandate, mandateSignature: signature })
  .meta({ id: 'RelayMandate' })

export const relayConfirmationSchema = z
  .strictObject({
    seat: seatId,
    zone: zoneName,
    nameplateWh: uint24,
    /** What the meter's readings are good for: 0 device, 1 billing. */
    grade: z.int().min(0).max(1).meta({ description: '0 device, 1 billing' }),
    from: utcSeconds,
    /** How often the meter was revoked or suspended so far. */
    bars: uint32,
    /** Higher than that of everything the area's grid operator has said of the meter before, revocations included. */
    version: uint32,
    deadline: utcSeconds,
    signature,
  })
  .meta({ id: 'RelayConfirmation' })

/** `CloseSeat`: the seat trades nothing from the next boundary on. Its version is higher than that of the seat's newest mandate. */
export const relayClosureSchema = z
  .strictObject({ seat: seatId, version: uint32, deadline: utcSeconds, signature })
  .meta({ id: 'RelayClosure' })

/** `RevokeMeter`, signed by the grid operator: the meter trades nothing from the boundary `from` on. Its version grows as a confirmation's. */
export const relayRevocationSchema = z
  .strictObject({ seat: seatId, from: utcSeconds, version: uint32, deadline: utcSeconds, signature })
  .meta({ id: 'RelayRevocation' })

/** Signed by the meter, its account and, where the rules demand confirmation, the grid operator. */
export const relayEpochSchema = z
  .strictObject({
    seat: seatId,
    epoch: epochStart,
    meterSignature: signature,
    accountSignature: signature,
    gridSignature: signature.optional(),
  })
  .meta({ id: 'RelayEpoch' })

/** `RotateKey`, signed by the account, by the meter's last key and by the next one. */
export const relayKeySchema = z
  .strictObject({
    rotation: z.strictObject({
      account: addressSchema,
      meter: addressSchema,
      key: addressSchema,
      next: addressSchema,
      from: utcSeconds,
      deadline: utcSeconds,
    }),
    accountSignature: signature,
    keySignature: signature,
    nextSignature: signature,
  })
  .meta({ id: 'RelayKey' })

/** `amount` in tokens; the permit is the token's ERC-2612 one for the escrow. */
export const relayDepositSchema = z
  .strictObject({ seat: seatId, amount: tokens, deadline: utcSeconds, signature })
  .meta({ id: 'RelayDeposit' })

/** `Withdrawal`; its `amount` is signed in ledger units of the area (priceDecimals + 3 decimals). */
export const relayWithdrawalSchema = z
  .strictObject({ seat: seatId, amount: tokens, to: addressSchema, nonce: uint32, deadline: utcSeconds, signature })
  .meta({ id: 'RelayWithdrawal' })

/** Opens the account of a passkey on the chain of an area. */
export const relayAccountSchema = z.strictObject({ area: uint32, ...firstKeys.shape }).meta({ id: 'RelayAccount' })

/** A decimal number of 256 bits. */
const nonce = z.string().regex(/^\d{1,77}$/, 'a decimal number')

/** `Execute`, signed by the account's owner: all calls or none. No call may carry the chain's coin. */
export const relayExecutionSchema = z
  .strictObject({
    area: uint32,
    account: addressSchema,
    calls: z
      .array(
        z.strictObject({ to: addressSchema, data: z.string().regex(/^0x([0-9a-f]{2}){4,512}$/, 'bytes of a call') }),
      )
      .min(1)
      .max(4),
    nonce,
    deadline: utcSeconds,
    signature,
  })
  .meta({ id: 'RelayExecution' })

/** `Recover`, signed by the account's recovery key: `next` becomes the owner after the delay. */
export const relayRecoverySchema = z
  .strictObject({ area: uint32, account: addressSchema, next: accountKey, nonce, deadline: utcSeconds, signature })
  .meta({ id: 'RelayRecovery' })

/** `Veto`, signed by the account's owner. */
export const relayVetoSchema = z
  .strictObject({ area: uint32, account: addressSchema, signature })
  .meta({ id: 'RelayVeto' })

export const relayRecoveredSchema = z
  .strictObject({ area: uint32, account: addressSchema })
  .meta({ id: 'RelayRecovered' })

/** `MovePurse`: to another seat of the account; its `amount` is signed in ledger units of the area of `from`. */
export const relayMoveSchema = z
  .strictObject({ from: seatId, to: seatId, amount: tokens, nonce: uint32, deadline: utcSeconds, signature })
  .meta({ id: 'RelayMove' })

export const relayClaimSchema = z.strictObject({ seat: seatId }).meta({ id: 'RelayClaim' })

/** What a page sends in the socket.io namespace `/live`. */
export interface PageToLive {
  /** Starts the public events of an area. */
  watch: (area: number, answer: (result: { ok: boolean; message?: string }) => void) => void
  /** Places up to 100 signed orders; answered once all of them are judged and what was accepted is durable. */
  orders: (orders: OrderRequest[], answer: (answer: OrdersAnswer) => void) => void
}

/** `DocumentApproval`: the documents of a month are issued as they were previewed. */
export const signedApprovalSchema = z
  .strictObject({
    approval: z.strictObject({
      account: addressSchema,
      rules: hex32Form,
      month: z.int().min(190_001).max(999_912).meta({ description: 'Year and month: 202611' }),
      revision: z.int().min(1).meta({ description: 'Of the preview' }),
      documents: hex32Form.meta({ description: '`documentsHash` of the preview' }),
    }),
    signature,
  })
  .meta({ id: 'SignedApproval' })

/** `ReportApproval`: a version of a report is released as its manifest says. */
export const signedReleaseSchema = z
  .strictObject({
    approval: z.strictObject({
      account: addressSchema,
      rules: hex32Form,
      from: utcSeconds,
      to: utcSeconds,
      version: uint32.min(1),
      manifest: hex32Form.meta({ description: '`manifestHash` of the release' }),
    }),
    signature,
  })
  .meta({ id: 'SignedRelease' })
