/** What a purse holds and why, and what can be asked of it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatMoney } from '../../contracts/protocol/units.ts'
import {
  checkAmount,
  endsBuying,
  mostToAsk,
  partsOfPurse,
  shownParts,
  takesHeldBack,
  toBuyWith,
} from '../../web/escrow/purse.ts'
import { exactMoney, exceeds, moneyScale, signOf, sum } from '../../web/money/format.ts'
import { seatOf } from './resources.ts'

const account = `0x${'1'.repeat(40)}`
const asked = (amount: string) => ({
  amount,
  to: account,
  movesTo: null,
  claimableAt: '2026-07-01T12:05:00.000Z',
  nonce: 4,
})

describe('a purse', () => {
  it('is what was put in and earned less what was spent, and the same as held back, asked for and available', () => {
    const units = fc.bigInt({ min: 0n, max: 10n ** 15n })
    fc.assert(
      fc.property(units, units, units, units, units, units, (...amounts) => {
        const [free, bound, wanted, received, paid] = amounts.map((each) => formatMoney(each!, 4)) as [
          string,
          string,
          string,
          string,
          string,
        ]
        const balance = sum([free, bound])
        const parts = partsOfPurse({ balance, available: free, withdrawal: asked(wanted) }, { received, paid })
        expect(sum([parts.putIn, parts.earned, `-${parts.spent}`])).toBe(sum([balance]))
        expect(sum([parts.heldBack, parts.asked, parts.available])).toBe(sum([balance]))
        expect(Number(parts.heldBack)).toBeGreaterThanOrEqual(0)
      }),
      { seed: 7 },
    )
  })

  it('adds up as it is shown, above and below the balance, and never shows more as available than there is', () => {
    const units = fc.bigInt({ min: 0n, max: 10n ** 9n }).chain((most) => fc.bigInt({ min: 0n, max: most }))
    fc.assert(
      fc.property(units, units, units, units, units, (...amounts) => {
        const [free, bound, wanted, received, paid] = amounts.map((each) => formatMoney(each, 4)) as [
          string,
          string,
          string,
          string,
          string,
        ]
        const balance = sum([free, bound])
        const parts = partsOfPurse({ balance, available: free, withdrawal: asked(wanted) }, { received, paid })
        const scale = moneyScale(Object.values(parts), 'EUR')
        const shown = shownParts(parts, scale)
        for (const amount of Object.values(shown)) expect(scale.whole(amount)).toBe(amount)
        expect(sum([shown.putIn, shown.earned, `-${shown.spent}`])).toBe(shown.balance)
        expect(sum([shown.heldBack, shown.asked, shown.available])).toBe(shown.balance)
        expect(exceeds(shown.available, free)).toBe(false)
        // Rows for nothing are left out, so they hold nothing as it is shown, too.
        for (const name of ['earned', 'spent', 'asked', 'heldBack'] as const) {
          expect(signOf(shown[name])).toBeGreaterThanOrEqual(0)
          if (signOf(parts[name]) === 0) expect([name, shown[name]]).toEqual([name, '0'])
        }
      }),
      { seed: 7 },
    )
  })

  it('shows what two lines leave of a third', () => {
    const parts = partsOfPurse(
      { balance: '199.9661', available: '199.8539', withdrawal: null },
      { received: '0', paid: '0.0339' },
    )
    const shown = shownParts(parts, moneyScale(Object.values(parts), 'EUR'))
    expect(shown).toMatchObject({
      putIn: '200',
      spent: '0.04',
      balance: '199.96',
      heldBack: '0.11',
      available: '199.85',
    })
  })

  it('pays out all of itself, however much is held back just now, and also what was asked for before', () => {
    for (const available of ['0', '8', '10'])
      expect(mostToAsk(seatOf(account, { balance: '10', available }))).toBe('10')
    expect(mostToAsk(seatOf(account, { balance: '10', available: '0', withdrawal: asked('99999') }))).toBe('10')
  })

  it('says when what is held back is paid first', () => {
    const seat = seatOf(account, { balance: '10', available: '5', withdrawal: asked('3') })
    expect(takesHeldBack(seat, '8')).toBe(false)
    expect(takesHeldBack(seat, '8.001')).toBe(true)
  })

  it('buys with what is not asked for, whether or not it is held back just now', () => {
    expect(toBuyWith(seatOf(account, { balance: '10', available: '0' }))).toBe('10')
    expect(toBuyWith(seatOf(account, { balance: '10', available: '0', withdrawal: asked('3') }))).toBe('7')
    expect(toBuyWith(seatOf(account, { balance: '10', available: '0', withdrawal: asked('99999') }))).toBe('0')
  })

  it('knows when a home that buys would be left with nothing', () => {
    const seat = seatOf(account, { balance: '10', available: '8' })
    expect(endsBuying(seat, '10')).toBe(true)
    expect(endsBuying(seat, '9.999')).toBe(false)
    const sellsOnly = { mandate: { ...seat.mandate, maxBuyWh: 0 } }
    expect(endsBuying(seatOf(account, { ...sellsOnly, balance: '10' }), '10')).toBe(false)
  })
})

it('names the most that can be asked for so that it can be typed as it is named', () => {
  const amounts = fc.bigInt({ min: 1n, max: 10n ** 15n }).map((units) => formatMoney(units, 4))
  fc.assert(
    fc.property(amounts, (most) => {
      const named = exactMoney(most, 'EUR').replace(/[^\d.,]/g, '')
      expect(checkAmount(named, { decimals: 7, most })).toEqual({ amount: most, fault: null })
    }),
  )
})

it('checks an amount while it is typed', () => {
  const limits = { decimals: 7, most: '40' }
  expect(checkAmount('', limits)).toEqual({ amount: null, fault: null })
  expect(checkAmount('12,5', limits)).toEqual({ amount: '12.5', fault: null })
  expect(checkAmount('99,999', limits)).toEqual({ amount: null, fault: 'tooMuch' })
  expect(checkAmount('40.0000001', limits).fault).toBe('tooMuch')
  expect(checkAmount('1e3', limits).fault).toBe('form')
  expect(checkAmount('-1', limits).fault).toBe('form')
})
