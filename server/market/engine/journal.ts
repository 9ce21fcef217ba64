/** The journal's form: the bytes of commands and events, and the rolling hash over both. */
import { createHash } from 'node:crypto'
import { type Command, command, type Event, event } from '../area/area.ts'
import { decode, encode, list } from '../area/binary.ts'
import { rulesVersion } from '../area/state.ts'

const events = list(event)

export function encodeCommand(value: Command): Buffer {
  return encode(command, value)
}

/** Throws `ENGINE_ENCODING` on bytes that are no command. */
export function decodeCommand(bytes: Uint8Array): Command {
  return decode(command, bytes)
}

export function encodeEvents(values: readonly Event[]): Buffer {
  return encode(events, values as Event[])
}

/** The hash before the first command. */
export const genesisHash: Buffer = Buffer.alloc(32)

/** SHA-256 over the hash before, the version of the rules (one byte), and the bytes of the command and of its events, each after its length. */
export function rollHash(before: Uint8Array, commandBytes: Uint8Array, eventBytes: Uint8Array): Buffer {
  const lengths = Buffer.alloc(9)
  lengths.writeUInt8(rulesVersion, 0)
  lengths.writeUInt32BE(commandBytes.length, 1)
  lengths.writeUInt32BE(eventBytes.length, 5)
  return createHash('sha256').update(before).update(lengths).update(commandBytes).update(eventBytes).digest()
}
