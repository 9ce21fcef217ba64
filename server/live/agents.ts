/**
 * The socket.io namespace `/agents`: meter agents announce their meters, deliver signed readings until each one is
 * acknowledged, and show what they see now. See `contracts/protocol/wire.ts` for the messages.
 */
import type { Logger } from 'pino'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Server } from 'socket.io'
import { keyAt, keysFrom } from '../../contracts/protocol/meter-keys.ts'
import {
  type HelloAnswer,
  helloSchema,
  type ReadingAck,
  type ReadingsAnswer,
  readingsMessageSchema,
  readingsPerMessage,
  type SignedReading,
  signedReadingSchema,
  telemetrySchema,
} from '../../contracts/protocol/wire.ts'
import type { Areas } from '../api/parts.ts'
import { seatOf } from '../api/present.ts'
import type { AreaWorker } from '../areas/area-worker.ts'
import { AreaError } from '../areas/error.ts'
import type { Event } from '../market/engine/area.ts'
import type { SeatState } from '../market/engine/state.ts'
import { type SignatureCheck, SignatureCheckError } from '../signatures/signature-check.ts'
import { dropWhenSlow, limitConnections } from './limits.ts'
import type { MeterOwner, TelemetryBoard } from './telemetry-board.ts'

export interface AgentSocketParts {
  areas: Areas
  signatures: SignatureCheck
  telemetry: TelemetryBoard
  registry: Registry
  log: Logger
}

/** How far an agent's clock may be off when it announces a meter. */
const clockToleranceMs = 300_000
const limits = {
  metersPerConnection: 256,
  /** Messages of one connection that are worked on at a time. */
  messagesUnderWay: 8,
  /** Readings of all connections that are worked on at a time. */
  readingsUnderWay: 10_000,
  /** A connection that announced nothing for so long is closed. */
  silentMs: 120_000,
}
const retryMs = { busy: 1_000, unknownMeter: 3_000, clock: 60_000, failure: 5_000 }

/** The meters announced on a connection, each with the worker of its area. */
type AnnouncedMeters = Map<string, AreaWorker>

type Refusal = Extract<ReadingsAnswer, { ok: false }>

export function attachAgents(io: Server, { areas, signatures, telemetry, registry, log }: AgentSocketParts): void {
  const namespace = io.of('/agents')
  const metrics = registerMetrics(registry, () => namespace.sockets.size)
  let readingsUnderWay = 0
  limitConnections(namespace)

  namespace.on('connection', (socket) => {
    const meters: AnnouncedMeters = new Map()
    let messagesUnderWay = 0
    let silence = setTimeout(() => socket.disconnect(true), limits.silentMs)
    dropWhenSlow(socket, () => metrics.dropped.inc())

    /** Answers a message; what goes wrong inside becomes the answer that the agent knows to wait on. */
    function onMessage(name: 'hello' | 'readings', work: (message: unknown) => Promise<HelloAnswer | ReadingsAnswer>) {
      socket.on(name, async (message: unknown, answer: unknown) => {
        if (typeof answer !== 'function') return
        if (messagesUnderWay >= limits.messagesUnderWay) {
          answer(refusal('AGENTS_BUSY', 'wait for the answers to the messages before', retryMs.busy))
          return
        }
        messagesUnderWay += 1
        try {
          answer(await work(message))
        } catch (error) {
          answer(refusalOf(error, log))
        } finally {
          messagesUnderWay -= 1
        }
      })
    }

    onMessage('hello', async (message) => {
      clearTimeout(silence)
      if (meters.size === 0) silence = setTimeout(() => socket.disconnect(true), limits.silentMs)
      const { answer, announced } = await hello(message, { areas, signatures, nowMs: Date.now() })
      if (announced === null) return answer
      if (meters.size >= limits.metersPerConnection && !meters.has(announced.meter)) {
        return refusal(
          'HELLO_LIMIT',
          `a connection carries at most ${limits.metersPerConnection} meters`,
          retryMs.clock,
        )
      }
      clearTimeout(silence)
      meters.set(announced.meter, announced.worker)
      return answer
    })

    onMessage('readings', async (message) => {
      const elements = readingsMessageSchema.safeParse(message)
      if (!elements.success) {
        const form = `readings are an array of 1 to ${readingsPerMessage} readings`
        return refusal('READINGS_MALFORMED', form, retryMs.failure)
      }
      const count = elements.data.length
      if (readingsUnderWay + count > limits.readingsUnderWay) {
        return refusal('AGENTS_BUSY', 'too many readings arrive at once', retryMs.busy)
      }
      readingsUnderWay += count
      try {
        const results = await takeReadings(elements.data, meters, signatures)
        for (const { code } of results) if (code !== undefined) metrics.refused.inc({ code })
        return { ok: true, results }
      } finally {
        readingsUnderWay -= count
      }
    })

    socket.on('telemetry', (message: unknown) => {
      const values = telemetrySchema.safeParse(message)
      const worker = values.success ? meters.get(values.data.meter) : undefined
      const owner = values.success && worker !== undefined ? ownerOf(values.data.meter, worker) : null
      if (!values.success || owner === null || Math.abs(values.data.timeMs - Date.now()) > clockToleranceMs) {
        metrics.telemetry.inc({ status: 'refused' })
        return
      }
      metrics.telemetry.inc({ status: 'taken' })
      telemetry.put(owner, values.data)
    })

    socket.once('disconnect', () => clearTimeout(silence))
  })
}

