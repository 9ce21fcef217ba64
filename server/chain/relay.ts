/** What people signed, carried to the escrow at the server's expense: simulated first, sent once however often it is asked. */
import { encodeBytes32String, keccak256, Signature } from 'ethers'
import { escrowInterface, revocationsInterface } from '../../contracts/build/deploy.ts'
import { partsOfSeatId } from '../../contracts/protocol/entry.ts'
import type { Address, EpochStart, Hex, Mandate, Reading, RotateKey } from '../../contracts/protocol/typed-data.ts'
import { parseMoney, UnitError, type UtcSeconds } from '../../contracts/protocol/units.ts'
import type { AreaStatus } from '../areas/area-handle.ts'
import type { EscrowFacts } from '../areas/settings.ts'
import { ChainError } from './error.ts'
import { asChainError } from './escrow-client.ts'
import type { Indexer } from './indexer.ts'
import type { SeatRecord } from './seat-view.ts'
import type { AllowGas, Sender } from './sender.ts'

/** A seat as the escrow numbers it, decimal: area × 2³² + its number in the area. */
type SeatId = string

/**
 * Each resolves with the transaction's hash once that is stored and on its way. Rejects with `ChainError`: `CHAIN_REFUSED`
 * with the contract's error in plain words, `CHAIN_REQUEST` for what is not worth asking, or why the chain cannot be used.
 */
export interface EscrowRelay {
  openSeat(request: {
    mandate: Mandate
    mandateSignature: Hex
    consentValidFrom: UtcSeconds
    consentDeadline: UtcSeconds
    consentSignature: Hex
    epoch: EpochStart
    epochSignature: Hex
  }): Promise<{ hash: Hex }>
  changeMandate(request: { seat: SeatId; mandate: Mandate; mandateSignature: Hex }): Promise<{ hash: Hex }>
  closeSeat(request: { seat: SeatId; version: number; deadline: UtcSeconds; signature: Hex }): Promise<{ hash: Hex }>
  confirmMeter(request: {
    seat: SeatId
    zone: string
    nameplateWh: number
    /** 0 device, 1 billing. */
    grade: number
    from: UtcSeconds
    /** How often the meter was revoked or suspended so far. */
    bars: number
    version: number
    deadline: UtcSeconds
    signature: Hex
  }): Promise<{ hash: Hex }>
  revokeMeter(request: {
    seat: SeatId
    from: UtcSeconds
    version: number
    deadline: UtcSeconds
    signature: Hex
  }): Promise<{ hash: Hex }>
  /** Two different readings of one boundary that the meter signed; reported once, whoever asks. */
  reportEquivocation(request: {
    readings: readonly [Reading, Reading]
    signatures: readonly [Hex, Hex]
  }): Promise<{ hash: Hex }>
  /**
   * A new epoch of the seat's meter. It cuts off what is not settled of the epoch before, so it waits for that: rejects with
   * `CHAIN_BEHIND` until every batch that begins before the new epoch is settled; to be asked again then.
   */
  startEpoch(request: {
    seat: SeatId
    epoch: EpochStart
    meterSignature: Hex
    accountSignature: Hex
    /** Needed where the rules demand confirmation. */
    gridSignature?: Hex | undefined
  }): Promise<{ hash: Hex }>
  /** The meter's last key hands over to the next one; signed by the account and by both keys. */
  rotateKey(request: {
    rotation: RotateKey
    accountSignature: Hex
    keySignature: Hex
    nextSignature: Hex
  }): Promise<{ hash: Hex }>
  /** `amount` in tokens, decimal; the signature is the token's permit (ERC-2612) for the escrow, by a key or by a contract wallet. */
  deposit(request: { seat: SeatId; amount: string; deadline: UtcSeconds; signature: Hex }): Promise<{ hash: Hex }>
  /** `amount` in tokens, decimal, of which each decimal is one of the area's ledger units. */
  requestWithdrawal(request: {
    seat: SeatId
    amount: string
    to: Address
    nonce: number
    deadline: UtcSeconds
    signature: Hex
  }): Promise<{ hash: Hex }>
  /** `amount` as for a withdrawal; it goes to another seat of the account. */
  requestMove(request: {
    from: SeatId
    to: SeatId
    amount: string
    nonce: number
    deadline: UtcSeconds
    signature: Hex
  }): Promise<{ hash: Hex }>
  /** What the account granted under a lower nonce is void. */
  revokeGrants(request: {
    account: Address
    below: number
    deadline: UtcSeconds
    signature: Hex
  }): Promise<{ hash: Hex }>
  claim(request: { seat: SeatId }): Promise<{ hash: Hex }>
}

