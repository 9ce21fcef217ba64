/**
 * What devices have answered lately, by unit, function and register, for others that want to read them too. Replies stay whole:
 * registers of two replies are never put together to one answer, because a number may lie across them. (Those of what does not
 * change while a connection lasts may.)
 */
import type { WatchedReply } from '../modbus/connection.ts'

interface Block {
  first: number
  words: readonly number[]
  atMs: number
  lasting: boolean
  generation: number
}

interface UnitMemory {
  /** The blocks of registers, by function code. */
  blocks: Map<number, Block[]>
  /** The newest reply of the unit, and the connection it came over. */
  newestMs: number
  generation: number
}

/** `unknown`: nobody has read it. `stale`: it was read, but not lately. */
export type CachedRegisters = number[] | 'unknown' | 'stale'

/** Different ranges of one unit that are remembered; the agent reads far fewer. */
const mostBlocks = 256

export class RegisterCache {
  readonly #units = new Map<string, UnitMemory>()

  take({ key, generation, request, reply }: WatchedReply): void {
    const { unit, functionCode, address, count, lasting = false } = request
    const name = `${key}/${unit}`
    const memory: UnitMemory = this.#units.get(name) ?? { blocks: new Map(), newestMs: 0, generation }
    this.#units.set(name, memory)
    memory.newestMs = reply.repliedAtMs
    memory.generation = generation
    const overlaps = ({ first, words }: Block) => first < address + count && address < first + words.length
    const before = (memory.blocks.get(functionCode) ?? []).filter((block) => !overlaps(block))
    const block: Block = { first: address, words: reply.registers, atMs: reply.repliedAtMs, lasting, generation }
    memory.blocks.set(functionCode, [...before.slice(1 - mostBlocks), block])
  }

  /** @param place whose registers. @param nowMs monotonic. @param maxAgeMs older ones are stale */
  read(
    place: { key: string; unit: number },
    range: { functionCode: number; address: number; count: number },
    { nowMs, maxAgeMs }: { nowMs: number; maxAgeMs: number },
  ): CachedRegisters {
    const memory = this.#units.get(`${place.key}/${place.unit}`)
    if (!memory) return 'stale'
    const blocks = memory.blocks.get(range.functionCode) ?? []
    const end = range.address + range.count
    const words: number[] = []
    let isStale = false
    let hasChanging = false
    let parts = 0
    for (let address = range.address; address < end; ) {
      const block = blocks.find(({ first, words: own }) => first <= address && address < first + own.length)
      if (!block) return 'unknown'
      parts += 1
      hasChanging ||= !block.lasting
      const heldMs = block.lasting && block.generation === memory.generation ? memory.newestMs : block.atMs
      isStale ||= nowMs - heldMs > maxAgeMs
      const part = block.words.slice(address - block.first, end - block.first)
      words.push(...part)
      address += part.length
    }
    if (parts > 1 && hasChanging) return 'unknown'
    return isStale ? 'stale' : words
  }
}
