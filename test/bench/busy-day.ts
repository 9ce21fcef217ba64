/**
 * The busiest day of an area of 10,000 homes, on a server with everything but a chain: homes send a reading each over some seconds
 * behind a boundary, alone and while a hundred homes that were away for a day deliver their backlogs all at once; then the day's
 * batch is cut, its statement made and handed out beside the next boundary. Load, server and database share the machine's cores.
 */
import type { Socket } from 'socket.io-client'
import type { ReadingsAnswer, SignedReading } from '../../contracts/protocol/wire.ts'
import { spreadMs } from '../../meter-agent/link/link.ts'
import type { EmbeddedPostgres } from '../../server/demo/embedded-postgres.ts'
import { turnstile } from '../../server/demo/turnstile.ts'
import type { Recomputed } from './busy-day-server.ts'
import { chunks, open, quantile, sayHello, startServer } from './durable-load.ts'
import type { ThreadBlocks } from './durable-server.ts'
import { daySeconds, intervalSeconds, type Key, meterKey, registersOf, sign } from './durable-street.ts'
import { withPostgres } from './ending.ts'
import type { Blocks } from './longest-block.ts'
import { seededDraws } from './measure.ts'

export interface BusyRow {
  phase: string
  /** Readings of the boundary, each in a message of its own, from being sent until durable. */
  readings: number
  p50Ms: number
  p99Ms: number
  main: Blocks
  area: Blocks
  more: string
}

/** `HOMES=1000 npm run bench -- busy` is quicker and says less. */
const seatCount = Number(process.env.HOMES ?? 10_000)
const away = 100
const intervals = daySeconds / intervalSeconds
const metersPerConnection = 100
/** A connection that has more without an answer is refused: what comes meanwhile waits, and its wait counts. */
const messagesUnderWay = 4

export function benchBusyDay(): Promise<BusyRow[]> {
  return withPostgres(measureBusyDay)
}

async function measureBusyDay(postgres: EmbeddedPostgres): Promise<BusyRow[]> {
  const server = await startServer(postgres.url, seatCount)
  const meters = Array.from({ length: seatCount }, (_, n) => meterKey(n + 1))
  const connections: Connection[] = []
  const rows: BusyRow[] = []
  const draw = seededDraws(7)

  const signed = (meter: Key, seat: number, boundary: number): SignedReading => {
    const time = server.base + boundary * intervalSeconds
    const reading = { meter: meter.address, epoch: 1, time, ...registersOf(seat, boundary), quality: 0 }
    return {
      ...reading,
      signature: sign(meter, 'Reading', reading),
      sequence: boundary,
      productionWh: null,
      reasons: [],
    }
  }
  const connectionOf = (seat: number) => connections[Math.floor((seat - 1) / metersPerConnection)]!

  /** Every home that is there sends its reading at a moment of its own in the time that agents spread it over. */
  async function boundaryPasses(boundary: number, first: number): Promise<number[]> {
    const spread = spreadMs(intervalSeconds)
    const all = meters.slice(first - 1).map((meter, place) => {
      const seat = first + place
      return { seat, reading: signed(meter, seat, boundary), afterMs: draw(spread) }
    })
    await server.ask({ ask: 'clock', atMs: (server.base + boundary * intervalSeconds) * 1000 + 1_000 })
    return Promise.all(
      all.map(async ({ seat, reading, afterMs }) => {
        await new Promise((resolve) => setTimeout(resolve, afterMs))
        return send(connectionOf(seat), [reading])
      }),
    )
  }

  async function measure(phase: string, work: () => Promise<{ latenciesMs: number[]; more: string }>): Promise<void> {
    await server.ask<ThreadBlocks>({ ask: 'blocks' })
    const { latenciesMs, more } = await work()
    const { main, area } = await server.ask<ThreadBlocks>({ ask: 'blocks' })
    const [p50Ms, p99Ms] = [quantile(latenciesMs, 0.5), quantile(latenciesMs, 0.99)]
    rows.push({ phase, readings: latenciesMs.length, p50Ms, p99Ms, main, area, more })
  }

  try {
    for (let first = 0; first < seatCount; first += metersPerConnection) {
      const socket = await open(`${server.origin}/agents`)
      connections.push({ socket, atOnce: turnstile(messagesUnderWay) })
    }
    await Promise.all(
      meters.map((meter, place) => {
        const { socket, atOnce } = connectionOf(place + 1)
        return atOnce(() => sayHello(socket, meter))
      }),
    )
    await server.ask({ ask: 'day', do: 'fill', first: away + 1, boundaries: intervals - 2 })
    await measure('a boundary', async () => {
      const latenciesMs = await boundaryPasses(intervals - 1, away + 1)
      await server.ask({ ask: 'day', do: 'compute', boundary: intervals - 1 })
      return { latenciesMs, more: 'and its interval is computed' }
    })
    const backlogs = meters.slice(0, away).map((meter, place) => {
      return Array.from({ length: intervals }, (_, index) => signed(meter, place + 1, index + 1))
    })
    await measure(`a boundary beside ${away} backlogs of a day`, async () => {
      const since = await server.ask<number>({ ask: 'day', do: 'sequence' })
      const passes = boundaryPasses(intervals, away + 1)
      const startMs = performance.now()
      await Promise.all(backlogs.map((backlog, place) => send(connectionOf(place + 1), backlog)))
      const storedMs = performance.now() - startMs
      const latenciesMs = await passes
      await server.ask({ ask: 'day', do: 'compute', boundary: intervals })
      const { done, of } = await server.ask<Recomputed>({ ask: 'day', do: 'recomputed', since, longestMs: 60_000 })
      const seconds = (performance.now() - startMs) / 1000
      const stored = `${backlogs.flat().length} late readings stored after ${(storedMs / 1000).toFixed(1)} s`
      return { latenciesMs, more: `${stored}, ${done} of ${of} intervals computed after ${seconds.toFixed(1)} s` }
    })
    await measure('a boundary beside a batch of a day', async () => {
      const passes = boundaryPasses(intervals + 1, 1)
      const startMs = performance.now()
      const leaves = await server.ask<number>({ ask: 'day', do: 'cut' })
      const madeMs = performance.now() - startMs
      const characters = await server.ask<number>({ ask: 'day', do: 'statements', seats: 20 })
      const made = `cut, statement of ${leaves} leaves made after ${(madeMs / 1000).toFixed(1)} s`
      return { latenciesMs: await passes, more: `${made}, 20 seats' handed out (${characters} characters)` }
    })
  } finally {
    for (const { socket } of connections) socket.close()
    await server.ask({ ask: 'stop' })
    await server.ended
  }
  return rows
}

interface Connection {
  socket: Socket
  atOnce: ReturnType<typeof turnstile>
}

/** Sends one meter's readings, a message at a time; returns how long they took until acknowledged, in ms. */
async function send({ socket, atOnce }: Connection, readings: SignedReading[]): Promise<number> {
  const sentMs = performance.now()
  for (const message of chunks(readings, 100)) {
    const answer = await atOnce((): Promise<ReadingsAnswer> => socket.emitWithAck('readings', message))
    if (!answer.ok) throw new Error(answer.message)
    const refused = answer.results.find(({ status }) => status === 'refused')
    if (refused !== undefined) throw new Error(JSON.stringify(refused))
  }
  return performance.now() - sentMs
}
