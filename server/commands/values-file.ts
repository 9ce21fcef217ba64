/** How the commands take a file of official values: its bytes, and never more of them than a file may have. */
import { type FileHandle, open } from 'node:fs/promises'
import { fileTrouble } from '../../contracts/protocol/disk-fault.ts'
import { mostFileBytes } from '../exchange/read-values.ts'
import { InputError } from './streams.ts'

/** Reads a file. Throws `InputError` where it cannot be read or is too large; the message does not name it. */
export async function readBounded(path: string): Promise<Buffer> {
  let handle: FileHandle | undefined
  try {
    handle = await open(path)
    const { size } = await handle.stat()
    // One byte more than the file says it has, so that reading it to its end takes one buffer.
    let bytes = Buffer.allocUnsafe(Math.min(size, mostFileBytes) + 1)
    for (let length = 0; ; ) {
      const { bytesRead } = await handle.read(bytes, length, bytes.length - length)
      length += bytesRead
      if (bytesRead === 0) return bytes.subarray(0, length)
      if (length > mostFileBytes) throw new InputError(`larger than ${mostFileBytes / 2 ** 20} MiB`)
      if (length === bytes.length) bytes = Buffer.concat([bytes], Math.min(2 * length + 65_536, mostFileBytes + 1))
    }
  } catch (error) {
    if (error instanceof InputError) throw error
    throw new InputError(`cannot be read: ${fileTrouble(error)}`)
  } finally {
    await handle?.close()
  }
}
