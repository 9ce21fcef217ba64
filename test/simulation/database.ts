/**
 * The database of an area, shared by all processes: journal, lease, snapshots and tables behind the faces that an area knows,
 * with everything that can happen to a statement on its way there and back.
 */
import type { AreaLease, AreaStore, Commit, JournalRow, LoadedSnapshot, Place } from '../../server/areas/area-store.ts'
import { genesisHash } from '../../server/market/engine/journal.ts'
import type { Piece } from '../../server/market/engine/snapshot.ts'
import { StoreError } from '../../server/store/error.ts'
import { longestLeaseSeconds } from '../../server/store/lease.ts'
import type { Machine } from './machine.ts'
import type { PlantedBug } from './planted.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import { refusal, Tables } from './tables.ts'

/** One row of the journal with what stands around it. */
export interface Logged {
  row: JournalRow
  journaled: Commit['journaled'][number]
  /** Who wrote it, and what it believed to be in front. */
  owner: string
  after: Place
}

/** Looks on when something happens to the journal. */
export interface JournalWitness {
  committed(rows: readonly Logged[], by: Machine): void
  proved(by: Machine): void
  lost(rows: readonly Logged[]): void
}

/** Chances of what can happen to one statement; all 0 while the database is well. */
export interface Troubles {
  /** The connection is lost before anything was done. */
  lostBefore: number
  /** It was done, but nobody is told. */
  lostAfter: number
  /** The connection is lost, and what was sent is done later all the same. */
  lostAndLate: number
  /** The server refuses the statement for reasons of its own. */
  refused: number
  /** A commit finds no room on the server's disk. */
  full: number
}

export const noTroubles: Troubles = { lostBefore: 0, lostAfter: 0, lostAndLate: 0, refused: 0, full: 0 }

interface Kept {
  place: Place
  pieces: { name: string; hash: string }[]
}

/** Rows that one look into the journal brings. */
const rowsPerRead = 200

export class Database {
  readonly log: Logged[] = []
  tables = new Tables()
  troubles: Troubles = noTroubles
  /** Statements wait at the server until then. */
  stalledUntilMs = 0
  /** Nothing reaches the server until then. */
  downUntilMs = 0
  /** By how much the database's clock is ahead of true time. */
  offsetMs = 0
  /** Identifiers of orders that a table refuses. */
  readonly poison = new Set<string>()
  private snapshots: Kept[] = []
  private readonly pieces = new Map<string, Buffer>()
  private lease: { owner: string; expiresAtMs: number } | null = null
  private readonly scheduler: Scheduler
  private readonly random: Random
  private readonly witness: JournalWitness
  private readonly planted: PlantedBug | null
  /** Fail-overs so far: what was sent to the server before one never arrives. */
  private lives = 0

  constructor(
    scheduler: Scheduler,
    random: Random,
    { witness, planted = null }: { witness: JournalWitness; planted?: PlantedBug | null },
  ) {
    this.scheduler = scheduler
    this.random = random
    this.witness = witness
    this.planted = planted
  }

  get newest(): Place {
    return this.log.at(-1)?.row ?? { sequence: 0, hash: genesisHash }
  }

  /** Connections of one process to the store and the lease of the area. */
  connect(machine: Machine, owner: string): { store: AreaStore; lease: AreaLease } {
    let known: ReadonlySet<string> = new Set()
    const ask = <Answer>(work: () => Answer) => this.ask(machine, work, { isWrite: false })
    const store: AreaStore = {
      snapshot: () =>
        ask(() => {
          known = new Set(this.pieces.keys())
          return this.newestSnapshot()
        }),
      rowsAfter: (sequence) => ask(() => this.rowsAfter(sequence)),
      commit: (commit) => {
        const committing = this.ask(machine, () => this.commit(machine, owner, commit), { isWrite: true })
        if (this.planted !== 'answer before commit') return committing
        committing.catch(() => {})
        return Promise.resolve()
      },
      prove: (place) => {
        if (this.planted === 'no proof') return Promise.resolve()
        return ask(() => {
          this.requireNewest(place)
          this.witness.proved(machine)
        })
      },
      declaredOf: async () => [],
      late: (readings) => ask(() => this.tables.late(readings)),
      archivedUntil: async () => 0,
      saveSnapshot: (place, pieces) =>
        ask(() => {
          this.saveSnapshot(place, pieces)
          known = new Set(this.pieces.keys())
        }),
      hasPiece: (hash) => known.has(hash),
      nowMs: () => ask(() => this.clockMs()),
    }
    const lease: AreaLease = {
      acquire: (who, seconds) => ask(() => this.acquire(who, seconds)),
      renew: (who, seconds) =>
        ask(() => {
          if (this.lease?.owner !== who) return false
          this.lease.expiresAtMs = this.clockMs() + seconds * 1000
          return true
        }),
      release: (who) =>
        ask(() => {
          if (this.lease?.owner === who) this.lease.expiresAtMs = this.clockMs()
        }),
    }
    return { store, lease }
  }

  /**
   * The server that answers from now on is a copy that lagged behind: the newest `rows` are gone, with snapshots of them. All
   * connections end.
   */
  failOver(rows: number, { downMs }: { downMs: number }): void {
    this.lives += 1
    this.downUntilMs = this.scheduler.nowMs + downMs
    const lost = this.log.splice(Math.max(0, this.log.length - rows))
    this.snapshots = this.snapshots.filter(({ place }) => place.sequence <= this.log.length)
    this.projectAnew()
    if (this.random.chance(0.5)) this.lease = null
    this.witness.lost(lost)
  }

