/** Codes of pairings: how they are made, how long they live, and who may try how many. */
import { randomInt } from 'node:crypto'
import type { Address } from '../../contracts/protocol/typed-data.ts'
import { ApiError } from './problem.ts'

/** Without letters and digits that are read for one another, so about forty bits in eight places. */
const alphabet = '23456789ABCDEFGHJKMNPQRSTVWXYZ'
const codeLength = 8
/** A code lives this long after the newest offer. */
export const pairingMs = 600_000
const mostWrongTries = 5
/** Accounts remembered; beyond, the oldest is forgotten. */
const mostAccounts = 10_000

export function newPairingCode(): string {
  return Array.from({ length: codeLength }, () => alphabet[randomInt(alphabet.length)]!).join('')
}

/** What a person typed: small letters, spaces and hyphens do not matter. */
export function plainCode(text: string): string {
  return text.replaceAll(/[\s-]/g, '').toUpperCase()
}

/** Counts the wrong codes of each account; whoever has tried five waits until ten minutes after the first of them. */
export class WrongTries {
  private readonly tries = new Map<Address, { count: number; sinceMs: number }>()

  /** Throws `PAIRING_TRIES` where the account has none left. */
  check(account: Address, nowMs: number): void {
    const tried = this.tries.get(account)
    if (tried === undefined) return
    const waitMs = tried.sinceMs + pairingMs - nowMs
    // Only a clock that was set back leaves more to wait than the time itself: that locks nobody out.
    if (waitMs <= 0 || waitMs > pairingMs) this.tries.delete(account)
    else if (tried.count >= mostWrongTries) {
      throw new ApiError('PAIRING_TRIES', `${mostWrongTries} codes were wrong: wait before you try another`, {
        retryAfterSeconds: Math.ceil(waitMs / 1000),
      })
    }
  }

  note(account: Address, nowMs: number): void {
    const { count, sinceMs } = this.tries.get(account) ?? { count: 0, sinceMs: nowMs }
    this.tries.set(account, { count: count + 1, sinceMs })
    if (this.tries.size > mostAccounts) this.tries.delete(this.tries.keys().next().value!)
  }
}
