/** What a publisher of one area's changes is given, and what it does. */
import type { AreaTables } from '../api/area-tables.ts'
import type { LiveToPage } from '../api/live-resources.ts'
import type { Database } from '../store/database.ts'

/** The part of socket.io's broadcasting that is used here. */
export interface Audience {
  emit<Name extends keyof LiveToPage>(name: Name, ...args: Parameters<LiveToPage[Name]>): unknown
}

export interface Publishing {
  database: Database
  tables: AreaTables
  /** Whether anybody watches the area. */
  watched(): boolean
  /** Accounts with a page open. */
  accounts(): string[]
  toArea: Audience
  /** The account that is the area's grid operator now. */
  grid(): string
  /** The seat to whose purse the requested payout of a seat goes; null where it goes to none. */
  moveOf(seat: number): string | null
  toAccount(account: string): Audience
}

export interface Publisher {
  /** Sends what has changed since the round before; where it fails, the next round sends it. */
  round(): Promise<void>
  close(): void
}
