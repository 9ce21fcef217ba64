/**
 * Operations of the API, by path: what fills the path in and the query (`asks`), the JSON that is sent (`body`), and the JSON
 * (`answer`) or the kind of file (`file`) that comes back. `npm run api:types` writes this from the server's routes.
 */
import type { z } from 'zod'
import type { dailyBudgetSchema } from '../../server/api/budget-resources.ts'
import type { declarationSchema } from '../../server/api/declaration-resources.ts'
import type { demoHomeTakenSchema, demoHomeWantedSchema } from '../../server/api/demo-resources.ts'
import type { billSchema } from '../../server/api/document-resources.ts'
import type { grantSchema, grantsRevokedSchema } from '../../server/api/grant-resources.ts'
import type { pairingSchema } from '../../server/api/joining.ts'
import type { noticeChoicesSchema, noticeStateSchema, noticesReadSchema } from '../../server/api/notice-resources.ts'
import type { takenFileSchema } from '../../server/api/official-resources.ts'
import type { partnerChoiceSchema, partnerChoicesSchema } from '../../server/api/partner-resources.ts'
import type { releaseSchema, reportNameSchema } from '../../server/api/report-resources.ts'
import type {
  agreementSchema,
  erasedSchema,
  forwardOrderSchema,
  invitedSchema,
  orderSchema,
  placedForwardOrderSchema,
  relayedSchema,
  revocationSchema,
} from '../../server/api/resources.ts'
import type { sessionSchema } from '../../server/api/session-resources.ts'
import type {
  relayAccountSchema,
  relayClaimSchema,
  relayClosureSchema,
  relayConfirmationSchema,
  relayDepositSchema,
  relayEpochSchema,
  relayExecutionSchema,
  relayKeySchema,
  relayMandateSchema,
  relayMoveSchema,
  relayRecoveredSchema,
  relayRecoverySchema,
  relayRevocationSchema,
  relaySeatSchema,
  relayVetoSchema,
  relayWithdrawalSchema,
  signedAgreementsSchema,
  signedApprovalSchema,
  signedBudgetSchema,
  signedCancelSchema,
  signedGrantRevocationSchema,
  signedGrantSchema,
  signedInvitationSchema,
  signedNoticeSchema,
  signedOrderSchema,
  signedReleaseSchema,
  signedRevocationSchema,
  signInSchema,
} from '../../server/api/signed-requests.ts'

type Nothing = Record<string, never>

