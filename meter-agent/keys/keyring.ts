/**
 * The keys of one meter over time. Readings are signed with the key that the chain names for their boundary, as far as the
 * server has told; which that is lies in the store, so that a restarted agent goes on with the right one.
 *
 * A key that follows lies beside the present one (`.next`) until the last reading of the present one has been
 * acknowledged, and one of its own; then it takes its place, and the former key is gone. What was signed before the
 * change was heard of is signed again: the same values, so the two signatures are no two words of one key.
 */
import { keyAt, type LaterKey } from '../../contracts/protocol/meter-keys.ts'
import type { EscrowDomain } from '../../contracts/protocol/typed-data.ts'
import type { Hello, SignedReading } from '../../contracts/protocol/wire.ts'
import type { Outbox } from '../outbox/outbox.ts'
import { KeyError, type MeterKey, type MeterSigner, readKeyFile, replaceKeyFile } from './keys.ts'

/** Where the key that is to follow lies. */
export function nextKeyFile(keyFile: string): string {
  return `${keyFile}.next`
}

/** The key that is to follow, or `null`. Throws what `readKeyFile` throws, and `KEY_INVALID` for another meter's key. */
export async function readNextKey(keyFile: string, present: MeterKey, domain: EscrowDomain): Promise<MeterKey | null> {
  const file = nextKeyFile(keyFile)
  try {
    const next = await readKeyFile(file, domain)
    if (next.address === present.address) return next
    throw new KeyError('KEY_INVALID', `${file} holds a key of meter ${next.address}, not of ${present.address}`)
  } catch (error) {
    if (error instanceof KeyError && error.code === 'KEY_MISSING') return null
    throw error
  }
}

export class Keyring implements MeterSigner {
  readonly #file: string
  readonly #domain: EscrowDomain
  readonly #outbox: Outbox
  #present: MeterKey
  #next: MeterKey | null
  #later: LaterKey[]
  #helloByNext = false
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(parts: {
    file: string
    domain: EscrowDomain
    outbox: Outbox
    present: MeterKey
    next: MeterKey | null
    later: LaterKey[]
  }) {
    this.#file = parts.file
    this.#domain = parts.domain
    this.#outbox = parts.outbox
    this.#present = parts.present
    this.#next = parts.next
    this.#later = parts.later
  }

  /** Reads the key files and what the store knows. Throws a `KeyError` for files that cannot be used, an `OutboxError`. */
  static async open(file: string, domain: EscrowDomain, outbox: Outbox): Promise<Keyring> {
    const present = await readKeyFile(file, domain)
    const next = await readNextKey(file, present, domain)
    return new Keyring({ file, domain, outbox, present, next, later: await outbox.keys(present.address) })
  }

  get address(): string {
    return this.#present.address
  }

  /** The present key, and the one beside it; `from` (UTC seconds) is the boundary after which that one signs, once known. */
  get keys(): { present: string; next: string | null; from: number | null } {
    const next = this.#next?.key ?? null
    return { present: this.#present.key, next, from: this.#later.find(({ key }) => key === next)?.from ?? null }
  }

  /** The last key there is on chain, as far as it is known: it speaks for the meter in what is not a reading. */
  get last(): MeterKey {
    return this.#keyFor(Number.POSITIVE_INFINITY) ?? this.#present
  }

  /** The last key on chain and the boundary (UTC seconds) after which it signs, where this agent does not have it; else `null`. */
  get missing(): LaterKey | null {
    return this.#keyFor(Number.POSITIVE_INFINITY) === null ? this.#later.at(-1)! : null
  }

  /** Signs with the key of the reading's boundary; while that one is missing with the present key, until it is found. */
  signReading(reading: Omit<SignedReading, 'meter' | 'signature'>): SignedReading {
    return (this.#keyFor(reading.time) ?? this.#present).signReading(reading)
  }

  signHello(time: number): Hello {
    const known = this.#keyFor(time) ?? this.#present
    return (this.#helloByNext && this.#next !== null ? this.#next : known).signHello(time)
  }

  /** A hello was refused for its signature: says whether to say it again at once, with the key that is to follow. */
  async helloRefused(): Promise<boolean> {
    this.#next ??= await readNextKey(this.#file, this.#present, this.#domain)
    this.#helloByNext = this.#next !== null && !this.#helloByNext
    return this.#helloByNext
  }

  /** Signs and stores in turn: no key changes in between. */
  inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(action)
    this.#turn = turn.catch(() => {})
    return turn
  }

  /**
   * Takes up the keys that the chain has. When this returns, the store knows them, and what waits there for the server is
   * signed with them. Says whether they were new. Throws an `OutboxError`.
   */
  async hear(later: readonly LaterKey[]): Promise<boolean> {
    this.#helloByNext = false
    const isKnown = JSON.stringify(later) === JSON.stringify(this.#later)
    if (isKnown && this.missing === null) return false
    return this.inTurn(async () => {
      this.#next ??= await readNextKey(this.#file, this.#present, this.#domain)
      if (isKnown && this.missing !== null) return false
      const before = this.#later
      const changed = isKnown ? later.at(-1) : later.find(({ key }, index) => before[index]?.key !== key)
      const since = changed?.from ?? 0
      this.#later = [...later]
      await this.#outbox
        .takeKeys(this.address, later, (reading) => (reading.time <= since ? reading : this.signReading(reading)))
        .catch((error) => {
          this.#later = before
          throw error
        })
      return true
    })
  }

  /**
   * Lets the next key take the former one's place, once the former has nothing left to sign or to deliver: `boundary` (UTC
   * seconds) is done with, and a reading of the next one's has arrived. Says whether it did. Throws `KEY_UNREADABLE`, an `OutboxError`.
   */
  async settle(boundary: number, acknowledged: number): Promise<boolean> {
    const { from } = this.keys
    if (this.#next === null || from === null || boundary < from || acknowledged <= from) return false
    if (await this.#outbox.hasQueuedUpTo(this.address, from)) return false
    return this.inTurn(async () => {
      if (this.#next === null) return false
      await replaceKeyFile(this.#file, nextKeyFile(this.#file))
      this.#present = this.#next
      this.#next = null
      return true
    })
  }

  #keyFor(time: number): MeterKey | null {
    const wanted = keyAt(this.address, this.#later, time)
    return [this.#present, this.#next].find((key) => key?.key === wanted) ?? null
  }
}
