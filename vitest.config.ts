/** How vitest finds and orders the tests. */
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Those that wait for real minutes to pass, longest first; begun last they would be waited for alone. */
const slowest = [
  'test/crash/',
  'test/browser/',
  'test/end-to-end/',
  'test/simulation/',
  'test/founding/',
  'test/packages/',
  'test/chain/',
  'test/meter-agent/home/',
  'test/meter-agent/keys/',
  'test/demo/',
]

class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = slowest.findIndex((folder) => moduleId.includes(folder))
      return place < 0 ? slowest.length : place
    }
    return [...(await super.sort(files))].sort((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
    // The slowest files wait for real minutes most of the time, so three at a time keep two cores busy; more only make
    // each other slower.
    globalSetup: ['test/store/scratch-door.ts'],
    maxWorkers: 3,
    sequence: { sequencer: SlowestFirst },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
