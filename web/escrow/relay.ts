/**
 * Deposits, withdrawals and a meter's next key: signed in the browser, sent to the chain by the server, which pays the gas.
 * Nothing here can move money to anybody but the escrow and the address that the person signed for.
 */
import { parseUnits } from 'ethers'
import { type Mandate, signFull } from '../../contracts/protocol/typed-data.ts'
import { parseMoney } from '../../contracts/protocol/units.ts'
import type { KeyRotation } from '../../contracts/protocol/wire.ts'
import type { AreaResource, SeatResource, WalletResource } from '../../server/api/resources.ts'
import { relay } from '../api/client.ts'
import { nextVersion } from '../joining/mandate.ts'
import type { Session } from '../session/session.tsx'
import { moneyTexts } from './words.tsx'

interface Relayed {
  transaction: string
}

/** How long a relayed signature may wait, in seconds. */
const signatureLifeSeconds = 3600

const permitTypes = {
  Permit: [
    { name: 'owner', type: 'address' },
    { name: 'spender', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
  ],
}

function deadline(): number {
  return Math.floor(Date.now() / 1000) + signatureLifeSeconds
}

/** Moves `amount` tokens from the account into the seat's purse, by an ERC-2612 permit for exactly that amount. */
export async function deposit(
  session: Session,
  area: AreaResource,
  seat: SeatResource,
  wallet: WalletResource,
  amount: string,
): Promise<Relayed> {
  const { chain } = area
  if (wallet.permitDomain === null) throw new Error(moneyTexts().cannotDeposit)
  const until = deadline()
  const signer = await session.identity.signer()
  const signature = await signer.signTypedData(wallet.permitDomain, permitTypes, {
    owner: seat.account,
    spender: chain.escrow,
    value: parseUnits(amount, chain.tokenDecimals),
    nonce: wallet.permitNonce,
    deadline: until,
  })
  return relay('/relay/deposits', { seat: seat.seat, amount, deadline: until, signature }, session)
}

/** Asks for `amount` tokens, paid to `to` (the account itself by default); it can be collected after the escrow's delay. */
export async function requestWithdrawal(
  session: Session,
  area: AreaResource,
  seat: SeatResource,
  { amount, to = seat.account }: { amount: string; to?: string },
): Promise<Relayed> {
  const withdrawal = {
    account: seat.account,
    seat: BigInt(seat.seat),
    amount: parseMoney(amount, area.priceDecimals),
    to,
    nonce: seat.withdrawalNonce,
    deadline: deadline(),
  }
  const signature = await signFull(await session.identity.signer(), area.chain, 'Withdrawal', withdrawal)
  return relay(
    '/relay/withdrawals',
    {
      seat: seat.seat,
      amount,
      to: withdrawal.to,
      nonce: withdrawal.nonce,
      deadline: withdrawal.deadline,
      signature,
    },
    session,
  )
}

/** Asks that `amount` tokens go to the purse of another seat of the account; they move by a claim after the escrow's delay. */
export async function requestMove(
  session: Session,
  area: AreaResource,
  seat: SeatResource,
  { amount, to }: { amount: string; to: string },
): Promise<Relayed> {
  const times = { nonce: seat.withdrawalNonce, deadline: deadline() }
  const move = {
    ...{ account: seat.account, from: BigInt(seat.seat), to: BigInt(to), ...times },
    amount: parseMoney(amount, area.priceDecimals),
  }
  const signature = await signFull(await session.identity.signer(), area.chain, 'MovePurse', move)
  return relay('/relay/moves', { from: seat.seat, to, amount, ...times, signature }, session)
}

/** Signs other limits for a meter, which hold from the boundary that they name. */
export async function changeMandate(
  session: Session,
  area: AreaResource,
  seat: SeatResource,
  mandate: Mandate,
): Promise<Relayed> {
  const mandateSignature = await signFull(await session.identity.signer(), area.chain, 'Mandate', mandate)
  return relay('/relay/mandates', { seat: seat.seat, mandate, mandateSignature }, session)
}

/** Collects a withdrawal whose delay has passed. */
export function claim(session: Session, seat: SeatResource): Promise<Relayed> {
  return relay('/relay/claims', { seat: seat.seat }, session)
}

/** Closes the seat: it trades nothing from the next boundary on. */
export async function closeSeat(session: Session, area: AreaResource, seat: SeatResource): Promise<Relayed> {
  const close = { version: nextVersion([seat]), deadline: deadline() }
  const signed = { ...close, account: seat.account, seat: BigInt(seat.seat) }
  const signature = await signFull(await session.identity.signer(), area.chain, 'CloseSeat', signed)
  return relay('/relay/closures', { ...close, seat: seat.seat, signature }, session)
}

/** Signs the instruction that both keys of the meter have signed, and has it carried to the chain. */
export async function approveKey(session: Session, area: AreaResource, ticket: KeyRotation): Promise<Relayed> {
  const { rotation, keySignature, nextSignature } = ticket
  const accountSignature = await signFull(await session.identity.signer(), area.chain, 'RotateKey', rotation)
  return relay('/relay/keys', { rotation, accountSignature, keySignature, nextSignature }, session)
}
