/**
 * Damaged frames over every family: whatever a line or a gateway makes of a reply, a value is the device's or not there.
 * FRAMES says how many replies are damaged (a few thousand here, a million by `npm run soak:frames`), SEED repeats them.
 *
 * What TCP cannot show (a changed register in a whole reply) is not tried there; with serial framing the checksum shows bursts of
 * up to 16 bits, and those are tried.
 */
import { once } from 'node:events'
import net from 'node:net'
import { describe, expect, it } from 'vitest'
import { Connection } from '../../../meter-agent/modbus/connection.ts'
import { parseEndpoint } from '../../../meter-agent/modbus/endpoint.ts'
import { ModbusError } from '../../../meter-agent/modbus/error.ts'
import { type Framing, type ReadRequest, requestReader, rtuFrame } from '../../../meter-agent/modbus/frames.ts'
import type { RegisterSource } from '../../../meter-agent/modbus/register-source.ts'
import { profiles } from '../../../meter-agent/profiles/families.ts'
import type { Profile } from '../../../meter-agent/profiles/profile.ts'
import { ProfileReader } from '../../../meter-agent/profiles/profile-device.ts'
import { deviceRegisters, type ProfileImage, profileImage } from '../../../meter-agent/simulator/profile-image.ts'
import { seededRandom } from '../bundle.ts'
import { house } from '../simulator/house.ts'
import { exceptionReply, reply } from './scripted-peer.ts'

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const frames = Number(process.env.FRAMES ?? 3_000)
console.log(`damaged frames: SEED=${seed} FRAMES=${frames}`)

/** So many reads at once: serial framing makes each wait for its line's silence. */
const lanes = 24

/** Draws whole numbers below a limit. */
type Draw = (limit: number) => number

/** Each frame has its own luck, so that it is the same whichever lane it comes to. */
function drawsOf(framing: Framing, frame: number): Draw {
  const random = seededRandom(seed + 2 * frame + (framing === 'tcp' ? 0 : 1))
  return (limit) => Math.floor(random() * limit)
}

/** Chunks for the peer to send, each by itself, in place of the whole reply. */
type Damage = (frame: Buffer, below: Draw) => Buffer[]

const noise = (length: number, below: Draw) => Buffer.from(Array.from({ length }, () => below(256)))

const anyDamage: Damage[] = [
  (frame, below) => [frame.subarray(0, below(frame.length))],
  (frame, below) => [noise(1 + below(20), below), frame],
  // Noise in place of the end, and less of it than is missing: as much would be a whole reply with other registers.
  (frame, below) => {
    const cut = below(frame.length - 1)
    return [Buffer.concat([frame.subarray(0, cut), noise(1 + below(Math.min(8, frame.length - cut - 1)), below)])]
  },
  (_, below) => [noise(1 + below(40), below)],
  () => [],
  // Split, and whole after all.
  (frame, below) => {
    const cut = 1 + below(frame.length - 1)
    return [frame.subarray(0, cut), frame.subarray(cut)]
  },
  (frame) => [Buffer.concat([frame, frame])],
]

const tcpDamage: Damage[] = [
  ...anyDamage,
  // Transaction, protocol, length, unit, function, byte count: each can be wrong by itself.
  ...[0, 1, 4, 5, 6, 7, 8].map(
    (at): Damage =>
      (frame, below) => {
        const changed = Buffer.from(frame)
        changed[at] = (changed[at]! + 1 + below(255)) & 0xff
        return [changed]
      },
  ),
  (frame, below) => [
    Buffer.concat([frame.subarray(0, 4), Buffer.from([0, 3, frame[6]!, frame[7]! | 0x80, 1 + below(11)])]),
  ],
]

const serialDamage: Damage[] = [
  ...anyDamage,
  // Up to sixteen bits in a row: the checksum shows each such burst.
  (frame, below) => {
    const changed = Buffer.from(frame)
    const from = below(frame.length * 8 - 16)
    changed[from >> 3]! ^= 0x80 >> (from & 7)
    for (let bit = from + 1; bit < from + 16; bit += 1) if (below(2) === 1) changed[bit >> 3]! ^= 0x80 >> (bit & 7)
    return [changed]
  },
  (frame, below) => {
    const pdu = Buffer.from([frame[0]!, frame[1]! | 0x80, 1 + below(11)])
    return [rtuFrame(pdu)]
  },
]

