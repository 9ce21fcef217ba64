/**
 * The socket.io namespace `/agents`: meter agents announce their meters, deliver signed readings until each one is
 * acknowledged, and show what they see now. See `contracts/protocol/wire.ts` for the messages.
 */
import type { Logger } from 'pino'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { Server } from 'socket.io'
import { keyAt, keysFrom } from '../../contracts/protocol/meter-keys.ts'
import { checkForm, type Mistake, mistakeLine } from '../../contracts/protocol/mistakes.ts'
import {
  type HelloAnswer,
  helloSchema,
  type ReadingAck,
  type ReadingsAnswer,
  readingsMessageSchema,
  readingsPerMessage,
  signedReadingSchema,
  telemetrySchema,
} from '../../contracts/protocol/wire.ts'
import type { NetworkOf } from '../api/addresses.ts'
import { createAllowance } from '../api/allowance.ts'
import { type HeardHellos, helloToleranceMs } from '../api/heard-hellos.ts'
import type { Areas } from '../api/parts.ts'
import { ApiError, databaseSilent } from '../api/problem.ts'
import { AreaError } from '../areas/error.ts'
import { type SignatureCheck, SignatureCheckError } from '../signatures/signature-check.ts'
import { isUnableNow } from '../store/unreachable.ts'
import { dropWhenSlow } from './limits.ts'
import { type HeldOfMeter, heldOf, type MeterSeat, seatsOfMeter } from './meter-seats.ts'
import { limitPlaces } from './places.ts'
import {
  type ArrivedReading,
  createReadingIntake,
  isOutOfDate,
  type ReadingIntake,
  readingRefusal,
  toldBy,
  type WelcomedMeter,
} from './reading-intake.ts'
import type { TelemetryBoard } from './telemetry-board.ts'

export interface AgentSocketParts {
  areas: Areas
  signatures: SignatureCheck
  telemetry: TelemetryBoard
  networkOf: NetworkOf
  hellos: HeardHellos
  registry: Registry
  log: Logger
}

/** How many connections there may be of agents that have said a signed hello, and of those that have not. */
const places = { known: 20_000, knownOfOne: 4, strangers: 4_000, strangersOfNetwork: 256 }
const limits = {
  metersPerConnection: 256,
  /** Messages of one connection that are worked on at a time. */
  messagesUnderWay: 8,
  /** Readings of all connections that are worked on at a time. */
  readingsUnderWay: 10_000,
  /** A connection that has announced no meter for so long is closed. */
  silentMs: 120_000,
}
/** Announcements from strangers of one network that the meter has not signed: each costs a check of a signature. */
const mostFalsePerMinute = 1_200
/** Readings of one agent that change nothing (duplicates, refused ones) and announcements said again. */
const mostVainPerMinute = 6_000
const retryMs = { busy: 1_000, usedHello: 1_000, unknownMeter: 3_000, clock: 60_000, failure: 5_000 }

/** The meters announced on a connection. */
type AnnouncedMeters = Map<string, WelcomedMeter>

type Refusal = Extract<ReadingsAnswer, { ok: false }>

