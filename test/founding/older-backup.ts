/** A backup as the release before the newest migration makes one: nobody has that release, everybody has its schema. */
import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { BackupHead } from '../../server/store/backup.ts'

/** What `restore` makes of it is a database of that release with all its rows; `tables` says which tables and columns it has. */
export function asOfBefore(
  backup: Buffer,
  tables: ReadonlyMap<string, readonly string[]>,
): { bytes: Buffer; lacks: string } {
  const [first, ...lines] = gunzipSync(backup).toString().trimEnd().split('\n')
  const head = JSON.parse(first!) as BackupHead
  const lacks = head.migrations.at(-1)!.name
  const kept = [JSON.stringify({ ...head, migrations: head.migrations.slice(0, -1) })]
  let rows = 0
  let known: readonly number[] | null = null
  for (const line of lines.slice(0, -1)) {
    if (line.startsWith('{"table":')) {
      const { table, columns } = JSON.parse(line) as { table: string; columns: string[] }
      const own = tables.get(table)
      known = own === undefined ? null : columns.flatMap((name, place) => (own.includes(name) ? [place] : []))
      if (known !== null) kept.push(JSON.stringify({ table, columns: known.map((place) => columns[place]) }))
    } else if (known !== null && line === '\\.') kept.push(line)
    else if (known !== null) {
      const fields = line.split('\t')
      kept.push(known.map((place) => fields[place]).join('\t'))
      rows += 1
    }
  }
  const text = kept.map((line) => `${line}\n`).join('')
  const end = { rows, sha256: createHash('sha256').update(text).digest('hex') }
  return { bytes: gzipSync(`${text}${JSON.stringify(end)}\n`), lacks }
}
