/**
 * An area whose journal lies in memory: everything of a running area but PostgreSQL, for tests of what stands before it. Its
 * clocks stand still until a test moves them.
 */
import type { AreaLease, AreaStore, Commit, JournalRow } from '../../server/areas/area-store.ts'
import type { ConnectedArea } from '../../server/areas/messages.ts'
import type { AreaSettings } from '../../server/areas/settings.ts'
import { startAreaHere } from '../../server/areas/start-area.ts'
import type { MeterReading } from '../../server/market/area/area.ts'

export interface MemoryArea {
  area: ConnectedArea
  commits: Commit[]
  /** Called with each commit before it counts; what it throws is what the database says. */
  refuse: { commit(commit: Commit): void }
  /** Moves the clock and lets the area do what has become due. */
  setTime(seconds: number): Promise<void>
  stop(): Promise<void>
}

export async function startMemoryArea(settings: AreaSettings, startSeconds: number): Promise<MemoryArea> {
  const clock = { ms: startSeconds * 1000 }
  const rows: JournalRow[] = []
  const commits: Commit[] = []
  const refuse = { commit(_commit: Commit) {} }
  const store: AreaStore = {
    snapshot: async () => null,
    rowsAfter: async (sequence) => rows.slice(sequence),
    async commit(commit) {
      refuse.commit(commit)
      rows.push(...commit.rows)
      commits.push(commit)
    },
    prove: async () => {},
    declaredOf: async () => [],
    late: async (readings) => readings.map(({ reading, seat }) => ({ reading, seat, ...nothingStands })),
    archivedUntil: async () => 0,
    saveSnapshot: async () => {},
    hasPiece: () => false,
    nowMs: async () => clock.ms,
  }
  const area = startAreaHere({
    ...{ settings, store, lease: freeLease, owner: 'test', waitsForChain: false },
    clocks: { wallMs: () => clock.ms, monotonicMs: () => clock.ms },
    log: () => {},
  })
  const settle = async () => {
    let sequence = -1
    while (area.status.sequence !== sequence || area.status.condition.is !== 'ready') {
      sequence = area.status.sequence
      await area.submit({ type: 'tick', seal: null })
    }
  }
  await settle()
  return {
    ...{ area, commits, refuse },
    async setTime(seconds) {
      clock.ms = seconds * 1000
      await settle()
    },
    stop: () => area.stop(),
  }
}

const freeLease: AreaLease = { acquire: async () => null, renew: async () => true, release: async () => {} }

const nothingStands = {
  ...{ before: null, same: null, after: null, startQuality: null, endQuality: null, ending: null, starting: null },
} satisfies Record<string, null>

/** All readings that were committed, in order. */
export function committedReadings({ commits }: MemoryArea): MeterReading[] {
  return commits.flatMap(({ journaled }) =>
    journaled.flatMap(({ command }) => (command.type === 'readings' ? command.readings : [])),
  )
}