export function attachAgents(io: Server, parts: AgentSocketParts): void {
  const { areas, signatures, telemetry, networkOf, hellos, registry, log } = parts
  const namespace = io.of('/agents')
  const metrics = registerMetrics(registry, () => namespace.sockets.size)
  const intake = createReadingIntake(areas, signatures)
  const falseHellos = createAllowance({
    mostPerMinute: mostFalsePerMinute,
    done: 'one address may announce meters without their signature',
  })
  const vain = createAllowance({ mostPerMinute: mostVainPerMinute, done: 'an agent may send what changes nothing' })
  let readingsUnderWay = 0
  const { makeKnown } = limitPlaces(namespace, { networkOf, limits: places, nameOf: () => null })

  namespace.on('connection', (socket) => {
    const meters: AnnouncedMeters = new Map()
    const network = networkOf(socket.request)
    let messagesUnderWay = 0
    /** The meter that was announced first. */
    let name: string | null = null
    let silence = setTimeout(() => socket.disconnect(true), limits.silentMs)
    dropWhenSlow(socket, () => metrics.dropped.inc())

    /** Hangs up where an area may have lost what it had acknowledged: the agent announces its meters anew and hears what is left. */
    function hangUp(): boolean {
      if (!isSomeOutOfDate(areas, meters)) return false
      socket.disconnect(true)
      return true
    }

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
      const nowMs = Date.now()
      const [allowance, who] = name === null ? [falseHellos, network] : [vain, name]
      allowance.check(who, nowMs)
      // A good announcement of a meter that is new on this connection gets this back; many may be checked at the same time.
      allowance.charge(who, nowMs, 1)
      const { answer, announced } = await hello(message, { areas, signatures, nowMs })
      const isAgain = announced !== null && meters.has(announced.meter)
      const isUsed = announced !== null && !hellos.isFirst(announced.as.domain, announced, nowMs) && !isAgain
      const isUnsigned = !answer.ok && answer.code === 'HELLO_SIGNATURE'
      if (!isUnsigned && !isUsed && !isAgain) allowance.charge(who, nowMs, -1)
      if (announced === null) return answer
      if (isUsed) {
        const text = 'this announcement was heard before: sign one of another second'
        return { ...refusal('HELLO_USED', text, retryMs.usedHello), serverTimeMs: nowMs }
      }
      if (meters.size >= limits.metersPerConnection && !meters.has(announced.meter)) {
        return refusal(
          'HELLO_LIMIT',
          `a connection carries at most ${limits.metersPerConnection} meters`,
          retryMs.clock,
        )
      }
      if (!makeKnown(socket, announced.meter)) {
        return refusal('SOCKETS_FULL', 'the server has as many agents as it takes; try again later', retryMs.clock)
      }
      clearTimeout(silence)
      name ??= announced.meter
      meters.set(announced.meter, announced.as)
      return answer
    })

    onMessage('readings', async (message) => {
      if (hangUp()) return refusal('AREA_NOT_READY', 'the area was made again: announce the meter anew', retryMs.busy)
      if (name === null) {
        return refusal('READING_FOREIGN', 'this connection has not announced a meter', retryMs.unknownMeter)
      }
      vain.check(name, Date.now())
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
        const results = await takeReadings(elements.data, meters, intake)
        for (const { code } of results) if (code !== undefined) metrics.refused.inc({ code })
        vain.charge(name, Date.now(), results.filter(isVain).length)
        return waitingFor(results) ?? { ok: true, results }
      } finally {
        readingsUnderWay -= count
      }
    })

    socket.on('telemetry', (message: unknown) => {
      if (hangUp()) return
      const values = telemetrySchema.safeParse(message)
      const isTaken =
        values.success && meters.has(values.data.meter) && Math.abs(values.data.timeMs - Date.now()) <= helloToleranceMs
      metrics.telemetry.inc({ status: isTaken ? 'taken' : 'refused' })
      if (isTaken) telemetry.put(values.data)
    })

    socket.once('disconnect', () => clearTimeout(silence))
  })
}

function isSomeOutOfDate(areas: Areas, meters: Readonly<AnnouncedMeters>): boolean {
  for (const [meter, as] of meters) if (isOutOfDate(as, seatsOfMeter(areas, meter, as.domain))) return true
  return false
}

/** Checks who announces which meter, and answers what the agent compares with its own configuration. */
async function hello(
  message: unknown,
  { areas, signatures, nowMs }: { areas: Areas; signatures: SignatureCheck; nowMs: number },
): Promise<{ answer: HelloAnswer; announced: { meter: string; time: number; as: WelcomedMeter } | null }> {
  const refuse = (code: string, text: string, retryAfterMs: number) => ({
    answer: { ...refusal(code, text, retryAfterMs), serverTimeMs: nowMs },
    announced: null,
  })
  const { data: hello, mistakes } = checkForm(helloSchema, message, 1)
  if (mistakes !== null) return refuse('HELLO_MALFORMED', firstOf(mistakes), retryMs.clock)
  const { meter, time, signature } = hello
  if (Math.abs(time * 1000 - nowMs) > helloToleranceMs) {
    const text = `the agent's clock says ${new Date(time * 1000).toISOString()}, the server's ${new Date(nowMs).toISOString()}`
    return refuse('HELLO_CLOCK', text, retryMs.clock)
  }
  const candidates = escrowsOf(seatsOfMeter(areas, meter), nowMs / 1000)
  if (candidates.length === 0) {
    return refuse('METER_UNKNOWN', `no seat of this server has meter ${meter}: open one`, retryMs.unknownMeter)
  }
  // A meter may have been in areas of several escrows; its agent signs for one of them.
  for (const { served, told, newest, gaps, settledTo, keys } of candidates) {
    const { area: number, rules, chain } = served.area.settings
    const [signer] = await signatures.recover(chain, 'AgentHello', [{ value: { meter, time }, signature }])
    if (signer === null || signer === undefined || !keysFrom(meter, keys, nowMs / 1000).includes(signer)) continue
    return {
      answer: {
        ...{ ok: true, area: number, intervalSeconds: rules.intervalSeconds },
        ...{ chainId: chain.chainId, escrow: chain.escrow, serverTimeMs: nowMs, newest, gaps, settledTo, keys },
      },
      announced: { meter, time, as: { domain: chain, told } },
    }
  }
  const { area, seat } = candidates[0]!.served
  const key = keyAt(meter, seat.keys, nowMs / 1000)
  const wanted = key === meter ? meter : `${key}, which signs for ${meter} now,`
  const text = `the announcement is not signed by ${wanted} for escrow ${area.settings.chain.escrow}`
  return refuse('HELLO_SIGNATURE', text, retryMs.clock)
}

