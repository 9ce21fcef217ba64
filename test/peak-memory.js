// The most resident memory that a process has had. JavaScript, since a program that is measured loads it as it stands.
import { readFileSync } from 'node:fs'

/**
 * Of this process, in KiB. Linux counts as `maxRSS` also what the process that started it had, so its other account of the peak is read
 * where there is one.
 */
export function peakKibibytes() {
  try {
    return Number(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1])
  } catch {
    return process.resourceUsage().maxRSS
  }
}
