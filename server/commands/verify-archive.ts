/** What `commonwatt verify` does with an archive: every batch of it is computed again, one after the other, and its journal is unpacked. */
import { type ArchivedBatch, ArchiveReader } from '../settlement/archive-file.ts'
import { type AreaFile, AreaFileReader } from '../settlement/area-file.ts'
import { archivedCommands } from '../store/archive-files.ts'
import { InputError } from './streams.ts'

/** Says what was right. Throws what `check` throws of a batch, and `SettlementError` and `StoreError` for a file that is not whole. */
export async function verifyArchive(
  lines: AsyncIterable<string>,
  check: (file: AreaFile) => Promise<void>,
): Promise<string> {
  const archive = new ArchiveReader()
  let open: { batch: ArchivedBatch; reader: AreaFileReader } | null = null
  let erased = 0
  const close = async () => {
    if (open === null) return
    const { batch, reader } = open
    const file = reader.finish()
    if (file.end !== batch.end) throw new InputError(`the batch to ${batch.end} is not in its place`)
    if (batch.erased) erased += 1
    else await check(file)
    open = null
  }
  for await (const line of lines) {
    const said = archive.take(line)
    if (said.kind === 'part') {
      if (open === null) throw new InputError('the archive has lines of no batch')
      open.reader.take(said.line)
      continue
    }
    await close()
    if (said.kind === 'batch') open = { batch: said.value, reader: new AreaFileReader() }
    if (said.kind === 'journal') await archivedCommands(said.value)
  }
  const { batches, rows } = archive.finish()
  const unchecked = erased === 0 ? '' : `, of which ${erased} cannot be compared since somebody had their leaves erased`
  return `${batches} ${batches === 1 ? 'batch' : 'batches'}${unchecked}, and ${rows} rows of the journal`
}
