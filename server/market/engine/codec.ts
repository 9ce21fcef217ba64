/**
 * Commands and events as text, for the journal and its hashes: JSON in which a bigint is `{"$n":"…"}` and a map
 * `{"$m":[[key,value],…]}` in its own order. The same data gives the same text on any machine.
 */
import { createHash } from 'node:crypto'
import type { Command, Event } from './area.ts'

/** Writes commands and events. */
export function encode(value: Command | Event[]): string {
  return isPlain(value) ? JSON.stringify(value) : JSON.stringify(value, replacer)
}

function replacer(_key: string, part: unknown): unknown {
  if (typeof part === 'bigint') return { $n: part.toString() }
  if (part instanceof Map) return { $m: [...part] }
  return part
}

/** Whether JSON has all that is in the value; most commands and events are so, and are written twice as fast. */
function isPlain(value: unknown): boolean {
  if (typeof value === 'bigint') return false
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) return value.every(isPlain)
  if (value instanceof Map) return false
  for (const key in value) if (!isPlain(value[key as keyof typeof value])) return false
  return true
}

/** Reads this form of JSON. */
export function decode(text: string): unknown {
  return JSON.parse(text, (_key, part) => {
    if (part === null || typeof part !== 'object') return part
    if (typeof part.$n === 'string') return BigInt(part.$n)
    if (Array.isArray(part.$m)) return new Map(part.$m)
    return part
  })
}

/** Reads what `encode` wrote of a command. */
export function decodeCommand(text: string): Command {
  return decode(text) as Command
}

/** The hash before the first command. */
export const genesisHash: Buffer = Buffer.alloc(32)

/** The rolling hash: over the hash before, the engine's version, the command's text and its events' text. */
export function rollHash(before: Uint8Array, engineVersion: number, command: string, events: string): Buffer {
  return createHash('sha256').update(before).update(`${engineVersion}\n${command}\n${events}\n`).digest()
}