export interface Posts {
  '/accounts/{account}/erasures': {
    asks: { account: string }
    body: { seat: string; until: string }
    answer: z.output<typeof erasedSchema>
  }
  '/accounts/{account}/grants': {
    asks: { account: string }
    body: z.input<typeof signedGrantSchema>
    answer: z.output<typeof grantSchema>
  }
  '/accounts/{account}/grants/revocations': {
    asks: { account: string }
    body: z.input<typeof signedGrantRevocationSchema>
    answer: z.output<typeof grantsRevokedSchema>
  }
  '/accounts/{account}/notices/choices': {
    asks: { account: string }
    body: z.input<typeof noticeChoicesSchema>
    answer: z.output<typeof noticeStateSchema>
  }
  '/accounts/{account}/notices/read': {
    asks: { account: string }
    body: z.input<typeof noticesReadSchema>
    answer: z.output<typeof noticeStateSchema>
  }
  '/accounts/{account}/partner-choices': {
    asks: { account: string }
    body: z.input<typeof partnerChoiceSchema>
    answer: z.output<typeof partnerChoicesSchema>
  }
  '/areas/{area}/agreements': {
    asks: { area: number }
    body: z.input<typeof signedAgreementsSchema>
    answer: { items: z.output<typeof agreementSchema>[]; cursor: string | null }
  }
  '/areas/{area}/agreements/{agreement}/end': {
    asks: { area: number; agreement: string }
    body: z.input<typeof signedNoticeSchema>
    answer: z.output<typeof agreementSchema>
  }
  '/areas/{area}/bills/{month}/approvals': {
    asks: { area: number; month: string }
    body: z.input<typeof signedApprovalSchema>
    answer: z.output<typeof billSchema>
  }
  '/areas/{area}/bills/{month}/issue': {
    asks: { area: number; month: string }
    body: Nothing
    answer: z.output<typeof billSchema>
  }
  '/areas/{area}/bills/{month}/previews': {
    asks: { area: number; month: string }
    body: { incompleteBecause: string | null }
    answer: z.output<typeof billSchema>
  }
  '/areas/{area}/declarations': {
    asks: { area: number }
    body: {
      declaration: {
        rules: string
        kind: number
        start: number
        end: number
        version: number
        content: string
        evidence: string
      }
      body:
        | {
            type: 'quantities'
            intervals: { start: number; seats: { seat: number; allocatedWh: number; sharedWh: number }[] }[]
          }
        | {
            type: 'key'
            consumers: number[]
            producers: number[]
            steps: {
              from: number
              rounds: {
                ofMillionths: number
                key:
                  | { type: 'proportional' }
                  | { type: 'static'; sharesMillionths: number[]; repeated: boolean }
                  | { type: 'cascade'; ranks: (number | null)[] }
              }[]
            }[]
          }
        | { type: 'prices'; stepSeconds: number; ticks: number[] }
      signature: string
    }
    answer: z.output<typeof declarationSchema>
  }
  '/areas/{area}/invitations': {
    asks: { area: number }
    body: z.input<typeof signedInvitationSchema>
    answer: z.output<typeof invitedSchema>
  }
  '/areas/{area}/official-values': {
    asks: { area: number } & { name: string; format?: string; timezone?: string }
    bytes: Blob
    answer: z.output<typeof takenFileSchema>
  }
  '/areas/{area}/releases': {
    asks: { area: number }
    body: { report: z.input<typeof reportNameSchema>; version: number }
    answer: z.output<typeof releaseSchema>
  }
  '/areas/{area}/releases/{manifest}/approvals': {
    asks: { area: number; manifest: string }
    body: z.input<typeof signedReleaseSchema>
    answer: z.output<typeof releaseSchema>
  }
  '/areas/{area}/watchers/words': {
    asks: { area: number }
    body:
      | { says: 'approved'; header: string; signature: string }
      | {
          says: 'refused'
          header: string
          reason:
            | 'other'
            | 'incomplete'
            | 'times'
            | 'statement'
            | 'band'
            | 'grid-take'
            | 'entries'
            | 'moved-without-trade'
            | 'header'
            | 'unsigned'
            | 'stated'
            | 'passed-over'
            | 'signed-another'
          sentence: string
          signature: string
        }
      | {
          says: 'withheld'
          header: string
          reason:
            | 'other'
            | 'incomplete'
            | 'times'
            | 'statement'
            | 'band'
            | 'grid-take'
            | 'entries'
            | 'moved-without-trade'
            | 'header'
            | 'unsigned'
            | 'stated'
            | 'passed-over'
            | 'signed-another'
          sentence: string
        }
  }
  '/budgets': { asks: Nothing; body: z.input<typeof signedBudgetSchema>; answer: z.output<typeof dailyBudgetSchema> }
  '/demo/homes': {
    asks: Nothing
    body: z.input<typeof demoHomeWantedSchema>
    answer: z.output<typeof demoHomeTakenSchema>
  }
  '/orders': {
    asks: Nothing
    body: z.input<typeof signedOrderSchema>
    answer: z.output<typeof orderSchema> | z.output<typeof placedForwardOrderSchema>
  }
  '/orders/{order}/cancel': {
    asks: { order: string }
    body: z.input<typeof signedCancelSchema>
    answer: z.output<typeof orderSchema> | z.output<typeof forwardOrderSchema>
  }
  '/pairings': {
    asks: Nothing
    body: {
      area: number
      hello: { meter: string; time: number; signature: string }
      found: {
        name: string
        devices: {
          role: 'grid' | 'production' | 'battery'
          profile: string
          manufacturer: string | null
          model: string | null
          serialNumber: string | null
        }[]
        powerW: number | null
        productionW: number | null
        importWh: number | null
        exportWh: number | null
        sells: boolean
        promise:
          | 'silent'
          | 'counts-nothing'
          | 'elsewhere'
          | 'counts-import'
          | 'vouched'
          | 'unproven'
          | 'once-agreed'
          | 'read-by-operator'
        sentence: string
      }
    }
    answer: { code: string; link: string; expiresAt: number }
  }
  '/pairings/consent': {
    asks: Nothing
    body: {
      area: number
      hello: { meter: string; time: number; signature: string }
      account: string
      rules: string
      consent: { validFrom: number; deadline: number; signature: string }
      epochStart: { epoch: number; time: number; importWh: number; exportWh: number; signature: string }
    }
  }
  '/pairings/state': {
    asks: Nothing
    body: { area: number; hello: { meter: string; time: number; signature: string } }
    answer: {
      state: 'none' | 'offered' | 'claimed' | 'consented' | 'opened'
      account?: string
      rules?: string
      intervalSeconds?: number
    }
  }
  '/pairings/{code}/claim': { asks: { code: string }; body: Nothing; answer: z.output<typeof pairingSchema> }
  '/relay/accounts': { asks: Nothing; body: z.input<typeof relayAccountSchema>; answer: z.output<typeof relayedSchema> }
  '/relay/claims': { asks: Nothing; body: z.input<typeof relayClaimSchema>; answer: z.output<typeof relayedSchema> }
  '/relay/closures': { asks: Nothing; body: z.input<typeof relayClosureSchema>; answer: z.output<typeof relayedSchema> }
  '/relay/confirmations': {
    asks: Nothing
    body: z.input<typeof relayConfirmationSchema>
    answer: z.output<typeof relayedSchema>
  }
  '/relay/deposits': { asks: Nothing; body: z.input<typeof relayDepositSchema>; answer: z.output<typeof relayedSchema> }
  '/relay/epochs': { asks: Nothing; body: z.input<typeof relayEpochSchema>; answer: z.output<typeof relayedSchema> }
  '/relay/executions': {
    asks: Nothing
    body: z.input<typeof relayExecutionSchema>
    answer: z.output<typeof relayedSchema>
  }
  '/relay/keys': { asks: Nothing; body: z.input<typeof relayKeySchema>; answer: z.output<typeof relayedSchema> }
  '/relay/mandates': { asks: Nothing; body: z.input<typeof relayMandateSchema>; answer: z.output<typeof relayedSchema> }
  '/relay/moves': { asks: Nothing; body: z.input<typeof relayMoveSchema>; answer: z.output<typeof relayedSchema> }
  '/relay/recoveries': {
    asks: Nothing
    body: z.input<typeof relayRecoverySchema>
    answer: z.output<typeof relayedSchema>
  }
  '/relay/recoveries/finish': {
    asks: Nothing
    body: z.input<typeof relayRecoveredSchema>
    answer: z.output<typeof relayedSchema>
  }
  '/relay/revocations': {
    asks: Nothing
    body: z.input<typeof relayRevocationSchema>
    answer: z.output<typeof relayedSchema>
  }
  '/relay/seats': { asks: Nothing; body: z.input<typeof relaySeatSchema>; answer: z.output<typeof relayedSchema> }
  '/relay/vetoes': { asks: Nothing; body: z.input<typeof relayVetoSchema>; answer: z.output<typeof relayedSchema> }
  '/relay/withdrawals': {
    asks: Nothing
    body: z.input<typeof relayWithdrawalSchema>
    answer: z.output<typeof relayedSchema>
  }
  '/session': { asks: Nothing; body: z.input<typeof signInSchema>; answer: z.output<typeof sessionSchema> }
  '/session-keys/revocations': {
    asks: Nothing
    body: z.input<typeof signedRevocationSchema>
    answer: z.output<typeof revocationSchema>
  }
}

export interface Deletes {
  '/session': { asks: Nothing }
  '/sessions/{id}': { asks: { id: string } }
}
