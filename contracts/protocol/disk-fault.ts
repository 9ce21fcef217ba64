/** What a disk or a file refuses, in a sentence with what to do: no command ends with a trace of the program for it. */

/** Where a program has as many files and connections open as it may. */
export const tooManyOpen =
  'this program may open no more files and connections: raise what it may (LimitNOFILE of its service, ulimit -n)'

const reasons: Record<string, string> = {
  ENOSPC: 'the disk is full: make room, then try again',
  EDQUOT: 'this user may keep no more on this disk: make room, then try again',
  EFBIG: 'this user may write no file so large (ulimit -f)',
  EROFS: 'the disk can only be read',
  EACCES: 'this user may not use it',
  EPERM: 'this user may not use it',
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of this path is a file, not a folder',
  EEXIST: 'there is a file of this name already',
  EISDIR: 'this is a folder, not a file',
  EMFILE: tooManyOpen,
  ENFILE: tooManyOpen,
  EIO: 'the disk cannot be read or written: it may be broken',
}

/** What Node says of a file that it could not use. */
interface Refused {
  code?: string
  path?: string
  syscall?: string
}

/** Null where the error is of another kind. A write does not say which file it was for. */
export function whyDiskRefuses(error: unknown): string | null {
  const reason = reasonOf(error)
  if (reason === null) return null
  const { path } = error as Refused
  return path === undefined ? reason : `${path}: ${reason}`
}

/** The same of a file that the sentence has named already; of another error its own words. */
export function fileTrouble(error: unknown): string {
  return reasonOf(error) ?? (error instanceof Error ? error.message : String(error))
}

function reasonOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  const { code, syscall } = error as Refused
  return syscall === undefined ? null : (reasons[code ?? ''] ?? null)
}