  /** A statement's way to the server and back; it fails as connections do. */
  private ask<Answer>(machine: Machine, work: () => Answer, { isWrite }: { isWrite: boolean }): Promise<Answer> {
    const { random, scheduler } = this
    return new Promise((resolve, reject) => {
      const life = this.lives
      const answer = (done: () => void) => machine.after(this.latencyMs(), done)
      const lose = () => answer(() => reject(connectionLost()))
      const carryOut = (answered: boolean) => {
        if (this.lives !== life) return answered ? lose() : undefined
        let done: () => void
        try {
          const result = work()
          done = () => resolve(result)
        } catch (error) {
          done = () => reject(error)
        }
        if (answered) answer(done)
      }
      const arrive = () => {
        const { nowMs } = scheduler
        if (this.lives !== life || nowMs < this.downUntilMs) return lose()
        if (nowMs < this.stalledUntilMs) return scheduler.after(this.stalledUntilMs - nowMs, arrive)
        const { lostBefore, lostAfter, lostAndLate, refused, full } = this.troubles
        if (random.chance(lostBefore)) return lose()
        if (random.chance(refused)) return answer(() => reject(refusal('53300', 'sorry, too many clients already')))
        if (isWrite && full > 0 && random.chance(full))
          return answer(() => reject(refusal('53100', 'could not extend file: No space left on device')))
        if (isWrite && random.chance(lostAndLate)) {
          lose()
          return scheduler.after(random.between(0, 8_000), () => carryOut(false))
        }
        const isLost = random.chance(lostAfter)
        carryOut(!isLost)
        if (isLost) lose()
      }
      scheduler.after(this.latencyMs(), arrive)
    })
  }

  private latencyMs(): number {
    return this.random.chance(0.02) ? this.random.between(10, 200) : this.random.between(0.2, 2)
  }

  private clockMs(): number {
    return Math.round(this.scheduler.nowMs + this.offsetMs)
  }

  private requireNewest({ sequence, hash }: Place): void {
    const { newest, planted } = this
    if (newest.sequence === sequence && newest.hash.equals(hash)) return
    if (planted === 'no fence' || (planted === 'no chain check' && newest.sequence <= sequence)) return
    throw new StoreError('STORE_FENCED', 'another server writes the journal, or it has lost rows')
  }

  private commit(machine: Machine, owner: string, { after, rows, journaled }: Commit): void {
    this.requireNewest(after)
    const logged = rows.map((row, index): Logged => ({ row, journaled: journaled[index]!, owner, after }))
    try {
      for (const { journaled: each } of logged) {
        for (const event of each.events) {
          if (event.type === 'order-accepted' && this.poison.has(event.order.id)) {
            throw refusal('23514', 'new row for relation "orders" violates a check constraint')
          }
        }
        this.tables.project(each)
      }
    } catch (error) {
      this.projectAnew()
      throw error
    }
    this.log.push(...logged)
    this.witness.committed(logged, machine)
  }

  private projectAnew(): void {
    this.tables = new Tables()
    for (const { journaled } of this.log) this.tables.project(journaled)
  }

  private rowsAfter(sequence: number): JournalRow[] {
    const rows = this.log.slice(sequence, sequence + rowsPerRead).map(({ row }) => row)
    if (rows.some((row, index) => row.sequence !== sequence + index + 1)) {
      throw new StoreError('STORE_DIVERGED', 'a row of the journal is missing')
    }
    return rows
  }

  private acquire(owner: string, seconds: number) {
    const nowMs = this.clockMs()
    const leftMs = this.lease === null ? 0 : this.lease.expiresAtMs - nowMs
    const isHeld = leftMs > 0 && leftMs <= longestLeaseSeconds * 1000
    if (this.lease !== null && this.lease.owner !== owner && isHeld) return { ...this.lease }
    this.lease = { owner, expiresAtMs: nowMs + seconds * 1000 }
    return null
  }

  private newestSnapshot(): LoadedSnapshot | null {
    const kept = this.snapshots.at(-1)
    if (kept === undefined) return null
    const pieces = kept.pieces.map(({ name, hash }) => ({ name, bytes: this.pieces.get(hash)! }))
    return { ...kept.place, pieces }
  }

  private saveSnapshot(place: Place, pieces: readonly Piece[]): void {
    const row = this.log[place.sequence - 1]?.row
    if (row === undefined || !row.hash.equals(place.hash)) {
      throw new StoreError('STORE_FENCED', 'a snapshot of a row that the journal does not have')
    }
    for (const { hash, bytes } of pieces) {
      if (bytes !== null) this.pieces.set(hash, bytes)
      else if (!this.pieces.has(hash)) throw new StoreError('STORE_FENCED', `piece ${hash} is not stored any more`)
    }
    this.snapshots = [
      ...this.snapshots.filter((kept) => kept.place.sequence < place.sequence).slice(-1),
      { place, pieces: pieces.map(({ name, hash }) => ({ name, hash })) },
    ]
    const named = new Set(this.snapshots.flatMap((kept) => kept.pieces.map(({ hash }) => hash)))
    for (const hash of this.pieces.keys()) if (!named.has(hash)) this.pieces.delete(hash)
  }

  /** Every snapshot that is kept, as it would be loaded. */
  *kept(): Generator<LoadedSnapshot> {
    for (const { place, pieces } of this.snapshots) {
      yield { ...place, pieces: pieces.map(({ name, hash }) => ({ name, bytes: this.pieces.get(hash)! })) }
    }
  }
}

function connectionLost(): Error {
  return Object.assign(new Error('write CONNECTION_CLOSED database:5432'), { code: 'CONNECTION_CLOSED' })
}
