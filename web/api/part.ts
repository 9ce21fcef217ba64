/** Parts of the page that are fetched when they are first needed. */
import { ProblemError } from './client.ts'
import { apiWords } from './words.ts'

/** The part, or the error `PAGE_PART_MISSING` in plain words where the part cannot be fetched. */
export async function part<Part>(load: () => Promise<Part>): Promise<Part> {
  try {
    return await load()
  } catch (cause) {
    throw new ProblemError('PAGE_PART_MISSING', 0, apiWords().pageMissing, cause)
  }
}
