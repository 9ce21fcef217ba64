/**
 * The area's thread of the durable-path benchmark: as in the server, but for a clock that its parent moves. What is leased goes by
 * the machine's own: a thread that seems to have slept would make the area again from its journal.
 */
import { randomBytes } from 'node:crypto'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { machineClocks } from '../../server/areas/area-program.ts'
import { AreaClock } from '../../server/areas/clock.ts'
import { serveArea, telling } from '../../server/areas/messages.ts'
import { AreaRunner } from '../../server/areas/runner.ts'
import { areaFaceOf, engineConfig } from '../../server/areas/settings.ts'
import { openAreaStore } from '../../server/store/area-store.ts'
import { settings } from './durable-street.ts'
import { watchBlocks } from './longest-block.ts'

interface WorkerData {
  databaseUrl: string
  /** By how many ms the market's clock is ahead of the machine's. */
  ahead: Float64Array
  /** Where this thread keeps its longest blocks. */
  blocks: Float64Array
  clock: MessagePort
}

const { databaseUrl, ahead, blocks, clock } = workerData as WorkerData
// Moved between two events of this thread: a clock that leaps while the area compares it with another would not be believed.
clock.on('message', (aheadMs: number) => {
  ahead[0] = aheadMs
  clock.postMessage(null)
})
clock.unref()
watchBlocks(blocks)

class MovedClock extends AreaClock {
  override seeDatabase(timeMs: number, askedMs: number): void {
    super.seeDatabase(timeMs, askedMs + ahead[0]!)
  }
}

const { chainId, escrow } = settings.chain
const { store, lease, close } = await openAreaStore(databaseUrl, { chainId, escrow, area: settings.area })
// The benchmark's database has no clock of its own to compare with.
store.nowMs = async () => Date.now() + ahead[0]!
const runner = new AreaRunner({
  ...{ store, lease, owner: 'bench', waitsForChain: false },
  ...{ config: engineConfig(settings), face: areaFaceOf(settings) },
  clock: new MovedClock(
    {
      wallMs: () => machineClocks.wallMs() + ahead[0]!,
      monotonicMs: () => machineClocks.monotonicMs() + ahead[0]!,
    },
    { hasChain: false },
  ),
  newSecret: () => randomBytes(32),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  monotonicMs: machineClocks.monotonicMs,
  longestReplayMs: 300,
  tell: telling(parentPort!, (what, error) => process.stderr.write(`${what}: ${error}\n`)),
})
await serveArea(parentPort!, runner, { running: runner.run() })
await close()
