/** Parts of the page that are fetched when they are first needed. */
import { ProblemError } from './client.ts'
import { apiWords } from './words.ts'

/** The part, or the error `PAGE_PART_MISSING` in plain words where the part cannot be fetched. */
export async function part<Part>(load: () => Promise<Part>): Promise<Part> {
  try {
    return await load()
  } catch (cause) {
    throw new ProblemError(partMissing, 0, apiWords().pageMissing, cause)
  }
}

const partMissing = 'PAGE_PART_MISSING'

export function isPartMissing(error: Error): boolean {
  return error instanceof ProblemError && error.code === partMissing
}

/**
 * Loads the whole page again, if it can be fetched. Nothing less helps where a part is missing, since browsers remember that it
 * could not be fetched.
 */
export async function loadPageAgain(): Promise<void> {
  const answer = await fetch(window.location.href).catch(() => null)
  if (answer?.ok) window.location.reload()
}
