/** How the commands that turn a file into a result read and write: all of the input or one line of refusal. */
import { createReadStream } from 'node:fs'

const mebibyte = 2 ** 20
/** The most that a command reads. */
export const mostInputBytes = 384 * mebibyte
/** A longer line is a mistake or an attack, not a market; larger inputs spread over lines. */
const usualLineBytes = 32 * mebibyte
const newline = 0x0a

/** Why a command's input is refused; `message` is one line. */
export class InputError extends Error {
  override readonly name = 'InputError'
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
    throw new InputError(`${name} cannot be read: ${error.message}`)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch {
    throw new InputError(`${name} is not UTF-8 text`)
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error
}

/** Writes a command's whole output and waits until it is taken; a reader that has gone away is no error. */
export async function writeOutput(text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const settle = (error?: Error | null) => {
      if (error && (error as NodeJS.ErrnoException).code !== 'EPIPE') reject(error)
      else resolve()
    }
    process.stdout.once('error', settle)
    process.stdout.write(text, settle)
  })
}

/** Says in one line on standard error why the command failed, and makes its exit status 1. */
export function refuse(message: string): void {
  process.stderr.write(`${message.replace(/\s*[\r\n]+\s*/g, ' ')}\n`)
  process.exitCode = 1
}
