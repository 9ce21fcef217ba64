/**
 * Reports meters that signed two values for one boundary: the server has suspended them already, the escrow learns of it by
 * the two signatures, once for each boundary, simulated first.
 */
import type { Logger } from 'pino'
import type { AreaSettings } from '../areas/settings.ts'
import { registerArea } from '../store/areas.ts'
import type { Database } from '../store/database.ts'
import {
  type Equivocation,
  keepEquivocations,
  noteReport,
  signedReadings,
  unreportedEquivocations,
} from '../store/equivocation-store.ts'
import { ChainError } from './error.ts'
import { type Poller, startPoller } from './poller.ts'
import type { EscrowRelay } from './relay.ts'

export interface EquivocationOptions {
  database: Database
  relay: Pick<EscrowRelay, 'reportEquivocation'>
  settings: readonly AreaSettings[]
  log: Logger
}

/** Keeps and reports what is new in each area. Throws why a report has to wait; one that the escrow refuses is over. */
export async function reportEquivocations({ database, relay, settings, log }: EquivocationOptions): Promise<void> {
  for (const { area, chain } of settings) {
    const areaId = await registerArea(database, { chainId: chain.chainId, escrow: chain.escrow, area })
    await keepEquivocations(database, areaId)
    for (const pair of await unreportedEquivocations(database, areaId)) await report(area, areaId, pair)
  }

  async function report(area: number, areaId: number, pair: Equivocation): Promise<void> {
    const { meter, time } = pair
    try {
      const { hash } = await relay.reportEquivocation(signedReadings(pair))
      await noteReport(database, areaId, pair, { transaction: hash })
      log.warn({ area, meter, time, transaction: hash }, 'a meter that signed two values is reported to the escrow')
    } catch (error) {
      if (!(error instanceof ChainError && error.code === 'CHAIN_REFUSED')) throw error
      await noteReport(database, areaId, pair, { refusal: error.message })
      log.warn({ area, meter, time }, `the escrow takes no report of a meter that signed two values: ${error.message}`)
    }
  }
}

/** Looks again and again until it is stopped. */
export function startEquivocations(options: EquivocationOptions & { pollMs: number }): Poller {
  const { log, pollMs } = options
  const run = () => reportEquivocations(options)
  return startPoller({ name: 'reports of contradicting meters', everyMs: pollMs, log, run })
}
