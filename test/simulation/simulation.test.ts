/**
 * A street under everything that can go wrong, from a seed: whatever happens, the laws hold after every step. `SEED=7` plays one
 * seed, `SEEDS=1000` more of them, and `npm run soak:simulate` as many as there is time for.
 */
import { describe, expect, it } from 'vitest'
import { bundleSimulation } from './bundle.js'
import { describeOutcome } from './describe-outcome.ts'
import { playedByFaults } from './faults.ts'
import { playedByPeople } from './people.ts'
import { type PlantedBug, plantedBugs } from './planted.ts'

const { SEED, SEEDS } = process.env
const first = Number(SEED ?? 1)
const last = SEED === undefined ? Number(SEEDS ?? 100) : first
/** A planted bug is found by one of so many seeds. */
const mostSeeds = 120

const { world } = await bundleSimulation('test')
const { simulate } = (await import(world.href)) as typeof import('./world.ts')

describe('a street under faults', () => {
  it(`keeps every law, seeds ${first} to ${last}`, async () => {
    let rows = 0
    const played = new Set<string>()
    for (let seed = first; seed <= last; seed += 1) {
      const outcome = await simulate(seed)
      if (outcome.violations.length > 0) expect.fail(describeOutcome(outcome, { isLong: true }))
      rows += outcome.rows
      for (const name of Object.keys(outcome.counts)) played.add(name)
    }
    expect(rows).toBeGreaterThan(0)
    // All of it comes up in some dozens of seeds.
    const missing = [...playedByFaults, ...playedByPeople].filter((name) => !played.has(name))
    if (last - first >= 99) expect(missing).toEqual([])
  }, 3_600_000)

  it('is the same street again from the same seed', async () => {
    expect(await simulate(first)).toEqual(await simulate(first))
  })
})

describe('a planted bug', () => {
  it.each(Object.entries(plantedBugs) as [PlantedBug, number][])(
    '(%s) breaks a law',
    async (planted, from) => {
      let broken: string[] = []
      for (let seed = from; seed < from + mostSeeds && broken.length === 0; seed += 1) {
        broken = (await simulate(seed, planted)).violations.map(({ law }) => law)
      }
      expect(broken).not.toEqual([])
    },
    600_000,
  )
})
