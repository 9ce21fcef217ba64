/** What a failure of the store means for an area. */
import postgres from 'postgres'
import { CodedError } from '../../contracts/protocol/error.ts'
import { EngineError } from '../market/area/error.ts'
import { StoreError } from '../store/error.ts'
import { AreaError } from './error.ts'

/** Somebody else writes the journal, or it has lost rows: this writer's state is worth nothing. */
export function isFence(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'STORE_FENCED'
}

/** Whether trying again can mend nothing. */
export function isFinal(error: unknown): boolean {
  return (error instanceof StoreError && error.code === 'STORE_DIVERGED') || error instanceof EngineError
}

/**
 * The store is away, busy or full: the same can succeed later, and whether it has succeeded is not known. What is left are
 * values that a table refuses (SQLSTATE classes 22, 23 and 42) and mistakes of the program: of those one command is the reason.
 */
export function isPassing(error: unknown): boolean {
  if (error instanceof AreaError || error instanceof StoreError) return true
  if (error instanceof postgres.PostgresError) return !/^(22|23|42)/.test(error.code)
  const isMistake = error instanceof CodedError || error instanceof RangeError || error instanceof TypeError
  return !isMistake && typeof (error as { code?: unknown }).code === 'string'
}
