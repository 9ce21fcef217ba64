/** Files that hold a secret: they are read only where nobody but their owner can. */
import { readFile, stat } from 'node:fs/promises'

/** Why a private file was not read. `message` says what to do. */
export interface PrivateFileProblem {
  kind: 'missing' | 'permissions' | 'unreadable'
  message: string
  cause?: unknown
}

/** The text of a file, or why there is none. */
export async function readPrivateFile(file: string): Promise<{ text: string } | { problem: PrivateFileProblem }> {
  try {
    const { mode } = await stat(file)
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, '0')
      const message = `${file} has mode ${octal}, others can use it: run "chmod 600 ${file}"`
      return { problem: { kind: 'permissions', message } }
    }
    return { text: await readFile(file, 'utf8') }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return { problem: { kind: 'missing', message: `there is no file ${file}`, cause } }
    return { problem: { kind: 'unreadable', message: `cannot read ${file}: ${message}`, cause } }
  }
}
