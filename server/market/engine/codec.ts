/**
 * The engine's data as text, for the journal and its snapshots: JSON in which a bigint is `{"$n":"…"}` and a map
 * `{"$m":[[key,value],…]}` in its own order. The same state gives the same text on any machine.
 */
import { createHash } from 'node:crypto'
import type { Command, Event } from './area.ts'
import type { AreaState } from './state.ts'

/** Writes commands, events and states. */
export function encode(value: Command | Event[] | AreaState): string {
  return JSON.stringify(value, (_key, part) => {
    if (typeof part === 'bigint') return { $n: part.toString() }
    if (part instanceof Map) return { $m: [...part] }
    return part
  })
}

function decode(text: string): unknown {
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

/** Reads what `encode` wrote of a state. */
export function decodeState(text: string): AreaState {
  return decode(text) as AreaState
}

/** The hash before the first command. */
export const genesisHash: Buffer = Buffer.alloc(32)

/** The rolling hash: over the hash before, the engine's version, the command's text and its events' text. */
export function rollHash(before: Uint8Array, engineVersion: number, command: string, events: string): Buffer {
  return createHash('sha256').update(before).update(`${engineVersion}\n${command}\n${events}\n`).digest()
}

/** A hash of the whole state, to compare two of them. */
export function hashState(state: AreaState): string {
  return createHash('sha256').update(encode(state)).digest('hex')
}
