/** Files that are there whole or not at all, also after a power cut. */
import { type FileHandle, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Replaces a file (mode 0600) and returns when the new content has reached the disk. One call at a time per path. */
export async function saveDurably(path: string, content: string | Uint8Array) {
  const partial = `${path}.partial`
  await withFile(await open(partial, 'w', 0o600), async (file) => {
    await file.writeFile(content)
    await file.sync()
  })
  await rename(partial, path)
  await withFile(await open(dirname(path), 'r'), (folder) => folder.sync())
}

async function withFile(file: FileHandle, use: (file: FileHandle) => Promise<void>) {
  try {
    await use(file)
  } finally {
    await file.close()
  }
}
