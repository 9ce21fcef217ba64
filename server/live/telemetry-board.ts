/** The newest telemetry of each meter, in memory only: it is shown, never stored and never counted. */
import type { Telemetry } from '../../contracts/protocol/wire.ts'
import type { TelemetryEvent } from '../api/resources.ts'

/** Whose meter it is; `seat` as the escrow numbers it. */
export interface MeterOwner {
  account: string
  seat: string
}

export interface TelemetryBoard {
  put(telemetry: Telemetry): void
  /** The newest telemetry of each meter of the account. */
  of(account: string): TelemetryEvent[]
  /** What has come since the last call: the newest telemetry of each meter, by account. */
  take(): Map<string, TelemetryEvent[]>
}

interface Shown {
  owner: MeterOwner
  event: TelemetryEvent
}

/**
 * `ownerOf` says whose meter it is now. Seats change hands while agents stay connected: what a former owner's home showed is
 * shown to nobody any more.
 */
export function createTelemetryBoard(ownerOf: (meter: string) => MeterOwner | null): TelemetryBoard {
  const shown = new Map<string, Shown>()
  const metersOf = new Map<string, Set<string>>()
  const changed = new Set<string>()

  function forget(meter: string): void {
    const known = shown.get(meter)
    if (known === undefined) return
    shown.delete(meter)
    changed.delete(meter)
    const { account } = known.owner
    const meters = metersOf.get(account)!
    meters.delete(meter)
    if (meters.size === 0) metersOf.delete(account)
  }

  /** What is shown of a meter, if it is still its owner's. */
  function current(meter: string): Shown | undefined {
    const known = shown.get(meter)
    if (known === undefined) return undefined
    const owner = ownerOf(meter)
    if (owner !== null && owner.account === known.owner.account && owner.seat === known.owner.seat) return known
    forget(meter)
    return undefined
  }

  return {
    put({ meter, timeMs, ...values }) {
      const owner = ownerOf(meter)
      const known = shown.get(meter)
      if (known !== undefined && known.owner.account !== owner?.account) forget(meter)
      if (owner === null) return
      shown.set(meter, { owner, event: { seat: owner.seat, time: new Date(timeMs).toISOString(), ...values } })
      const meters = metersOf.get(owner.account) ?? new Set()
      metersOf.set(owner.account, meters.add(meter))
      changed.add(meter)
    },
    of: (account) => [...(metersOf.get(account) ?? [])].flatMap((meter) => current(meter)?.event ?? []),
    take() {
      const taken = new Map<string, TelemetryEvent[]>()
      for (const meter of [...changed]) {
        const now = current(meter)
        if (now === undefined) continue
        const events = taken.get(now.owner.account)
        if (events === undefined) taken.set(now.owner.account, [now.event])
        else events.push(now.event)
      }
      changed.clear()
      return taken
    },
  }
}
