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
  /** The area's grid operator, now. */
  grid(): string
  /** The seat into whose purse the money goes that is asked for of a seat; null where none does. */
  moveOf(seat: number): string | null
  toAccount(account: string): Audience
}

export interface Publisher {
  /** Sends what has changed since the round before; where it fails, the next round sends it. */
  round(): Promise<void>
  close(): void
}
