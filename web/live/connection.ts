/**
 * What the page knows by its connection, and until when. A page that has heard nothing for a while knows nothing of a meter's
 * silence: not while the connection is lost, nor before what was missed is fetched, nor after its device was asleep.
 */

export type PageConnection =
  | { state: 'connecting' }
  /** `sinceMs` is the last moment of which the page could know; `isOffline` is true where the device itself has no network. */
  | { state: 'lost'; sinceMs: number; isOffline: boolean }
  /** There again since `backMs`, and what was missed after `sinceMs` is being fetched. */
  | { state: 'renewing'; sinceMs: number; backMs: number }
  /** There since `backMs`; the server was heard last at `heardMs`. */
  | { state: 'connected'; backMs: number; heardMs: number }

/** A server lets itself be heard every 20 seconds (`server/live/limits.ts`); so long after it was heard, the page counts as informed. */
const heardForMs = 25_000

/** The last moment of which the page could know: now, or the moment from which on it has missed something. */
export function knownUntilMs(connection: PageConnection, nowMs: number): number {
  switch (connection.state) {
    case 'connecting':
      return nowMs
    case 'connected':
      return Math.min(connection.heardMs + heardForMs, nowMs)
    default:
      return Math.min(connection.sinceMs, nowMs)
  }
}

/** For how many seconds the page has waited in vain for live values, the newest of which is from `newestMs`. */
export function quietSeconds(connection: PageConnection, newestMs: number, nowMs: number): number {
  const fromMs = 'backMs' in connection ? Math.max(newestMs, connection.backMs) : newestMs
  const untilMs = connection.state === 'renewing' ? nowMs : knownUntilMs(connection, nowMs)
  return Math.max(0, untilMs - fromMs) / 1000
}

export function lost(before: PageConnection, nowMs: number, isOffline: boolean): PageConnection {
  return { state: 'lost', sinceMs: knownUntilMs(before, nowMs), isOffline }
}

/** After `renewed` with the same `backMs`, the page knows everything again. */
export function back(before: PageConnection, backMs: number): PageConnection {
  if (before.state === 'connecting') return { state: 'connected', backMs, heardMs: backMs }
  return { state: 'renewing', sinceMs: knownUntilMs(before, backMs), backMs }
}

/** What was missed before `backMs` is fetched; where the connection was lost since, that says nothing of what was missed then. */
export function renewed(before: PageConnection, backMs: number, nowMs: number): PageConnection {
  if (before.state !== 'renewing' || before.backMs !== backMs) return before
  return { state: 'connected', backMs, heardMs: nowMs }
}

export function heard(before: PageConnection, nowMs: number): PageConnection {
  return before.state === 'connected' ? { ...before, heardMs: nowMs } : before
}