/** Checks who announces which meter, and answers what the agent compares with its own configuration. */
async function hello(
  message: unknown,
  { areas, signatures, nowMs }: { areas: Areas; signatures: SignatureCheck; nowMs: number },
): Promise<{ answer: HelloAnswer; announced: { meter: string; worker: AreaWorker } | null }> {
  const refuse = (code: string, text: string, retryAfterMs: number) => ({
    answer: { ...refusal(code, text, retryAfterMs), serverTimeMs: nowMs },
    announced: null,
  })
  const parsed = helloSchema.safeParse(message)
  if (!parsed.success) return refuse('HELLO_MALFORMED', firstIssue(parsed.error.issues), retryMs.clock)
  const { meter, time, signature } = parsed.data
  if (Math.abs(time * 1000 - nowMs) > clockToleranceMs) {
    const text = `the agent's clock says ${new Date(time * 1000).toISOString()}, the server's ${new Date(nowMs).toISOString()}`
    return refuse('HELLO_CLOCK', text, retryMs.clock)
  }
  const worker = areas.all().find(({ state }) => state.seatOfMeter.has(meter))
  const seat = worker && seatOfMeter(meter, worker)
  if (worker === undefined || seat === undefined) {
    return refuse('METER_UNKNOWN', `no seat of this server has meter ${meter}: open one`, retryMs.unknownMeter)
  }
  const { area, rules, chain } = worker.settings
  const [signer] = await signatures.recover(chain, 'AgentHello', [{ value: { meter, time }, signature }])
  const { keys = [] } = seat.chain
  if (signer === null || signer === undefined || !keysFrom(meter, keys, nowMs / 1000).includes(signer)) {
    const key = keyAt(meter, keys, nowMs / 1000)
    const wanted = key === meter ? meter : `${key}, which signs for ${meter} now,`
    return refuse(
      'HELLO_SIGNATURE',
      `the announcement is not signed by ${wanted} for escrow ${chain.escrow}`,
      retryMs.clock,
    )
  }
  const { epoch, time: newestTime } = seat.readings.at(-1) ?? seat.base
  return {
    answer: {
      ok: true,
      area,
      intervalSeconds: rules.intervalSeconds,
      chainId: chain.chainId,
      escrow: chain.escrow,
      serverTimeMs: nowMs,
      newest: { epoch, time: newestTime },
      keys,
    },
    announced: { meter, worker },
  }
}

/** Whose meter it is now: seats change hands while agents stay connected. */
function ownerOf(meter: string, worker: AreaWorker): MeterOwner | null {
  const seat = seatOfMeter(meter, worker)
  if (seat === undefined) return null
  return { account: seat.chain.account, seat: seatOf({ area_id: worker.settings.area, seat: seat.chain.seat }) }
}

function seatOfMeter(meter: string, { state }: AreaWorker): SeatState | undefined {
  const number = state.seatOfMeter.get(meter)
  return number === undefined ? undefined : state.seats.get(number)
}

/** What becomes of each element, in order; one that is refused disturbs none of its neighbours. */
async function takeReadings(
  elements: readonly unknown[],
  meters: Readonly<AnnouncedMeters>,
  signatures: SignatureCheck,
): Promise<ReadingAck[]> {
  const results: ReadingAck[] = []
  const byWorker = new Map<AreaWorker, { at: number; reading: SignedReading }[]>()
  for (const [at, element] of elements.entries()) {
    const parsed = signedReadingSchema.safeParse(element)
    if (!parsed.success) {
      results[at] = refused(nameOf(element), 'READING_MALFORMED', firstIssue(parsed.error.issues), false)
      continue
    }
    const worker = meters.get(parsed.data.meter)
    if (worker === undefined) {
      results[at] = refused(parsed.data, 'READING_FOREIGN', 'this connection has not announced the meter', true)
      continue
    }
    const sorted = byWorker.get(worker) ?? []
    byWorker.set(worker, sorted)
    sorted.push({ at, reading: parsed.data })
  }
  await Promise.all([...byWorker].map(([worker, items]) => submitSigned(worker, items, { signatures, results })))
  return results
}

