/** What `commonwatt-agent read --every` does: what some devices say whenever the clock shows a multiple of so many seconds, a line of JSON each. */
import { setTimeout as delay } from 'node:timers/promises'
import { type DeviceOptions, openDevice } from '../devices/device.ts'
import { DeviceError } from '../registers/device-error.ts'
import { deviceGiven, type ReadArguments } from './read-once.ts'

/**
 * Reads until the process is told to stop: `{"url":…,"timeMs":…,"reading":…}` for each device, `timeMs` (UTC) being half way between question and
 * answer. What cannot be read is named on standard error, and asked again at the next boundary. Gives one line that says why, where the
 * command line names no device that could ever be read.
 */
export async function readAtBoundaries(
  urls: readonly string[],
  given: Omit<ReadArguments, 'url'>,
  everySeconds: number,
): Promise<string | null> {
  const stopping = new AbortController()
  const stop = () => stopping.abort()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  try {
    const devices = await Promise.all(urls.map((url) => deviceGiven({ ...given, url })))
    await Promise.all(devices.map((device) => readOn(device, everySeconds * 1_000, stopping.signal)))
    return null
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error
    return error.message
  } finally {
    // One that can never be read ends the others too.
    stop()
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
}

/** One that takes longer than until the next boundary is asked at the one after it. Throws `DeviceError` where it cannot even be opened. */
async function readOn(options: DeviceOptions, everyMs: number, signal: AbortSignal): Promise<void> {
  const device = openDevice(options)
  let readMs = 0
  for (;;) {
    const nextMs = Math.max(Math.floor(Date.now() / everyMs) * everyMs, readMs) + everyMs
    await delay(nextMs - Date.now(), undefined, { signal }).catch(() => {})
    if (signal.aborted) break
    // A timer may end a moment early: the same boundary does not come twice.
    readMs = nextMs
    try {
      const { reading, requestedAtMs, repliedAtMs } = await device.poll()
      const agoMs = performance.now() - (requestedAtMs + repliedAtMs) / 2
      process.stdout.write(`${JSON.stringify({ url: options.url, timeMs: Math.round(Date.now() - agoMs), reading })}\n`)
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error
      process.stderr.write(`${options.url}: ${error.message.replace(/\s+/g, ' ')}\n`)
    }
  }
  await device.close()
}
