/**
 * Damaged frames over every family: whatever a line or a gateway makes of a reply, a value is the device's or not there.
 * FRAMES says how many replies are damaged (a few thousand here, a million by `npm run soak:frames`), SEED repeats them.
 *
 * What TCP cannot show (a changed register in a whole reply) is not tried there; with serial framing the checksum shows bursts of
 * up to 16 bits, and those are tried.
 */
import { once } from 'node:events'
import net from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Connection } from '../../../meter-agent/modbus/connection.ts'
import { parseEndpoint } from '../../../meter-agent/modbus/endpoint.ts'
import { ModbusError } from '../../../meter-agent/modbus/error.ts'
import { crc16, type Framing, type ReadRequest, requestReader } from '../../../meter-agent/modbus/frames.ts'
import type { RegisterSource } from '../../../meter-agent/modbus/register-source.ts'
import { profiles } from '../../../meter-agent/profiles/families.ts'
import type { Profile } from '../../../meter-agent/profiles/profile.ts'
import { ProfileReader } from '../../../meter-agent/profiles/profile-device.ts'
import { deviceRegisters, type ProfileImage, profileImage } from '../../../meter-agent/simulator/profile-image.ts'
import { seededRandom } from '../bundle.ts'
import { house } from '../simulator/house.ts'
import { patience } from './register-table.ts'
import { reply } from './scripted-peer.ts'

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const frames = Number(process.env.FRAMES ?? 3_000)
console.log(`damaged frames: SEED=${seed} FRAMES=${frames}`)

const random = seededRandom(seed)
const below = (limit: number) => Math.floor(random() * limit)
const some = <T>(all: readonly T[]): T => all[below(all.length)]!

/** Bytes for the peer to send in place of the reply, each chunk by itself; then it may hang up. */
interface Damage {
  chunks: Buffer[]
  hangUp: boolean
}

const noise = (length: number) => Buffer.from(Array.from({ length }, () => below(256)))

const anyDamage: ((frame: Buffer, at: number) => Buffer[])[] = [
  (frame) => [frame.subarray(0, below(frame.length))],
  (frame) => [noise(1 + below(20)), frame],
  // Noise in place of the end, and less of it than is missing: as much would be a whole reply with other registers.
  (frame) => {
    const cut = below(frame.length - 1)
    return [Buffer.concat([frame.subarray(0, cut), noise(1 + below(Math.min(8, frame.length - cut - 1)))])]
  },
  () => [noise(1 + below(40))],
  () => [],
  // Split, and whole after all.
  (frame) => {
    const cut = 1 + below(frame.length - 1)
    return [frame.subarray(0, cut), frame.subarray(cut)]
  },
  (frame) => [Buffer.concat([frame, frame])],
]

const tcpDamage: typeof anyDamage = [
  ...anyDamage,
  // Transaction, protocol, length, unit, function, byte count: each can be wrong by itself.
  ...[0, 1, 4, 5, 6, 7, 8].map((at) => (frame: Buffer) => {
    const changed = Buffer.from(frame)
    changed[at] = (changed[at]! + 1 + below(255)) & 0xff
    return [changed]
  }),
  (frame) => [Buffer.concat([frame.subarray(0, 4), Buffer.from([0, 3, frame[6]!, frame[7]! | 0x80, 1 + below(11)])])],
]

const serialDamage: typeof anyDamage = [
  ...anyDamage,
  // Up to sixteen bits in a row: the checksum shows each such burst.
  (frame) => {
    const changed = Buffer.from(frame)
    const from = below(frame.length * 8 - 16)
    changed[from >> 3]! ^= 0x80 >> (from & 7)
    for (let bit = from + 1; bit < from + 16; bit += 1) if (random() < 0.5) changed[bit >> 3]! ^= 0x80 >> (bit & 7)
    return [changed]
  },
  (frame) => {
    const pdu = Buffer.from([frame[0]!, frame[1]! | 0x80, 1 + below(11)])
    const checksum = Buffer.alloc(2)
    checksum.writeUInt16LE(crc16(pdu))
    return [Buffer.concat([pdu, checksum])]
  },
]

let families: [Profile, ProfileImage][]
let profile: Profile
let image: ProfileImage
/** The request whose reply is damaged; `null`: none. */
let damaged: number | null = null
let asked = 0
const servers: net.Server[] = []
const ports: Record<Framing, number> = { tcp: 0, rtu: 0 }

