/** Folders that go with their test, and waiting for a condition. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { removeDataFolder } from '../../server/demo/postgres-folder.ts'

/** A data folder that goes when the test ends. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'commonwatt-test-'))
  onTestFinished(() => removeDataFolder(folder))
  return folder
}

/** Waits until `condition` gives something; the test's own time limit is the deadline. */
export async function until<Result>(condition: () => Result | Promise<Result>): Promise<NonNullable<Result>> {
  for (;;) {
    const result = await condition()
    if (result) return result
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