/** Submits to the area what the meters themselves signed, and writes what became of each into `results`. */
async function submitSigned(
  worker: AreaWorker,
  items: readonly { at: number; reading: SignedReading }[],
  { signatures, results }: { signatures: SignatureCheck; results: ReadingAck[] },
): Promise<void> {
  const signed = items.map(({ reading }) => ({ value: signedPart(reading), signature: reading.signature }))
  const signers = await signatures.recover(worker.settings.chain, 'Reading', signed)
  const genuine = items.filter(({ at, reading }, index) => {
    const refusal = wrongSigner(reading, signers[index]!, worker)
    if (refusal !== null) results[at] = refusal
    return refusal === null
  })
  if (genuine.length === 0) return
  const events = await worker.submit(
    {
      type: 'readings',
      atMs: Date.now(),
      readings: genuine.map(({ reading }) => ({ ...signedPart(reading), signature: reading.signature })),
    },
    genuine.map(({ reading: { meter, epoch, time, sequence, productionWh, reasons } }) => ({
      meter,
      epoch,
      time,
      sequence,
      productionWh,
      reasons,
    })),
  )
  const answers = events.filter((event) => event.type === 'reading')
  for (const [index, { at, reading }] of genuine.entries()) results[at] = ackOf(reading, answers[index])
}

/**
 * Why a reading is not signed as it must be; null where it is. Another of the meter's keys may have signed before it heard
 * that the keys change: the reading can be sent again with the right one.
 */
function wrongSigner(reading: SignedReading, signer: string | null, worker: AreaWorker): ReadingAck | null {
  const { meter, time } = reading
  const keys = seatOfMeter(meter, worker)?.chain.keys ?? []
  const key = keyAt(meter, keys, time)
  if (signer === key) return null
  if (signer === meter || keys.some((later) => later.key === signer)) {
    return refused(reading, 'READING_KEY', `at this boundary key ${key} signs for the meter`, true)
  }
  return refused(reading, 'READING_SIGNATURE', 'the reading is not signed by its meter for this escrow', false)
}

/** The engine answers readings in their order. */
function ackOf(reading: SignedReading, event: Extract<Event, { type: 'reading' }> | undefined): ReadingAck {
  if (event?.meter !== reading.meter || event.epoch !== reading.epoch || event.time !== reading.time) {
    throw new Error(`the engine answered another reading than ${reading.meter} at ${reading.time}`)
  }
  const { type: _, ...ack } = event
  return ack
}

/** The signed part of a reading. */
function signedPart({ meter, epoch, time, importWh, exportWh, quality }: SignedReading) {
  return { meter, epoch, time, importWh, exportWh, quality }
}

/** As much of a malformed element's name as can be read. */
function nameOf(element: unknown): { meter: string; epoch: number; time: number } {
  const { meter, epoch, time } = (element ?? {}) as Record<string, unknown>
  return {
    meter: typeof meter === 'string' ? meter.slice(0, 42) : '',
    epoch: typeof epoch === 'number' ? epoch : 0,
    time: typeof time === 'number' ? time : 0,
  }
}

function refused(
  { meter, epoch, time }: { meter: string; epoch: number; time: number },
  code: string,
  message: string,
  retry: boolean,
): ReadingAck {
  return { meter, epoch, time, status: 'refused', code, message, retry }
}

function refusal(code: string, message: string, retryAfterMs: number): Refusal {
  return { ok: false, code, message, retryAfterMs }
}

function refusalOf(error: unknown, log: Logger): Refusal {
  if (error instanceof AreaError || error instanceof SignatureCheckError) {
    return refusal(error.code, error.message, retryMs.busy)
  }
  log.error({ err: error }, 'a message of an agent failed')
  return refusal('INTERNAL', 'the server failed; it has been noted', retryMs.failure)
}

function firstIssue(issues: readonly { path: PropertyKey[]; message: string }[]): string {
  const { path, message } = issues[0]!
  return path.length === 0 ? message : `${path.join('.')}: ${message}`
}

function registerMetrics(registry: Registry, connections: () => number) {
  const registers = [registry]
  new Gauge({
    name: 'commonwatt_agent_connections',
    help: 'Connections of meter agents',
    registers,
    collect() {
      this.set(connections())
    },
  })
  return {
    refused: new Counter({
      name: 'commonwatt_readings_refused_total',
      help: 'Readings refused, by code',
      labelNames: ['code'],
      registers,
    }),
    telemetry: new Counter({
      name: 'commonwatt_telemetry_total',
      help: 'Telemetry messages by what became of them',
      labelNames: ['status'],
      registers,
    }),
    dropped: new Counter({
      name: 'commonwatt_agent_connections_dropped_total',
      help: 'Connections of agents closed because they did not read',
      registers,
    }),
  }
}
