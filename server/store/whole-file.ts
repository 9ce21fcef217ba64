/** Files that are there whole or not at all. */
import { realpathSync, renameSync, rmSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Has a file written under another name, which `write` is given, and gives it its own once all of it is on the disk. What a full disk
 * has left of it is removed: night after night it would keep the disk full. What is there and no file (a pipe, a device) is written to as
 * it is, and a link goes on leading to its file. Returns what `write` does, throws what it throws.
 */
export async function writeWhole<T>(named: string, write: (partial: string) => Promise<T>): Promise<T> {
  const there = statSync(named, { throwIfNoEntry: false })
  if (there !== undefined && !there.isFile()) return write(named)
  const path = there === undefined ? named : realpathSync(named)
  const partial = `${path}.partial`
  try {
    const result = await write(partial)
    await sync(partial)
    renameSync(partial, path)
    await sync(dirname(path))
    return result
  } catch (error) {
    rmSync(partial, { force: true })
    throw error
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r')
  await file.sync().finally(() => file.close())
}
