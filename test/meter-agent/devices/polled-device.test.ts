/** How a device is polled that is slow, silent or comes back. */
import { describe, expect, test } from 'vitest'
import { PolledDevice } from '../../../meter-agent/devices/polled-device.ts'
import type { TimeSource } from '../../../meter-agent/home/clock.ts'
import { ModbusError } from '../../../meter-agent/modbus/error.ts'
import { deviceSample } from '../home/home-device.ts'

const exception = (code: number) => new ModbusError('MODBUS_EXCEPTION', `exception ${code}`, { exception: code })

/** A device on its own: polls take as long as a test says, or fail; time passes only there and when told. */
function device(role: 'grid' | 'production' = 'grid') {
  let nowMs = 1_000
  const time: TimeSource = { wallMs: () => 1_800_000_000_000 + nowMs, monotonicMs: () => nowMs }
  const changes: [boolean, string][] = []
  const next: { takesMs: number; error: Error | null } = { takesMs: 0, error: null }
  const polled = new PolledDevice(
    {
      url: 'tcp://x:502',
      unit: 1,
      profile: 'sunspec',
      role,
      inverted: undefined,
      gridUnit: undefined,
      meter: undefined,
      confirmed: undefined,
    },
    {
      time,
      changed: (online, reason) => changes.push([online, reason]),
      open: () => ({
        async poll() {
          const requestedAtMs = nowMs
          nowMs += next.takesMs
          if (next.error) throw next.error
          return deviceSample({ importWh: 1, exportWh: 2 }, requestedAtMs)
        },
        async close() {},
      }),
    },
  )
  /** Tries to poll once a second; returns after how many seconds it did. */
  const polledAt = async (seconds: number): Promise<number[]> => {
    const at: number[] = []
    const startMs = nowMs
    while (nowMs - startMs < seconds * 1000) {
      const before = polled.polls
      const sinceMs = nowMs - startMs
      if (polled.isDue) await polled.poll()
      if (polled.polls > before) at.push(sinceMs / 1000)
      nowMs += 1000
    }
    return at
  }
  return { polled, next, changes, polledAt }
}

describe('a device that refuses', () => {
  test.each([4, 10, 11, 2])('exception %i: is left alone for longer and longer, a minute at most', async (code) => {
    const { next, polledAt } = device()
    next.error = exception(code)
    expect(await polledAt(260)).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243])
    next.error = null
    expect(await polledAt(50)).toHaveLength(7)
  })

  test('is polled as ever once it has answered', async () => {
    const { next, polledAt } = device()
    next.error = exception(4)
    await polledAt(8)
    next.error = null
    expect(await polledAt(12)).toEqual([7, 8, 9, 10, 11])
    next.error = exception(4)
    expect(await polledAt(4)).toEqual([0, 1, 3])
  })

  test('nobody behind the gateway (exception 11) is offline at once, other trouble after three failures', async () => {
    const absent = device()
    absent.next.error = exception(11)
    await absent.polledAt(1)
    expect(absent.changes).toEqual([[false, 'exception 11']])
    const troubled = device()
    troubled.next.error = exception(4)
    await troubled.polledAt(3)
    expect(troubled.changes).toEqual([])
    await troubled.polledAt(1)
    expect(troubled.changes).toEqual([[false, 'exception 4']])
  })

  test('a change of state is told once, not with every poll', async () => {
    const { next, changes, polledAt } = device()
    next.error = new ModbusError('MODBUS_TIMEOUT', 'no reply', { fault: 'no-reply' })
    await polledAt(60)
    next.error = null
    await polledAt(60)
    expect(changes).toEqual([
      [false, 'no reply'],
      [true, 'Example M S1'],
    ])
  })

  test('a link that fails is not held back here: its connection has a back-off of its own', async () => {
    const { next, polledAt } = device()
    next.error = new ModbusError('MODBUS_DROPPED', 'gone', { fault: 'dropped' })
    expect(await polledAt(5)).toEqual([0, 1, 2, 3, 4])
  })
})

describe('a slow device', () => {
  test('is asked at most half of the time', async () => {
    const { polled, next, polledAt } = device('production')
    next.takesMs = 5_000
    const at = await polledAt(120)
    expect(polled.roundTripMs).toBe(5_000)
    for (const [index, seconds] of at.slice(2).entries()) expect(seconds - at[index + 1]!).toBeGreaterThanOrEqual(10)
    expect(at.length).toBeGreaterThan(9)
  })

  test('is not one that was slow once, as when it is discovered', async () => {
    const { polled, next, polledAt } = device('production')
    next.takesMs = 30_000
    await polledAt(1)
    next.takesMs = 0
    expect(polled.roundTripMs).toBe(0)
    expect(await polledAt(3)).toEqual([0, 1, 2])
  })
})
