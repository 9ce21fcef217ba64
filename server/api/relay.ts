/** What people signed, on its way to the chain at the server's expense; users hold no gas. */
import type { z } from 'zod'
import type {
  relayClaimSchema,
  relayClosureSchema,
  relayConfirmationSchema,
  relayDepositSchema,
  relayEpochSchema,
  relayKeySchema,
  relayMandateSchema,
  relayMoveSchema,
  relayRevocationSchema,
  relaySeatSchema,
  relayWithdrawalSchema,
} from './signed-requests.ts'

/** What an account signed for the contract by which grants are taken back. */
export interface RelayedRevocation {
  account: string
  below: number
  deadline: number
  signature: string
}

/**
 * Each method simulates, then sends one transaction, and resolves with its hash once it is on its way. Rejects with an
 * error that has a stable `code`: the contract's named refusal in plain words, or that the chain cannot be reached.
 */
export interface Relay {
  openSeat(request: z.output<typeof relaySeatSchema>): Promise<{ hash: string }>
  changeMandate(request: z.output<typeof relayMandateSchema>): Promise<{ hash: string }>
  closeSeat(request: z.output<typeof relayClosureSchema>): Promise<{ hash: string }>
  confirmMeter(request: z.output<typeof relayConfirmationSchema>): Promise<{ hash: string }>
  revokeMeter(request: z.output<typeof relayRevocationSchema>): Promise<{ hash: string }>
  startEpoch(request: z.output<typeof relayEpochSchema>): Promise<{ hash: string }>
  rotateKey(request: z.output<typeof relayKeySchema>): Promise<{ hash: string }>
  deposit(request: z.output<typeof relayDepositSchema>): Promise<{ hash: string }>
  requestWithdrawal(request: z.output<typeof relayWithdrawalSchema>): Promise<{ hash: string }>
  requestMove(request: z.output<typeof relayMoveSchema>): Promise<{ hash: string }>
  revokeGrants(request: RelayedRevocation): Promise<{ hash: string }>
  claim(request: z.output<typeof relayClaimSchema>): Promise<{ hash: string }>
}
