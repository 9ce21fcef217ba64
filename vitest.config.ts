/** How vitest finds, groups and orders the tests. */
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Those that start whole programs or wait for real time to pass, longest first; each file has a process of its own. */
const whole = [
  'test/crash/',
  'test/browser/',
  'test/end-to-end/',
  'test/simulation/',
  'test/founding/',
  'test/packages/',
  'test/chain/',
  'test/meter-agent/',
  'test/contracts/',
  'test/commands/',
  'test/demo/',
]

/** Those that put something else in the place of a module, which no file after them may meet: each has a process of its own. */
const replacing = ['test/areas/journaled-area.test.ts', 'test/settlement/merkle.test.ts']

/** The longest of the others. */
const long = ['test/store/', 'test/market/engine/']

/** What takes long begins early: begun last it would be waited for alone. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const ranks = [...whole, ...replacing, ...long]
    const rank = ({ moduleId }: TestSpecification) => {
      const place = ranks.findIndex((path) => moduleId.includes(path))
      return place < 0 ? ranks.length : place
    }
    // Those with a process of their own come before all others: a shared process ends when the next file wants its own.
    const shares = ({ project }: TestSpecification) => Number(!project.config.isolate)
    return [...(await super.sort(files))].sort((a, b) => shares(a) - shares(b) || rank(a) - rank(b))
  }
}

/** Those beside the rooms start the programs too. */
const own = [...whole.map((folder) => `${folder}**/*.test.ts`), 'test/*.test.ts', ...replacing]
/** Only what hangs takes so long: on a busy machine each program that is started may need many seconds. */
const patience = { testTimeout: 180_000, hookTimeout: 300_000 }

export default defineConfig({
  test: {
    globalSetup: ['test/store/scratch-door.ts'],
    // Those with a process of their own wait most of the time, so three at a time keep two cores busy; more only make each
    // other slower.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { name: 'alone', include: own, ...patience } },
      // A file of the API alone takes longer to load its modules, and to have them compiled, than to run its tests. So these share
      // processes: what one of them replaces it puts back, or is in the list above.
      {
        test: {
          name: 'together',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: own,
          isolate: false,
          setupFiles: ['test/nothing-left.ts'],
          ...patience,
        },
      },
    ],
  },
})
