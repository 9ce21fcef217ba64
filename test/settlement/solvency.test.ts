/** What a seat needs to pay its entries, against counting entry by entry as the escrow does. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { neededToPay } from '../../server/settlement/solvency.ts'

const amount = fc.bigInt({ min: -50n, max: 50n })
const entry = fc.record({ seat: fc.integer({ min: 1, max: 3 }), paid: amount, received: amount })

test.each([true, false])('a seat with less is refused, and with as much it is not (in one part: %s)', (isOnePart) => {
  /** Whether a purse of this balance pays all entries of the seat: in several parts credits come with the end. */
  const pays = (entries: readonly { paid: bigint; received: bigint }[], balance: bigint): boolean => {
    let purse = balance
    for (const { paid, received } of entries) {
      const after = purse + received - paid
      if (after < 0n) return false
      if (isOnePart || after < purse) purse = after
    }
    return true
  }
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 20 }), (entries) => {
      const needed = neededToPay(entries, isOnePart)
      for (const seat of [1, 2, 3]) {
        const own = entries.filter((one) => one.seat === seat)
        const least = needed.get(seat) ?? 0n
        expect(pays(own, least)).toBe(true)
        if (least > 0n) expect(pays(own, least - 1n)).toBe(false)
      }
    }),
  )
})
