/**
 * Devices of all families served by Debian's pymodbus, over TCP, over RTU frames on TCP and on a serial line, are read as our own
 * simulator's are: some families here, all by `npm run soak:peers` (pymodbus takes its time). What other programs read of the agent's
 * proxy is in `integrations/modbus-proxy.test.ts`.
 */
import { closeSync, constants, openSync } from 'node:fs'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ReadStream } from 'node:tty'
import pty from '@lydell/node-pty'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readDevice } from '../../../meter-agent/devices/device.ts'
import { profiles } from '../../../meter-agent/profiles/families.ts'
import type { DeviceReading } from '../../../meter-agent/registers/device-sample.ts'
import { serveDevice } from '../../../meter-agent/simulator/device-server.ts'
import { deviceRegisters, profileImage } from '../../../meter-agent/simulator/profile-image.ts'
import { sunSpecImage } from '../../../meter-agent/simulator/sunspec-image.ts'
import { freePort } from '../../../server/demo/ports.ts'
import { house } from '../simulator/house.ts'
import { hasPymodbus, type PeerRegisters, servePymodbus } from './pymodbus.ts'

interface Device {
  name: string
  unit: number
  gridUnit?: number
}

/** Every so many of them is tried. */
const stride = process.env.PEERS === 'all' ? 1 : 11
const firstGridUnit = 150
const all: Device[] = [
  { name: 'sunspec', unit: 100 },
  ...[...profiles.values()].map(({ name, points }, index) => ({
    name,
    unit: index + 1,
    ...(Object.values(points).some(({ at }) => at === 'grid') ? { gridUnit: firstGridUnit + index } : {}),
  })),
]
const devices = all.filter((_, index) => index % stride === 0)
const optionsOf = ({ name, ...place }: Device) => (name === 'sunspec' ? place : { ...place, profile: name })

/** As most devices answer: between two registers there is one that holds nothing, not none. */
function plain(table: ReadonlyMap<number, number>): Record<number, number> {
  const between = [...table.keys()].filter((address) => table.has(address + 2)).map((address) => [address + 1, 0xffff])
  return { ...Object.fromEntries(between), ...Object.fromEntries(table) }
}

/** The registers of all devices, by unit. */
function registers(): PeerRegisters {
  const units: PeerRegisters = {}
  for (const { name, unit, gridUnit } of devices) {
    const profile = profiles.get(name)
    if (!profile) {
      units[unit] = { 3: plain(sunSpecImage({ kind: 'sunspec', unit, models: [1, 103, 1, 203] }, house())), 4: {} }
      continue
    }
    const image = profileImage(profile, house())
    units[unit] = { 3: plain(deviceRegisters(profile, image, 3)), 4: plain(deviceRegisters(profile, image, 4)) }
    if (gridUnit !== undefined) units[gridUnit] = { 3: plain(image.grid), 4: plain(image.grid) }
  }
  return units
}

const cleanups: (() => unknown)[] = []
afterAll(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function listening(port: number): Promise<void> {
  const tried = await new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
    socket.once('close', () => {})
    cleanups.push(() => socket.destroy())
  })
  if (tried) return
  await new Promise((resolve) => setTimeout(resolve, 50))
  await listening(port)
}

/** A line between two serial ports. */
function serialLine(): [string, string] {
  const open = (pty as unknown as { open(options: object): { master: ReadStream; slave: ReadStream; ptsName: string } })
    .open
  const ends = [0, 1].map(() => {
    const { master, slave, ptsName } = open({ encoding: null })
    // Something must hold the far end open until somebody does, without reading from it.
    const held = openSync(ptsName, constants.O_RDWR | constants.O_NOCTTY)
    slave.destroy()
    cleanups.push(() => {
      master.destroy()
      closeSync(held)
    })
    return { master: master as unknown as Duplex, path: ptsName }
  })
  const [far, near] = ends
  far!.master.pipe(near!.master).pipe(far!.master)
  return [far!.path, near!.path]
}

describe.skipIf(!hasPymodbus)('another program’s Modbus library, pymodbus', () => {
  const right = new Map<string, DeviceReading>()
  beforeAll(async () => {
    for (const device of devices) {
      const { name, unit, gridUnit: grid } = device
      const served = await serveDevice(
        name === 'sunspec'
          ? { kind: 'sunspec', unit, models: [1, 103, 1, 203] }
          : { kind: 'profile', name, unit, ...(grid === undefined ? {} : { gridUnit: grid }) },
        house,
      )
      const { reading } = await readDevice({ url: `tcp://127.0.0.1:${served.port}`, ...optionsOf(device) })
      right.set(name, reading)
      await served.close()
    }
  })

  test.concurrent.each(['tcp', 'rtutcp', 'serial'] as const)(
    'serves devices of all families over %s',
    async (transport) => {
      const [far, near] = transport === 'serial' ? serialLine() : []
      const port = await freePort()
      const server = servePymodbus(transport, far ?? `${port}`, registers())
      cleanups.push(() => server.kill('SIGKILL'))
      if (near === undefined) await listening(port)
      // Some whole requests in RTU frames pymodbus lets go by, and answers when they are repeated.
      const patience = 'timeout=500&retries=5'
      const url =
        near === undefined ? `${transport}://127.0.0.1:${port}?${patience}` : `rtu://${near}?baud=19200&${patience}`
      const wrong: string[] = []
      for (const device of devices) {
        const { reading } = await readDevice({ url, ...optionsOf(device) })
        if (JSON.stringify(reading) !== JSON.stringify(right.get(device.name))) {
          wrong.push(`${device.name}: ${JSON.stringify(reading)}, not ${JSON.stringify(right.get(device.name))}`)
        }
      }
      expect(wrong).toEqual([])
    },
  )
})
