/** How the escrow's events change the view of a seat. */
import { expect, test } from 'vitest'
import { type EntryFields, packEntry, seatIdOf } from '../../contracts/protocol/entry.ts'
import { applyEvent, type EscrowView } from '../../server/chain/seat-view.ts'

const area = 1
const idle = { number: 1, lag: 0, exportDelta: 5, importDelta: 0, soldWh: 0, boughtWh: 0, paid: 0n, received: 0n }
const sale = { ...idle, soldWh: 5, received: 50n }

/** A seat of 1,000 units that has asked for everything, as the first part of a batch of two has settled with this entry. */
function openBatch(entry: EntryFields) {
  const view: EscrowView = new Map()
  const seat = String(seatIdOf(area, 1))
  const apply = (name: string, args: Record<string, unknown>) =>
    applyEvent(view, { block: 1, logIndex: 0, transaction: '0x01', name, args })
  const words = `0x${packEntry(entry).toString(16).padStart(64, '0')}`
  apply('AreaOpened', { rules: { area, intervalSeconds: 10 }, rulesHash: '0x', operator: '0x' })
  apply('SeatOpened', {
    ...{ seat, account: '0xa', meter: '0xb', mandate: {}, from: 60 },
    epoch: { epoch: 1, time: 60, importWh: 0, exportWh: 0 },
  })
  apply('Deposited', { seat, amount: '1000' })
  apply('WithdrawalRequested', { seat, amount: '5000', to: '0xc', claimableAt: 100, nextNonce: 1 })
  apply('BatchBegun', { area, end: 120, header: '0x', gridTake: '0', parts: ['0x', '0x'] })
  apply('PartSettled', { area, end: 120, part: 0, parts: 2, words })
  apply('WithdrawalClaimed', { seat, amount: '1000' })
  return view.get(area)!.seats.get(1)!
}

// The escrow keeps a request open only for a seat to which the open batch may still owe something.
test('a claim during an open batch keeps the rest requested for a seat that trades in it', () => {
  expect(openBatch(sale)).toMatchObject({ balance: 0n, withdrawal: { amount: 4_000n } })
})

test('a claim during an open batch ends the request of a seat whose base was only moved in it', () => {
  expect(openBatch(idle)).toMatchObject({ balance: 0n, withdrawal: null })
})
