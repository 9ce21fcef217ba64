/** What the operator's page says first, from what the server says of itself. */
import { describe, expect, it } from 'vitest'
import type { OperationResource } from '../../server/api/operation-resources.ts'
import { operatorState, paymentsLeft } from '../../web/operator/state.ts'

type Told = Parameters<typeof operatorState>[0]
const key = `0x${'1'.repeat(40)}`
const offices = { settlesAs: key, operatorOffer: null, gridOffer: null, successionFrom: null }
const stateOf = (change: Partial<Told>) => operatorState({ heldUp: null, troubles: [], offices, ...change })
const trouble = (code: OperationResource['troubles'][number]['code'], seconds: number | null = null) => ({
  ...{ code, seconds, sentence: `${code} in the server’s words`, address: key },
})

describe('the operator’s light', () => {
  it('is green while nothing is in the way, and says nothing more', () => {
    expect(stateOf({})).toEqual({ light: 'good', reasons: [] })
  })

  it('is yellow for what passes by itself or is another’s to do', () => {
    const state = stateOf({
      troubles: [trouble('watchers-late', 180)],
      offices: { ...offices, operatorOffer: { to: key, from: '2026-07-01T12:00:00.000Z' } },
    })
    expect(state.light).toBe('warn')
    expect(state.reasons.map(({ sentence }) => sentence)).toEqual([
      'A payment has waited for its watchers for 3\u202fmin.',
      expect.stringMatching(/^Your office is offered to somebody else/),
    ])
  })

  it('is red where the next payment waits or something stands still, the payment first', () => {
    const heldUp = { code: 'CHAIN_FUNDS', sentence: 'too little for 7 gas', since: '2026-07-01T12:00:00.000Z' }
    const { light, reasons } = stateOf({ heldUp, troubles: [trouble('chain-old', 700), trouble('gas-short')] })
    expect(light).toBe('bad')
    expect(reasons.map(({ sentence }) => sentence)).toEqual([
      expect.stringMatching(/the next payment cannot be made\. The key that settles cannot pay the gas\.$/),
      expect.stringContaining(`The key ${key} cannot pay the gas of a payment any more`),
      expect.stringMatching(/^The newest block is /),
    ])
    expect(reasons.map(({ detail }) => detail)).toEqual(['too little for 7 gas', null, null])
  })

  it('shows the server’s words where no code says it all, as with a reason that this page does not know', () => {
    const heldUp = { code: 'CHAIN_NEW', sentence: 'something new', since: '2026-07-01T12:00:00.000Z' }
    const { reasons } = stateOf({ heldUp, troubles: [trouble('area-not-ready')] })
    expect(reasons[0]!.sentence).toMatch(/cannot be made\.$/)
    expect(reasons.map(({ detail }) => detail)).toEqual(['something new', 'area-not-ready in the server’s words'])
  })
})

it('counts the payments that a key can still settle', () => {
  expect(paymentsLeft('2000000', 300_000)).toBe(6n)
  expect([paymentsLeft(null, 300_000), paymentsLeft('2000000', null)]).toEqual([null, null])
})