function answer(framing: Framing, request: ReadRequest): Buffer | null {
  const table =
    request.unit === 30
      ? profile.functions.includes(request.functionCode as 3)
        ? image.grid
        : new Map<number, number>()
      : deviceRegisters(profile, image, request.functionCode)
  const words = Array.from({ length: request.count }, (_, index) => table.get(request.address + index))
  if (words.every((word) => word === undefined)) return null
  return reply(
    framing,
    request,
    words.map((word) => word ?? 0),
  )
}

async function serve(framing: Framing): Promise<number> {
  const server = net.createServer((socket) => {
    const reader = requestReader(framing)
    socket.setNoDelay()
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      for (const request of reader(chunk) ?? []) {
        const whole = answer(framing, request)
        const number = asked
        asked += 1
        if (whole && number !== damaged) socket.write(whole)
        else if (whole)
          send(socket, { chunks: some(framing === 'tcp' ? tcpDamage : serialDamage)(whole, 0), hangUp: true })
        else socket.write(refusal(framing, request))
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  servers.push(server)
  return (server.address() as net.AddressInfo).port
}

function send(socket: net.Socket, { chunks, hangUp }: Damage): void {
  for (const chunk of chunks) if (chunk.length > 0) socket.write(chunk)
  // Nobody has to wait for what does not come.
  if (hangUp) socket.end()
}

function refusal(framing: Framing, request: ReadRequest): Buffer {
  const pdu = Buffer.from([request.unit, request.functionCode | 0x80, 2])
  if (framing === 'rtu') {
    const checksum = Buffer.alloc(2)
    checksum.writeUInt16LE(crc16(pdu))
    return Buffer.concat([pdu, checksum])
  }
  const header = Buffer.alloc(6)
  header.writeUInt16BE(request.transactionId ?? 0, 0)
  header.writeUInt16BE(pdu.length, 4)
  return Buffer.concat([header, pdu])
}

beforeAll(async () => {
  const values = { ...house(), batteryPowerW: -700, stateOfChargePercent: 63 }
  families = [...profiles.values()].map((one) => [one, profileImage(one, values)])
  ports.tcp = await serve('tcp')
  ports.rtu = await serve('rtu')
})
afterAll(() => {
  for (const server of servers) server.close()
})

async function readThrough(framing: Framing, chosen: [Profile, ProfileImage], damagedRequest: number | null) {
  ;[profile, image] = chosen
  damaged = damagedRequest
  asked = 0
  const scheme = framing === 'tcp' ? 'tcp' : 'rtutcp'
  const connection = new Connection(parseEndpoint(`${scheme}://127.0.0.1:${ports[framing]}?timeout=400&retries=0`))
  // What is known of one device must not slow down the next: no pauses, and after a failure nothing more is asked on a serial line.
  let failed = false
  const source: RegisterSource = {
    get generation() {
      return connection.generation
    },
    async read(request) {
      if (failed && framing === 'rtu') throw new ModbusError('MODBUS_CLOSED', 'the connection was closed')
      try {
        return await connection.read(request)
      } catch (error) {
        failed = !(error instanceof ModbusError && error.exception !== null)
        throw error
      }
    },
  }
  const unit = chosen[0].unit
  const reader = new ProfileReader({
    source,
    profile: chosen[0],
    unit,
    gridUnit: 30,
    patience: { ...patience, timeoutMs: 400, tries: 1, registersPerRequest: chosen[0].registersPerRequest },
  })
  try {
    return await reader.readOnce()
  } catch (error) {
    if (!(error instanceof ModbusError)) throw error
    return null
  } finally {
    connection.close()
  }
}

describe(`of ${frames} damaged frames (SEED=${seed})`, () => {
  it.each(['tcp', 'rtu'] as const)('none over %s makes a wrong value', { timeout: 24 * 3_600_000 }, async (framing) => {
    const whole = new Map<string, { reading: object; requests: number }>()
    for (const chosen of families) {
      const read = await readThrough(framing, chosen, null)
      expect(read, chosen[0].name).not.toBeNull()
      whole.set(chosen[0].name, { reading: read!.reading, requests: asked })
    }
    let values = 0
    for (let frame = 0; frame < frames / 2; frame += 1) {
      const chosen = families[frame % families.length]!
      const right = whole.get(chosen[0].name)!
      const read = await readThrough(framing, chosen, below(right.requests))
      for (const [field, value] of Object.entries(read?.reading ?? {})) {
        if (value === null) continue
        values += 1
        if (value !== right.reading[field as keyof typeof right.reading]) {
          expect(`${chosen[0].name}, frame ${frame}: ${field} ${value}`).toBe(
            `${right.reading[field as keyof typeof right.reading]}`,
          )
        }
      }
    }
    expect(values).toBeGreaterThan(frames / 10)
  })
})
