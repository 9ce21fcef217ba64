/**
 * Decides which message is looked at next, among clients that have not signed in: one message in each turn of the event loop, and the
 * networks in rotation. So nobody has to wait until all messages of a burst have been looked at, whoever sent it.
 */

/** Messages that wait, of all networks: each may hold a hundred orders. */
const mostWaiting = 256

type Waiting = (isTaken: boolean) => void

export class StrangerTurns {
  readonly #waiting = new Map<string, Waiting[]>()
  #count = 0
  #isTurning = false

  /** Resolves when it is this network's turn; false where too many wait and this network has the most of them. */
  take(network: string): Promise<boolean> {
    return new Promise((resolve) => {
      const own = this.#waiting.get(network) ?? []
      own.push(resolve)
      this.#waiting.set(network, own)
      this.#count += 1
      if (this.#count > mostWaiting) this.#refuseOne()
      if (this.#isTurning) return
      this.#isTurning = true
      setImmediate(() => this.#turn())
    })
  }

  #turn(): void {
    const next = this.#waiting.entries().next().value
    if (next === undefined) {
      this.#isTurning = false
      return
    }
    const [network, own] = next
    const resolve = own.shift()!
    this.#count -= 1
    // It stands behind all others now.
    this.#waiting.delete(network)
    if (own.length > 0) this.#waiting.set(network, own)
    resolve(true)
    setImmediate(() => this.#turn())
  }

  /** Refuses the newest message of the network that has the most. */
  #refuseOne(): void {
    let most: [network: string, own: Waiting[]] | null = null
    for (const each of this.#waiting) if (most === null || each[1].length > most[1].length) most = each
    const [network, own] = most!
    own.pop()!(false)
    this.#count -= 1
    if (own.length === 0) this.#waiting.delete(network)
  }
}
