/** Why a database that somebody named cannot be used, in a sentence that says which side to look at. */
import postgres from 'postgres'
import { isConnectionLoss } from './database.ts'

/**
 * SQLSTATE 28 (the database refuses this user or password), 3D000 (there is none of this name) and 53300 (it has no connection
 * left); a URL that is none never comes as far as that.
 */
const refusals = /^(28|3D000|53300)/

/** SQLSTATE 42P01 and 42703: there is no such table or column. All that this program asks for are made by its migrations. */
const lacks = /^(42P01|42703)$/

/** Null where the error is of another kind. */
export function whyUnreachable(error: unknown): string | null {
  if (error instanceof postgres.PostgresError && lacks.test(error.code)) {
    return 'the database is empty or of another release: "commonwatt serve" sets up an empty one, "commonwatt migrate" brings an older one up to date'
  }
  const isRefused = error instanceof postgres.PostgresError && refusals.test(error.code)
  if (!isRefused && !isConnectionLoss(error)) return null
  return `the database cannot be reached: ${(error as Error).message}`
}
