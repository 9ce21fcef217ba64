/** The steps in which a price is drawn. */
import { expect, it } from 'vitest'
import { stepsOf } from '../../web/charts/steps.ts'

it('cross every interval that has a price, the newest and the last before a gap too', () => {
  const starts = [0, 900, 1_800, 2_700, 4_500]
  expect(stepsOf(starts, [10, 12, null, 11, 11], 900)).toEqual([
    { from: 0, to: 900, value: 10, isJoined: false },
    { from: 900, to: 1_800, value: 12, isJoined: true },
    { from: 2_700, to: 3_600, value: 11, isJoined: false },
    { from: 4_500, to: 5_400, value: 11, isJoined: false },
  ])
})