/** A device of a family on loopback, whose one reply in a read can be damaged. */
class DamagedDevice {
  readonly #framing: Framing
  readonly #server: net.Server
  #family: Family | null = null
  #below: Draw = () => 0
  #damaged: number | null = null
  #asked = 0

  constructor(framing: Framing) {
    this.#framing = framing
    this.#server = net.createServer((socket) => this.#serve(socket))
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  close(): void {
    this.#server.close()
  }

  /** Requests since the device began to be one of this family. */
  get asked(): number {
    return this.#asked
  }

  /** Reads the family once. @param damaged the request whose reply is damaged; `null`: none */
  async read(family: Family, damaged: number | null, below: Draw) {
    ;[this.#family, this.#damaged, this.#below, this.#asked] = [family, damaged, below, 0]
    const { port } = this.#server.address() as net.AddressInfo
    const scheme = this.#framing === 'tcp' ? 'tcp' : 'rtutcp'
    const connection = new Connection(parseEndpoint(`${scheme}://127.0.0.1:${port}?timeout=400&retries=0`))
    const reader = new ProfileReader({
      source: onceFailed(connection, this.#framing),
      profile: family.profile,
      unit: family.profile.unit,
      gridUnit: 30,
      patience: { timeoutMs: 400, tries: 1, registersPerRequest: family.profile.registersPerRequest },
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

  #serve(socket: net.Socket): void {
    const reader = requestReader(this.#framing)
    socket.setNoDelay()
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      for (const request of reader(chunk) ?? []) {
        const whole = this.#answer(request)
        const number = this.#asked
        this.#asked += 1
        if (!whole) socket.write(exceptionReply(this.#framing, request, 2))
        else if (number !== this.#damaged) socket.write(whole)
        else {
          const damages = this.#framing === 'tcp' ? tcpDamage : serialDamage
          const damage = damages[this.#below(damages.length)]!
          for (const part of damage(whole, this.#below)) if (part.length > 0) socket.write(part)
          // Nobody has to wait for what does not come.
          socket.end()
        }
      }
    })
  }

  #answer(request: ReadRequest): Buffer | null {
    const { profile, image } = this.#family!
    const table =
      request.unit === 30
        ? profile.functions.includes(request.functionCode as 3)
          ? image.grid
          : new Map<number, number>()
        : deviceRegisters(profile, image, request.functionCode)
    const words = Array.from({ length: request.count }, (_, index) => table.get(request.address + index))
    if (words.every((word) => word === undefined)) return null
    return reply(
      this.#framing,
      request,
      words.map((word) => word ?? 0),
    )
  }
}

/** Asks nothing more on a serial line after a failure: what is known of one device must not slow down the next. */
function onceFailed(connection: Connection, framing: Framing): RegisterSource {
  let failed = false
  return {
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
}

interface Family {
  profile: Profile
  image: ProfileImage
}

describe(`of ${frames} damaged frames (SEED=${seed})`, () => {
  it.each(['tcp', 'rtu'] as const)('none over %s makes a wrong value', { timeout: 24 * 3_600_000 }, async (framing) => {
    const counted = { ...house(), batteryPowerW: -700, stateOfChargePercent: 63 }
    const families = [...profiles.values()].map((profile) => ({ profile, image: profileImage(profile, counted) }))
    const devices = Array.from({ length: lanes }, () => new DamagedDevice(framing))
    for (const device of devices) await device.listen()
    const whole = new Map<Family, { reading: Record<string, number | null>; requests: number }>()
    for (const family of families) {
      const read = await devices[0]!.read(family, null, drawsOf(framing, 0))
      expect(read, family.profile.name).not.toBeNull()
      whole.set(family, { reading: { ...read!.reading }, requests: devices[0]!.asked })
    }
    let values = 0
    let next = 0
    const lane = async (device: DamagedDevice) => {
      while (next < frames / 2) {
        const frame = next++
        const family = families[frame % families.length]!
        const { reading, requests } = whole.get(family)!
        const below = drawsOf(framing, frame)
        const read = await device.read(family, below(requests), below)
        for (const [field, value] of Object.entries(read?.reading ?? {})) {
          if (value === null) continue
          values += 1
          if (value !== reading[field]) {
            expect(`${family.profile.name}, frame ${frame}: ${field} ${value}`).toBe(`${reading[field]}`)
          }
        }
      }
    }
    await Promise.all(devices.map(lane))
    for (const device of devices) device.close()
    expect(values).toBeGreaterThan(frames / 10)
  })
})
