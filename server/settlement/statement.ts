/**
 * A batch's statement: all its final fills as salted Merkle leaves, whose root is settled with the batch. Every account can
 * prove its own fills together, and learns nothing of the others from their hashes.
 *
 * Anyone recomputes the root by these rules (integers big-endian, `‖` joins bytes, the hash is keccak-256):
 * - There is one leaf for each interval, stage, order or agreement, and side of a seat that has energy, ascending by seat, then
 *   interval start, then stage, then reference: the leaves of a seat are neighbours.
 * - leaf = hash(0x00 ‖ salt[32] ‖ area[4] ‖ start[4] ‖ seat[4] ‖ stage[1] ‖ reference[32] ‖ side[1] ‖ energyWh[6] ‖ amount[16]),
 *   where stage is the place in `stageNames`, reference the digest of the order or agreement, side 0 for bought and 1 for sold,
 *   and amount what was paid or received in ledger units, two's complement.
 * - The tree is that of `merkle.ts`.
 * - root = hash(0x04 ‖ area[4] ‖ end[4] ‖ count[4] ‖ tree[32] ‖ stated[32]), where `stated` is the hash of what nobody signs
 *   (`stated-facts.ts`).
 *
 * Salts follow from one secret of the batch: the seed of a seat is hash(0x06 ‖ secret[32] ‖ number[4] ‖ seat[4]) and the salt of
 * its nth leaf (from 0) hash(0x03 ‖ seed[32] ‖ n[4]). Once a batch is settled the secret need not be kept any longer; deleting a
 * seat's seed makes its leaves unlinkable and touches no proof of any other seat.
 */
import { hexOf } from '../../contracts/protocol/hex.ts'
import { keccak256 } from '../../contracts/protocol/keccak.ts'
import type { Hex } from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds, Wh } from '../../contracts/protocol/units.ts'
import { type StageName, stageNames } from '../market/area/codes.ts'
import type { Side } from '../market/auction.ts'
import { SettlementError } from './error.ts'

/** What one stage gave to one side of a seat under one order or agreement in one interval. */
export interface StatedFill {
  start: UtcSeconds
  stage: StageName
  /** Digest of the order or agreement, 32 bytes. */
  reference: Uint8Array
  side: Side
  energyWh: Wh
  /** Paid or received in ledger units, all fees and refunds included; a whole number within ±2⁵³. */
  amount: number
}

/** The seed from which the salts of a seat's leaves follow. */
export function seatSeed(secret: Uint8Array, number: number, seat: number): Uint8Array {
  return keccak256(Buffer.concat([Buffer.of(0x06), secret, word(number), word(seat)]))
}

/** The salt of the hash of what nobody signs. */
export function statedSalt(secret: Uint8Array, number: number): Uint8Array {
  return keccak256(Buffer.concat([Buffer.of(0x07), secret, word(number)]))
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** The place in the bytes of a leaf at which each of its parts begins. */
const at = { salt: 1, area: 33, start: 37, seat: 41, stage: 45, reference: 46, side: 78, energyWh: 79, amount: 85 }
const leafLength = 101

/** Hashes the leaves of one statement, seat by seat. Throws `SETTLEMENT_STATEMENT` where they are not in their order. */
export class LeafHasher {
  private readonly leaf = Buffer.alloc(leafLength)
  private readonly salt = Buffer.alloc(37)
  private seat = -1
  private place = 0
  private start = -1
  private stage = -1
  private readonly reference = Buffer.alloc(32)

  constructor(area: number) {
    this.leaf.writeUInt32BE(area, at.area)
    this.salt[0] = 0x03
  }

  /** The leaves that follow are this seat's; seats ascend. */
  beginSeat(seat: number, seed: Uint8Array): void {
    if (seat <= this.seat) throw disordered(`seat ${seat} comes after seat ${this.seat}`)
    this.seat = seat
    this.place = 0
    this.start = -1
    this.leaf.writeUInt32BE(seat, at.seat)
    this.salt.set(seed, 1)
  }

  /** The hash of the seat's next leaf. */
  next({ start, stage, reference, side, energyWh, amount }: StatedFill): Uint8Array {
    const { leaf, salt } = this
    const stagePlace = stageNames.indexOf(stage)
    if (!this.isAfter(start, stagePlace, reference)) throw disordered(`seat ${this.seat}, interval ${start}`)
    if (!(energyWh > 0 && Number.isSafeInteger(energyWh) && Number.isSafeInteger(amount))) {
      throw new SettlementError('SETTLEMENT_STATEMENT', `a fill of ${energyWh} Wh for ${amount} has no leaf`)
    }
    this.start = start
    this.stage = stagePlace
    this.reference.set(reference)
    salt.writeUInt32BE(this.place, 33)
    this.place += 1
    leaf.set(keccak256(salt), at.salt)
    leaf.writeUInt32BE(start, at.start)
    leaf[at.stage] = stagePlace
    leaf.set(reference, at.reference)
    leaf[at.side] = side === 'buy' ? 0 : 1
    leaf.writeUIntBE(energyWh, at.energyWh, 6)
    leaf.fill(amount < 0 ? 0xff : 0, at.amount, at.amount + 8)
    leaf.writeInt32BE(Math.floor(amount / 2 ** 32), at.amount + 8)
    leaf.writeUInt32BE(amount >>> 0, at.amount + 12)
    return keccak256(leaf)
  }

  private isAfter(start: UtcSeconds, stage: number, reference: Uint8Array): boolean {
    if (start !== this.start) return start > this.start
    if (stage !== this.stage) return stage > this.stage
    return this.reference.compare(reference) < 0
  }
}

function disordered(where: string): SettlementError {
  return new SettlementError(
    'SETTLEMENT_STATEMENT',
    `the fills are not in the order of a statement, each once: ${where}`,
  )
}

/** Sorts one seat's fills as its leaves stand. */
export function inLeafOrder<Fill extends Pick<StatedFill, 'start' | 'stage' | 'reference'>>(fills: Fill[]): Fill[] {
  return fills.sort(
    (a, b) =>
      a.start - b.start ||
      stageNames.indexOf(a.stage) - stageNames.indexOf(b.stage) ||
      Buffer.compare(a.reference, b.reference),
  )
}

/** Names a statement by its area, its batch, and how many leaves its tree has. */
export interface StatementName {
  area: number
  end: UtcSeconds
  count: number
}

/** The root that is settled with the batch; `stated` is the hash of what nobody signs. */
export function statementRoot({ area, end, count }: StatementName, tree: Uint8Array, stated: Uint8Array): Hex {
  const bytes = Buffer.concat([Buffer.of(0x04), word(area), word(end), word(count), tree, stated])
  return hexOf(keccak256(bytes))
}
