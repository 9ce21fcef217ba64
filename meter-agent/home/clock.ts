/**
 * Whether the computer's clock may date readings. It may once something else vouches for it: the server's clock agrees,
 * the system says that it has synchronised, or the configuration says so. When the clock is set while the agent runs, it
 * has to be vouched for again: a clock that jumped ahead for a moment must not sign the future.
 */
import { stat } from 'node:fs/promises'

/** Time as the agent sees it; tests bring their own. */
export interface TimeSource {
  /** UTC milliseconds. */
  wallMs(): number
  /** Milliseconds that only ever pass, as `performance.now()`. */
  monotonicMs(): number
}

export const systemTime: TimeSource = { wallMs: () => Date.now(), monotonicMs: () => performance.now() }

/** systemd-timesyncd touches this file whenever it has synchronised the clock. */
const synchronisedFile = '/run/systemd/timesync/synchronized'
const toleranceMs = 1000
/** A clock that is set is set because of a synchronisation not longer ago than this. */
const synchronisedLatelyMs = 120_000

export class ClockTrust {
  readonly #time: TimeSource
  readonly #always: boolean
  readonly #changed: (trusted: boolean, reason: string) => void
  #trusted: boolean
  #offsetMs: number
  #wasSet = false
  /** How far the server's clock is ahead; `null` before it said. */
  serverAheadMs: number | null = null

  constructor(options: { time: TimeSource; always: boolean; changed: (trusted: boolean, reason: string) => void }) {
    this.#time = options.time
    this.#always = options.always
    this.#changed = options.changed
    this.#trusted = options.always
    this.#offsetMs = this.#offset()
  }

  get trusted(): boolean {
    return this.#trusted
  }

  /** Notices a clock that was set since the last look; returns whether it was. */
  look(): boolean {
    const offset = this.#offset()
    const wasSet = Math.abs(offset - this.#offsetMs) > toleranceMs
    this.#offsetMs = offset
    // The configuration vouches for the clock as it was found: one that leaps has to be confirmed, where there is a server to do so.
    if (wasSet && !(this.#always && this.serverAheadMs === null)) {
      this.#wasSet = true
      this.#set(false, 'the clock was set')
    }
    return wasSet
  }

  /** The server's clock is `aheadMs` ahead, known to within `uncertainMs`. */
  hearServer(aheadMs: number, uncertainMs: number): void {
    this.serverAheadMs = aheadMs
    if (Math.abs(aheadMs) <= toleranceMs + uncertainMs) this.#set(true, 'the server’s clock agrees')
  }

  /** Asks the system; a clock that is trusted already stays so. */
  async askSystem(): Promise<void> {
    if (this.#trusted) return
    try {
      const { mtimeMs } = await stat(synchronisedFile)
      const lately = mtimeMs >= this.#time.wallMs() - synchronisedLatelyMs
      if (!this.#wasSet || lately) this.#set(true, 'the system says that the clock is synchronised')
    } catch (error) {
      // No such file: this system keeps time in another way, or has not synchronised yet.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }

  #set(trusted: boolean, reason: string): void {
    if (trusted === this.#trusted) return
    this.#trusted = trusted
    this.#changed(trusted, reason)
  }

  #offset(): number {
    return this.#time.wallMs() - this.#time.monotonicMs()
  }
}
