/** How the commands that turn a file into a result read and write: all of the input or one line of refusal. */

import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { fileTrouble } from '../../contracts/protocol/disk-fault.ts'
import { CodedError } from '../../contracts/protocol/error.ts'

const mebibyte = 2 ** 20
/** The most that a command reads. */
export const mostInputBytes = 384 * mebibyte
/** A longer line is a mistake or an attack, not a market; larger inputs spread over lines. */
const usualLineBytes = 32 * mebibyte
const newline = 0x0a

/** Why a command's input is refused; `message` is one line. */
export class InputError extends CodedError<'COMMAND_INPUT'> {
  override readonly name = 'InputError'
  constructor(message: string, options?: ErrorOptions) {
    super('COMMAND_INPUT', message, options)
  }
}

/** Reads a file, or standard input for `-`, as UTF-8 text. Throws `InputError` saying what is wrong with it. */
export async function readInput(path: string, mostLineBytes = usualLineBytes): Promise<string> {
  const name = path === '-' ? 'standard input' : path
  const chunks: Buffer[] = []
  let bytes = 0
  let lineBytes = 0
  let lines = 1
  try {
    for await (const chunk of path === '-' ? process.stdin : createReadStream(path)) {
      bytes += chunk.length
      if (bytes > mostInputBytes) throw new InputError(`${name} is larger than ${mostInputBytes / mebibyte} MiB`)
      for (let from = 0; from < chunk.length; ) {
        const end = chunk.indexOf(newline, from)
        lineBytes += (end < 0 ? chunk.length : end) - from
        if (lineBytes > mostLineBytes) {
          throw new InputError(`${name}: line ${lines} is longer than ${mostLineBytes / mebibyte} MiB`)
        }
        if (end < 0) break
        lines++
        lineBytes = 0
        from = end + 1
      }
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof InputError || !isSystemError(error)) throw error
    throw new InputError(`${name} cannot be read: ${fileTrouble(error)}`)
  }
  const content = Buffer.concat(chunks)
  const text = textOf(content)
  if (text === null) throw new InputError(`${name}: line ${firstLineNotText(content)} is not UTF-8 text`)
  return text
}

/** The bytes of a file, unpacked on the way where it is packed. */
function sourceOf(path: string): AsyncIterable<Buffer> {
  if (path === '-') return process.stdin
  const file = createReadStream(path)
  if (!path.endsWith('.gz')) return file
  const unpacked = createGunzip()
  file.on('error', (error) => unpacked.destroy(error))
  return file.pipe(unpacked)
}

/**
 * The lines of a file, or of standard input for `-`, as UTF-8 text and without their ends: the whole of it is never held. A byte order mark
 * stays in the first one, since a hash may cover it. Throws
 * `InputError` saying what is wrong with it.
 */
export async function* readLines(path: string, mostLineBytes = usualLineBytes): AsyncGenerator<string> {
  const name = path === '-' ? 'standard input' : path
  let parts: Buffer[] = []
  let bytes = 0
  let lines = 0
  const whole = () => {
    lines++
    const text = textOf(Buffer.concat(parts), true)
    if (text === null) throw new InputError(`${name}: line ${lines} is not UTF-8 text`)
    parts = []
    bytes = 0
    return text
  }
  try {
    for await (const chunk of sourceOf(path)) {
      for (let from = 0; from < chunk.length; ) {
        const end = chunk.indexOf(newline, from)
        const part = chunk.subarray(from, end < 0 ? chunk.length : end)
        bytes += part.length
        if (bytes > mostLineBytes) {
          throw new InputError(`${name}: line ${lines + 1} is longer than ${mostLineBytes / mebibyte} MiB`)
        }
        parts.push(part)
        if (end < 0) break
        yield whole()
        from = end + 1
      }
    }
  } catch (error) {
    if (error instanceof InputError || !isSystemError(error)) throw error
    throw new InputError(`${name} cannot be read: ${fileTrouble(error)}`)
  }
  if (bytes > 0) yield whole()
}

function textOf(bytes: Buffer, keepsMark = false): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: keepsMark }).decode(bytes)
  } catch {
    return null
  }
}

/** Counts from 1. No byte of a character is a line break, so one line holds what is wrong. */
function firstLineNotText(content: Buffer): number {
  let line = 1
  for (let from = 0; ; line++) {
    const end = content.indexOf(newline, from)
    if (end < 0 || textOf(content.subarray(from, end)) === null) return line
    from = end + 1
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error
}

let isListening = false

/**
 * Writes a part of a command's output, or all of it, and waits until it is taken. Says whether more may be written: a reader that
 * has gone away is no error.
 */
export async function writeOutput(...parts: (string | Uint8Array)[]): Promise<boolean> {
  // What the callback is told is an event as well, which would end the process where nobody listens.
  if (!isListening) process.stdout.on('error', () => {})
  isListening = true
  for (const part of parts) {
    const error = await new Promise<Error | null | undefined>((resolve) => process.stdout.write(part, resolve))
    if (!error) continue
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return false
    throw error
  }
  return true
}

/** Says in one line on standard error why the command failed, and makes its exit status 1. */
export function refuse(message: string): void {
  process.stderr.write(`${message.replace(/\s*[\r\n]+\s*/g, ' ')}\n`)
  process.exitCode = 1
}
