/** Reads the table of rooms (`rooms.txt`) and says which room a file belongs to and what it may import. */

export interface Room {
  path: string
  pure: boolean
  /** Paths of the rooms that it imports, all of them above it. */
  imports: readonly string[]
  /** Files of which it imports types only. */
  types: readonly string[]
}

/** The rooms from the bottom up. Throws for a line that cannot be read or names a room that does not stand above it. */
export function readRooms(table: string): Room[] {
  const rooms: Room[] = []
  for (const line of table.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const [, path, kind, names] = line.match(/^(\S+?)\s*([!|])\s*(.*)$/) ?? []
    if (path === undefined) throw new Error(`no line of the table of rooms: ${line}`)
    const words = names!.split(/\s+/).filter((word) => word !== '')
    const program = path.split('/')[0]!
    const imports = words.flatMap((word) => {
      if (word.startsWith('types:')) return []
      if (word === 'pure') return pureRooms(rooms, program)
      return [word.startsWith('contracts/') ? word : `${program}/${word}`]
    })
    for (const each of imports) {
      const room = rooms.find((above) => above.path === each)
      if (room === undefined) throw new Error(`${path} imports ${each}, which does not stand above it`)
      if (kind === '!' && !room.pure) throw new Error(`${path} is pure and imports ${each}, which is not`)
    }
    const types = words.filter((word) => word.startsWith('types:')).map((word) => word.slice('types:'.length))
    rooms.push({ path, pure: kind === '!', imports, types })
  }
  return rooms
}

function pureRooms(rooms: readonly Room[], program: string): string[] {
  return rooms
    .filter(({ path, pure }) => pure && (path.startsWith(`${program}/`) || path.startsWith('contracts/')))
    .map(({ path }) => path)
}

/** The room of a file: the one with the longest path that the file's begins with. */
export function roomOf(rooms: readonly Room[], file: string): Room | undefined {
  return rooms.filter(({ path }) => file.startsWith(path)).toSorted((a, b) => b.path.length - a.path.length)[0]
}
