/** The area's thread of the durable-path benchmark: as in the server, but for a clock that its parent moves. */
import { parentPort, workerData } from 'node:worker_threads'
import { machineClocks, runArea } from '../../server/areas/area-program.ts'
import { openAreaStore } from '../../server/store/area-store.ts'
import { settings } from './durable-street.ts'

/** `ahead` holds by how many ms the market's clock is ahead of the machine's. */
const { databaseUrl, ahead } = workerData as { databaseUrl: string; ahead: Float64Array }

const { chainId, escrow } = settings.chain
const { store, lease, close } = await openAreaStore(databaseUrl, { chainId, escrow, area: settings.area })
// The benchmark's database has no clock of its own to compare with.
store.nowMs = async () => Date.now() + ahead[0]!
await runArea(parentPort!, {
  ...{ settings, store, lease, owner: 'bench', waitsForChain: false },
  clocks: {
    wallMs: () => machineClocks.wallMs() + ahead[0]!,
    monotonicMs: () => machineClocks.monotonicMs() + ahead[0]!,
  },
  log(what, error) {
    process.stderr.write(`${what}: ${error}\n`)
  },
})
await close()