/** For each escrow, what this server has of the meter. */
function escrowsOf(seats: readonly MeterSeat[], now: number): (HeldOfMeter & Pick<WelcomedMeter, 'told'>)[] {
  const byEscrow = new Map<string, MeterSeat[]>()
  for (const each of seats) {
    const { chainId, escrow } = each.area.settings.chain
    byEscrow.set(`${chainId} ${escrow}`, [...(byEscrow.get(`${chainId} ${escrow}`) ?? []), each])
  }
  return [...byEscrow.values()].map((ofEscrow) => ({ ...heldOf(ofEscrow, now)!, told: toldBy(ofEscrow) }))
}

/** What becomes of each element, in order; one that is refused disturbs none of its neighbours. */
async function takeReadings(
  elements: readonly unknown[],
  meters: Readonly<AnnouncedMeters>,
  intake: ReadingIntake,
): Promise<ReadingAck[]> {
  const results: ReadingAck[] = []
  const places: number[] = []
  const arrived: ArrivedReading[] = []
  for (const [place, element] of elements.entries()) {
    const { data: reading, mistakes } = checkForm(signedReadingSchema, element, 1)
    if (mistakes !== null) {
      results[place] = readingRefusal(nameOf(element), 'READING_MALFORMED', firstOf(mistakes), false)
      continue
    }
    const announced = meters.get(reading.meter)
    if (announced === undefined) {
      results[place] = readingRefusal(reading, 'READING_FOREIGN', 'this connection has not announced the meter', true)
      continue
    }
    places.push(place)
    arrived.push({ reading, domain: announced.domain, told: announced.told })
  }
  const taken = await intake.take(arrived)
  for (const [index, place] of places.entries()) results[place] = taken[index]!
  return results
}

/** The refusal of a whole message where no area could take anything of it now: the agent waits and sends it again. */
function waitingFor(results: readonly ReadingAck[]): Refusal | null {
  const { code, message } = results[0]!
  const isWaiting = results.every((each) => passing.has(each.code ?? ''))
  return isWaiting ? refusal(code!, message!, retryMs.busy) : null
}

/** Whether the reading changed nothing, for a reason that will not pass by itself. */
function isVain({ status, code }: ReadingAck): boolean {
  return status === 'duplicate' || (status === 'refused' && !passing.has(code ?? ''))
}

const passing: ReadonlySet<string> = new Set<AreaError['code']>([
  'AREA_BUSY',
  'AREA_NOT_READY',
  'AREA_HELD',
  'AREA_STOPPED',
])

/** As much of a malformed element's name as can be read. */
function nameOf(element: unknown): { meter: string; epoch: number; time: number } {
  const { meter, epoch, time } = (element ?? {}) as Record<string, unknown>
  return {
    meter: typeof meter === 'string' ? meter.slice(0, 42) : '',
    epoch: typeof epoch === 'number' ? epoch : 0,
    time: typeof time === 'number' ? time : 0,
  }
}

function refusal(code: string, message: string, retryAfterMs: number): Refusal {
  return { ok: false, code, message, retryAfterMs }
}

function refusalOf(error: unknown, log: Logger): Refusal {
  if (error instanceof AreaError || error instanceof SignatureCheckError) {
    return refusal(error.code, error.message, retryMs.busy)
  }
  if (error instanceof ApiError) {
    return refusal(error.code, error.message, 1000 * (error.retryAfterSeconds ?? 1))
  }
  if (isUnableNow(error)) return refusalOf(databaseSilent(), log)
  log.error({ err: error }, 'a message of an agent failed')
  return refusal('INTERNAL', 'the server failed; it has been noted', retryMs.failure)
}

/** Unknown keys are named, however many there are. */
const longestIssue = 300

function firstOf(mistakes: readonly Mistake[]): string {
  return mistakeLine(mistakes[0]!).slice(0, longestIssue)
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
