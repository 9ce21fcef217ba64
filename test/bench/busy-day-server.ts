/**
 * What the busy day asks of the benchmark's server beside what homes send: to fill the day before, to say when the backlogs are
 * computed, to cut the day's batch and to hand out statements.
 */
import type { Order } from '../../contracts/protocol/typed-data.ts'
import type { AreaHandle, Submission } from '../../server/areas/area-handle.ts'
import type { RunningStatements } from '../../server/statements/start-statements.ts'
import { accountKey, daySeconds, intervalSeconds, meterKey, registersOf, settings } from './durable-street.ts'

export type DayRequest =
  /** Everybody gives standing orders, and all seats from `first` on are metered at so many boundaries. */
  | { ask: 'day'; do: 'fill'; first: number; boundaries: number }
  /** Moves the clock until the grace of a boundary has passed, and waits until its interval is computed. */
  | { ask: 'day'; do: 'compute'; boundary: number }
  /**
   * Waits until each of the day's intervals that late readings change has been computed again, for so long at most: an area rests
   * after each for a millisecond a seat. Answers how many have been, of how many.
   */
  | { ask: 'day'; do: 'recomputed'; since: number; longestMs: number }
  /** The newest command of the area. */
  | { ask: 'day'; do: 'sequence' }
  /** A block of the chain is behind the day's end: the batch is cut, and its statement made. */
  | { ask: 'day'; do: 'cut' }
  /** Hands out the statements of so many seats, as text. Answers their length. */
  | { ask: 'day'; do: 'statements'; seats: number }

export interface Recomputed {
  done: number
  of: number
}

interface Parts {
  area: AreaHandle
  statements: RunningStatements
  base: number
  seatCount: number
  moveClock(atMs: number): Promise<void>
}

const perCommand = 100
const underWay = 8

export function playedDay({ area, statements, base, seatCount, moveClock }: Parts) {
  /** The newest command that computed an interval, by its start. */
  const times = new Map<number, number>()
  area.subscribe(({ sequence, intervals }) => {
    for (const start of intervals) times.set(start, sequence)
  })
  const until = async (isDone: () => boolean) => {
    while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 20))
  }

  async function submitAll(submissions: Submission[]): Promise<void> {
    let next = 0
    const work = async () => {
      while (next < submissions.length) {
        const events = await area.submit(submissions[next++]!)
        const refused = events.find((event) => event.type === 'refused' || ('code' in event && event.code !== null))
        if (refused !== undefined) throw new Error(JSON.stringify(refused))
      }
    }
    await Promise.all(Array.from({ length: underWay }, work))
  }

  /** Their signatures are not checked here: this is the day before what is measured. */
  async function fill(first: number, boundaries: number): Promise<void> {
    const signature = `0x${'5'.repeat(128)}` as const
    const accounts = Array.from({ length: seatCount }, (_, n) => accountKey(n + 1).address)
    const meters = Array.from({ length: seatCount }, (_, n) => meterKey(n + 1).address)
    const orders = [0, 1].flatMap((side) =>
      accounts.map((account, n): Submission => {
        const order: Order = {
          ...{ account, meter: meters[n]!, rules: settings.rulesHash, market: 0, side, timeInForce: 0 },
          ...{ limitPrice: (side === 0 ? 2_000 : 1_000) + (n % 1_000), maxWh: 2_000, start: base + intervalSeconds },
          ...{ end: base + 2 * daySeconds, nonce: 1 },
        }
        const id = `0x${(2 * n + side + 1).toString(16).padStart(64, '0')}` as const
        return { type: 'order', id, order, signature, session: null }
      }),
    )
    await submitAll(orders)
    for (let boundary = 1; boundary <= boundaries; boundary += 1) {
      const time = base + boundary * intervalSeconds
      const readings = meters.slice(first - 1).map((meter, place) => {
        const extras = { quality: 0, signature, sequence: boundary, productionWh: null, reasons: 0, key: null }
        return { meter, epoch: 1, time, ...registersOf(first + place, boundary), ...extras }
      })
      await moveClock(time * 1000 + 1_000)
      await submitAll(
        Array.from({ length: Math.ceil(readings.length / perCommand) }, (_, part): Submission => {
          return { type: 'readings', readings: readings.slice(part * perCommand, (part + 1) * perCommand) }
        }),
      )
      await compute(boundary)
    }
  }

  async function compute(boundary: number): Promise<void> {
    const end = base + boundary * intervalSeconds
    await moveClock(end * 1000 + settings.graceMs + 1_000)
    await until(() => area.status.oldestOpen === null || area.status.oldestOpen >= end)
  }

  return async (request: DayRequest): Promise<unknown> => {
    switch (request.do) {
      case 'fill':
        return fill(request.first, request.boundaries)
      case 'compute':
        return compute(request.boundary)
      case 'sequence':
        return area.status.sequence
      case 'recomputed': {
        const starts = [...times.keys()]
        const left = () => starts.filter((start) => times.get(start)! <= request.since).length
        const untilMs = performance.now() + request.longestMs
        await until(() => left() === 0 || performance.now() > untilMs)
        return { done: starts.length - left(), of: starts.length } satisfies Recomputed
      }
      case 'cut': {
        const end = base + daySeconds
        await area.submit({ type: 'chain', block: 2, time: end + 120, settledUntil: 0, seats: [], isPart: false })
        await until(() => area.status.cutUntil >= end)
        const made = await statements.make({ area: settings.area, end })
        if (made === null) throw new Error('no batch was cut')
        return made.leaves
      }
      case 'statements': {
        let length = 0
        for (let seat = 1; seat <= request.seats; seat += 1) {
          const file = await statements.file({ area: settings.area, seat, end: base + daySeconds })
          if (file === null) throw new Error(`seat ${seat} has no statement`)
          length += JSON.stringify(file).length
        }
        return length
      }
    }
  }
}
