/** Why a database that somebody named cannot be used, in a sentence that says which side to look at. */
import postgres from 'postgres'
import { isConnectionLoss } from './database.ts'

/**
 * SQLSTATE 28 (the database refuses this user or password), 3D000 (there is none of this name) and 53300 (it has no connection
 * left); a URL that is none never comes as far as that.
 */
const refusals = /^(28|3D000|53300)/

/** Null where the error is of another kind. */
export function whyUnreachable(error: unknown): string | null {
  const isRefused = error instanceof postgres.PostgresError && refusals.test(error.code)
  if (!isRefused && !isConnectionLoss(error)) return null
  return `the database cannot be reached: ${(error as Error).message}`
}
