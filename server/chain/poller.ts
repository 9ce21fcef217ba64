/** Runs one task again and again, one at a time, and waits longer between runs while they fail. */
import type { Logger } from 'pino'
import { AreaError } from '../areas/error.ts'
import { logFailure } from '../store/outage.ts'
import { whyUnableNow } from '../store/unreachable.ts'

export interface Poller {
  /** Asks for a run now rather than after the pause. */
  wake(): void
  /** Resolves when the run under way has ended; none follows. */
  stop(): Promise<void>
}

const longestPauseMs = 15_000

/**
 * A run that throws is tried again after a pause that doubles up to 15 s; failure and recovery are logged once each, and
 * again when the reason changes.
 */
export function startPoller(options: { name: string; everyMs: number; log: Logger; run: () => Promise<void> }): Poller {
  const { name, everyMs, log, run } = options
  let stopped = false
  let woken = false
  let endPause = () => {}
  let failures = 0
  let reason: string | null = null

  async function once() {
    try {
      await run()
      if (reason !== null) log.info({ task: name }, `${name} works again`)
      reason = null
      failures = 0
    } catch (error) {
      failures += 1
      // In our words: a full disk is told by the driver with another file each time.
      const message = whyUnableNow(error) ?? (error as Error).message
      // An area that is being loaded or is busy is no failure: it takes what is told again.
      const isPassing = error instanceof AreaError && error.code !== 'AREA_STOPPED'
      if (message !== reason && isPassing) log.info({ task: name, code: error.code }, `${name} waits: ${message}`)
      else if (message !== reason) logFailure(log, `${name} failed and will be tried again`, error, { task: name })
      reason = message
    }
  }

  async function loop() {
    while (!stopped) {
      woken = false
      await once()
      if (stopped || woken) continue
      const pauseMs = failures === 0 ? everyMs : Math.min(longestPauseMs, everyMs * 2 ** Math.min(failures, 10))
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pauseMs)
        endPause = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  const done = loop()
  return {
    wake() {
      woken = true
      if (failures === 0) endPause()
    },
    stop() {
      stopped = true
      endPause()
      return done
    },
  }
}
