/** The newest telemetry of each meter, in memory only: it is shown, never stored and never counted. */
import type { Telemetry } from '../../contracts/protocol/wire.ts'
import type { TelemetryEvent } from '../api/resources.ts'

/** Whose meter it is; `seat` as the escrow numbers it. */
export interface MeterOwner {
  account: string
  seat: string
}

export interface TelemetryBoard {
  put(owner: MeterOwner, telemetry: Telemetry): void
  /** The newest of each meter of the account. */
  of(account: string): TelemetryEvent[]
  /** What came since it was taken before: the newest of each meter, by account. */
  take(): Map<string, TelemetryEvent[]>
}

export function createTelemetryBoard(): TelemetryBoard {
  const accounts = new Map<string, Map<string, TelemetryEvent>>()
  const changed = new Map<string, Set<string>>()
  return {
    put({ account, seat }, { meter, timeMs, ...values }) {
      const meters = accounts.get(account) ?? new Map<string, TelemetryEvent>()
      accounts.set(account, meters)
      meters.set(meter, { seat, time: new Date(timeMs).toISOString(), ...values })
      const fresh = changed.get(account) ?? new Set()
      changed.set(account, fresh)
      fresh.add(meter)
    },
    of: (account) => [...(accounts.get(account)?.values() ?? [])],
    take() {
      const taken = new Map(
        [...changed].map(([account, meters]) => [
          account,
          [...meters].map((meter) => accounts.get(account)!.get(meter)!),
        ]),
      )
      changed.clear()
      return taken
    },
  }
}
