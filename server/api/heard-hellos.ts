/**
 * The announcements of meters that were heard, each good once: whoever saw one, as another server of the same escrow does, may not come with
 * it again while its time still counts.
 */
import type { EscrowDomain } from '../../contracts/protocol/typed-data.ts'
import type { Hello } from '../../contracts/protocol/wire.ts'

/** How far an agent's clock may be off when it announces a meter. */
export const helloToleranceMs = 300_000
/** From the first to the last moment at which the time of an announcement counts. */
const keptMs = 2 * helloToleranceMs
/** Room for the announcements of 20,000 agents that all come back several times in ten minutes. */
const mostKept = 200_000

export class HeardHellos {
  /** When each was heard, in milliseconds; the oldest stand first. */
  readonly #heard = new Map<string, number>()

  /** Notes an announcement that its meter has signed; says whether it was not heard before. */
  isFirst({ chainId, escrow }: EscrowDomain, { meter, time }: Pick<Hello, 'meter' | 'time'>, nowMs: number): boolean {
    this.#forget(nowMs)
    const name = `${chainId} ${escrow} ${meter} ${time}`
    if (this.#heard.has(name)) return false
    this.#heard.set(name, nowMs)
    return true
  }

  #forget(nowMs: number): void {
    for (const [name, heardMs] of this.#heard) {
      // A clock that was set back leaves times ahead of it: those go as well once there are too many.
      if (nowMs - heardMs <= keptMs && this.#heard.size <= mostKept) return
      this.#heard.delete(name)
    }
  }
}
