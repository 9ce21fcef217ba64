/** When two witnesses of an interval disagree: beyond an absolute and a relative part together. */
import { expect, it } from 'vitest'
import { isBeyond, sumWitnesses } from '../../server/metering/witnesses.ts'

const tolerance = { wh: 20, percent: 5 }

it.each([
  [0, 20, false],
  [0, 21, false],
  [0, 22, true],
  [1_000, 1_070, false],
  [1_000, 1_074, true],
  [1_074, 1_000, true],
])('%i Wh official and %i Wh of the agent', (officialWh, agentWh, beyond) => {
  expect(isBeyond({ officialWh, agentWh }, tolerance)).toBe(beyond)
})

it('are summed with the interval in which they differ most', () => {
  const pairs = [
    { officialWh: 100, agentWh: 110 },
    { officialWh: 500, agentWh: 300 },
    { officialWh: 0, agentWh: 0 },
  ]
  expect(sumWitnesses(pairs, tolerance)).toEqual({
    compared: 3,
    beyond: 1,
    officialWh: 600,
    agentWh: 410,
    largestWh: 200,
  })
})
