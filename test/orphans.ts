/** Programs that tests start end also where the runner itself is killed, which leaves no time to end anything. */
import { type ChildProcess, spawn } from 'node:child_process'

/** Ends the process if it is still the same one: a number may since belong to another. */
const script = `start() { cut -d ' ' -f 22 "/proc/$2/stat" 2>/dev/null; }
was=$(start "$@"); read -r _; [ "$was" = "$(start "$@")" ] && kill -s "$1" "$2"`

/**
 * A shell that waits at the end of a pipe, which closes when this process is no more, and then sends the signal. Whoever ends the
 * program by itself kills the guard first.
 */
export function guardOf(pid: number, signal: 'INT' | 'TERM'): ChildProcess {
  const stdio = ['pipe', 'ignore', 'ignore'] as const
  // In a group of its own: Ctrl-C at the runner is not for the guard.
  const guard = spawn('/bin/sh', ['-c', script, 'sh', signal, String(pid)], { stdio: [...stdio], detached: true })
  guard.unref()
  return guard
}
