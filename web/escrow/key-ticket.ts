/** The line that `commonwatt-agent rotate-key` prints: a meter's next key, which its owner approves with one signature. */
import type { RotateKey } from '../../contracts/protocol/typed-data.ts'
import type { KeyRotation } from '../../contracts/protocol/wire.ts'
import type { AreaResource, SeatResource } from '../../server/api/resources.ts'
import { actTexts } from './act-words.tsx'

/** A ticket that fits the seat, or a sentence for its owner that says what is wrong. */
type ReadTicket = { ticket: KeyRotation } | { problem: string }

/** The key that signs for the seat's meter, or will once all changes on chain are in force. */
export function lastKey(seat: SeatResource): string {
  return seat.keys.at(-1)?.key ?? seat.meter
}

/** Reads a pasted ticket for a seat. */
export function readTicket(text: string, area: AreaResource, seat: SeatResource, nowMs: number): ReadTicket {
  const said = actTexts().ticket
  const ticket = ticketIn(text)
  if (ticket === null) return { problem: said.notALine }
  const { chainId, escrow, rotation } = ticket
  if (chainId !== area.chain.chainId || escrow !== area.chain.escrow) {
    return { problem: said.otherMarket }
  }
  if (rotation.account !== seat.account) return { problem: said.otherAccount }
  if (rotation.meter !== seat.meter) return { problem: said.otherMeter }
  if (rotation.key !== lastKey(seat)) {
    return { problem: said.keyChanged }
  }
  if (rotation.deadline * 1000 < nowMs) return { problem: said.expired }
  return { ticket }
}

function ticketIn(text: string): KeyRotation | null {
  try {
    const ticket = JSON.parse(text) as KeyRotation
    const { account, meter, key, next, from, deadline } = ticket.rotation
    const rotation: RotateKey = { account, meter, key, next, from, deadline }
    const texts = [account, meter, key, next, ticket.escrow, ticket.keySignature, ticket.nextSignature]
    const isWhole = texts.every((one) => /^0x[0-9a-f]+$/.test(one)) && [from, deadline].every(Number.isSafeInteger)
    return isWhole ? { ...ticket, rotation } : null
  } catch {
    return null
  }
}