/** `allow` hears what each transaction may use of gas, before it is signed. */
export function createRelay(options: {
  allow?: AllowGas
  sender: Pick<Sender, 'send'>
  indexer: Pick<Indexer, 'head'>
  facts: EscrowFacts
  /** The contract by which grants are taken back, or null. */
  revocations: Address | null
  /** How far an area's batches are cut, and since when they are not settled by a block that counts. */
  batchesOf(area: number): Pick<AreaStatus, 'cutUntil' | 'unsettledFrom'> | undefined
}): EscrowRelay {
  const { sender, indexer, facts, revocations, batchesOf, allow } = options

  async function send(purpose: string, to: Address, data: Hex): Promise<{ hash: Hex }> {
    try {
      return await sender.send(purpose, async () => ({ to, data }), allow)
    } catch (error) {
      throw asChainError(error)
    }
  }

  function carry(name: string, args: unknown[], purpose?: string): Promise<{ hash: Hex }> {
    const data = encode(name, args)
    // A signed message is good for one transaction, so the call itself tells one from another.
    return send(purpose ?? `${name} ${facts.escrow} ${keccak256(data)}`, facts.escrow, data)
  }

  function seatOf(id: SeatId): SeatRecord {
    const { area, number } = partsOfSeatId(BigInt(id))
    const seat = indexer.head.view.get(area)?.seats.get(number)
    if (seat === undefined) throw new ChainError('CHAIN_REQUEST', `seat ${id} is not known on chain yet`)
    return seat
  }

  /** An amount of tokens in the ledger units of the seat's area, in which it is signed: price tick × Wh. */
  function ledgerUnitsOf(id: SeatId, amount: string): bigint {
    const { priceTick } = indexer.head.view.get(partsOfSeatId(BigInt(id)).area)!.rules
    return unitsOf(amount, decimalsOfTick(priceTick) + 3)
  }

  function requireSettled(area: number, before: UtcSeconds): void {
    const known = batchesOf(area)
    const batchSeconds = indexer.head.view.get(area)!.rules.batchSeconds
    const until = Math.ceil(before / batchSeconds) * batchSeconds
    if (known !== undefined && known.cutUntil >= until && (known.unsettledFrom ?? before) >= before) return
    const end = new Date(until * 1000).toISOString()
    throw new ChainError('CHAIN_BEHIND', `the batches up to ${end} must be settled first: ask again then`)
  }

  return {
    async openSeat(request) {
      const { mandate, mandateSignature, consentValidFrom, consentDeadline, consentSignature } = request
      if (![...indexer.head.view.values()].some(({ rulesHash }) => rulesHash === mandate.rules)) {
        throw new ChainError('CHAIN_REQUEST', 'no area on chain has the rules that the mandate names')
      }
      const consent = { validFrom: consentValidFrom, deadline: consentDeadline }
      const { epoch, epochSignature } = request
      return carry('openSeat', [mandate, mandateSignature, consent, consentSignature, epoch, epochSignature])
    },
    async changeMandate({ seat, mandate, mandateSignature }) {
      seatOf(seat)
      return carry('changeMandate', [seat, mandate, mandateSignature])
    },
    async closeSeat({ seat, version, deadline, signature }) {
      seatOf(seat)
      return carry('closeSeat', [seat, version, deadline, signature])
    },
    async confirmMeter({ zone, signature, ...confirmation }) {
      seatOf(confirmation.seat)
      return carry('confirmMeter', [{ ...confirmation, zone: encodeBytes32String(zone) }, signature])
    },
    async revokeMeter({ seat, from, version, deadline, signature }) {
      seatOf(seat)
      return carry('revokeMeter', [seat, from, version, deadline, signature])
    },
    async reportEquivocation({ readings: [first, second], signatures: [firstSignature, secondSignature] }) {
      const { meter, epoch, time } = first
      // Whatever pair of readings is shown: a meter is suspended once for one boundary.
      const purpose = `report ${facts.escrow} meter ${meter} epoch ${epoch} at ${time}`
      return carry('reportEquivocation', [first, firstSignature, second, secondSignature], purpose)
    },
    async startEpoch({ seat, epoch, meterSignature, accountSignature, gridSignature = '0x' }) {
      seatOf(seat)
      requireSettled(partsOfSeatId(BigInt(seat)).area, epoch.time)
      return carry('startEpoch', [seat, epoch, meterSignature, accountSignature, gridSignature])
    },
    async rotateKey({ rotation, accountSignature, keySignature, nextSignature }) {
      return carry('rotateKey', [rotation, accountSignature, keySignature, nextSignature])
    },
    async deposit({ seat, amount, deadline, signature }) {
      seatOf(seat)
      const units = unitsOf(amount, facts.tokenDecimals)
      return carry('depositWithPermit', [seat, units, deadline, serialised(signature)])
    },
    async requestWithdrawal({ seat, amount: tokens, signature, ...rest }) {
      const { account } = seatOf(seat)
      return carry('requestWithdrawal', [{ account, seat, amount: ledgerUnitsOf(seat, tokens), ...rest }, signature])
    },
    async requestMove({ from, to, amount: tokens, signature, ...rest }) {
      const { account } = seatOf(from)
      return carry('requestMove', [{ account, from, to, amount: ledgerUnitsOf(from, tokens), ...rest }, signature])
    },
    async revokeGrants({ account, below, deadline, signature }) {
      if (revocations === null) throw new ChainError('CHAIN_REQUEST', 'this server knows no contract for that')
      const data = revocationsInterface.encodeFunctionData('revoke', [account, below, deadline, signature])
      return send(`revoke ${revocations} ${keccak256(data)}`, revocations, data)
    },
    async claim({ seat }) {
      const { withdrawal, withdrawalNonce } = seatOf(seat)
      const request = `${withdrawalNonce} of ${withdrawal?.amount ?? 0n}`
      return carry('claim', [seat], `claim ${facts.escrow} seat ${seat} request ${request}`)
    },
  }
}

function encode(name: string, args: unknown[]): Hex {
  try {
    return escrowInterface.encodeFunctionData(name, args)
  } catch (cause) {
    throw new ChainError('CHAIN_REQUEST', `${name} cannot be asked of the escrow like this`, { cause })
  }
}

/** An area's tick is a power of ten, in millionths of a token. */
function decimalsOfTick(priceTick: number): number {
  return 6 - Math.round(Math.log10(priceTick))
}

/** Tokens in units of which one has so many decimals. */
function unitsOf(amount: string, decimals: number): bigint {
  try {
    // Money has three decimals more than its price.
    return parseMoney(amount, decimals - 3)
  } catch (error) {
    if (!(error instanceof UnitError)) throw error
    throw new ChainError('CHAIN_REQUEST', `${amount} is no amount of tokens with at most ${decimals} decimals`, {
      cause: error,
    })
  }
}

/** A key's signature in the one form that tokens take; a contract wallet's stays as it is. */
function serialised(signature: Hex): Hex {
  return signature.length === 130 ? Signature.from(signature).serialized : signature
}
