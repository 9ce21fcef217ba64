/** Log files of child programs: written by the children themselves, kept to a bounded size by us. */
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'

const maxBytes = 4 * 1024 * 1024
const checkEveryMs = 2_000

/**
 * The log files of one folder. Children write through their own descriptor, so a line survives the death of whoever started
 * them and no pipe can break; a file past 4 MiB becomes `<name>.1.log` and starts anew.
 */
export class LogFiles {
  readonly #folder: string
  readonly #names = new Set<string>()
  readonly #timer: NodeJS.Timeout

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    this.#timer = setInterval(() => this.#bound(), checkEveryMs).unref()
  }

  /** Runs `start` with a descriptor for the standard output and error of the child it starts. */
  write<Result>(name: string, start: (descriptor: number) => Result): Result {
    this.#names.add(name)
    // Appending, so that a child goes on at the new end after its file was cut.
    const descriptor = openSync(this.path(name), 'a', 0o600)
    try {
      return start(descriptor)
    } finally {
      closeSync(descriptor)
    }
  }

  path(name: string): string {
    return join(this.#folder, `${name}.log`)
  }

  /** The size of the log now, as a mark to read from. */
  size(name: string): number {
    return existsSync(this.path(name)) ? statSync(this.path(name)).size : 0
  }

  /** The last lines written after a mark, for an error message. */
  tail(name: string, from = 0, lines = 8): string {
    if (!existsSync(this.path(name))) return ''
    return readFileSync(this.path(name)).subarray(from).toString('utf8').trimEnd().split('\n').slice(-lines).join('\n')
  }

  close() {
    clearInterval(this.#timer)
  }

  #bound() {
    for (const name of this.#names) {
      if (this.size(name) <= maxBytes) continue
      copyFileSync(this.path(name), this.path(`${name}.1`))
      truncateSync(this.path(name))
    }
  }
}
