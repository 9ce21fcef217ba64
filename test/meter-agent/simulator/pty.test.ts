/** A simulated meter on a serial line. */
import { closeSync, constants, openSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import type { ReadStream } from 'node:tty'
import pty from '@lydell/node-pty'
import { afterEach, describe, expect, it } from 'vitest'
import { readDevice } from '../../../meter-agent/devices/device.ts'
import { answerOnStream } from '../../../meter-agent/simulator/device-server.ts'
import { serveStreet } from '../../../meter-agent/simulator/street.ts'
import { parseStreet } from '../../../meter-agent/simulator/street-config.ts'
import { house } from './house.ts'

/** What `open` of node-pty gives; its types leave it out. */
interface PseudoTerminal {
  master: ReadStream
  slave: ReadStream
  ptsName: string
}
const openPty = (pty as unknown as { open(options: object): PseudoTerminal }).open

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

/** A serial line: the device's end as a stream, the agent's end as a path. */
function serialLine() {
  const { master, slave, ptsName } = openPty({ encoding: null })
  // Something must hold the far end open until the agent does, without reading from it.
  const held = openSync(ptsName, constants.O_RDWR | constants.O_NOCTTY)
  slave.destroy()
  cleanups.push(() => {
    master.destroy()
    closeSync(held)
  })
  return { master: master as unknown as Duplex, path: ptsName }
}

describe('a meter on a serial line', () => {
  it('is read over RTU', async () => {
    const { master, path } = serialLine()
    const device = answerOnStream({ kind: 'profile', name: 'eastron-sdm630', unit: 7 }, house, master)
    cleanups.push(() => void device.close())
    const report = await readDevice({ url: `rtu://${path}?baud=19200`, unit: 7, profile: 'eastron-sdm630' })
    expect(report.reading).toMatchObject({ powerW: -1250, importWh: 1_234_568, exportWh: 7_654_321 })
  })

  it('is read over RTU as a SunSpec chain', async () => {
    const { master, path } = serialLine()
    const device = answerOnStream({ kind: 'sunspec', unit: 1, models: [1, 203] }, house, master)
    cleanups.push(() => void device.close())
    const report = await readDevice({ url: `rtu://${path}` })
    expect(report.models.map(({ id }) => id)).toEqual([1, 203])
    expect(report.reading).toMatchObject({ powerW: -1250, importWh: 1_234_567 })
  })

  it('behind a noisy line gives no wrong value', async () => {
    const { master, path } = serialLine()
    const device = answerOnStream({ kind: 'profile', name: 'eastron-sdm630', unit: 7 }, house, master)
    cleanups.push(() => void device.close())
    device.setFault({ kind: 'noise' })
    const url = `rtu://${path}?timeout=200&retries=0`
    await expect(readDevice({ url, unit: 7, profile: 'eastron-sdm630' })).rejects.toMatchObject({
      code: 'MODBUS_FRAME',
    })
  })

  it('is served on a serial port from a street’s configuration, beside another on the same line', async () => {
    const [far, near] = [serialLine(), serialLine()]
    far.master.pipe(near.master).pipe(far.master)
    const serialPort = `rtu://${far.path}?baud=19200`
    const meter = { kind: 'profile', profile: 'eastron-sdm630', transport: 'rtu', serialPort } as const
    const street = await serveStreet(
      parseStreet({
        homes: [
          { name: 'one', counters: { importWh: 1_000_000 }, devices: [{ ...meter, unit: 7 }] },
          { name: 'two', counters: { importWh: 2_000_000 }, devices: [{ ...meter, unit: 8 }] },
        ],
      }),
    )
    cleanups.push(() => void street.close())
    expect(street.devices.map(({ url, unit }) => [url, unit])).toEqual([
      [serialPort, 7],
      [serialPort, 8],
    ])
    const read = async (unit: number, timeoutMs = 60_000) => {
      const url = `rtu://${near.path}?baud=19200&timeout=${timeoutMs}&retries=0`
      return (await readDevice({ url, unit, profile: 'eastron-sdm630' })).reading.importWh
    }
    expect(await read(7)).toBeCloseTo(1_000_000, -2)
    expect(await read(8)).toBeCloseTo(2_000_000, -2)
    street.setFault('one/1', { kind: 'silence' })
    await expect(read(7, 500)).rejects.toMatchObject({ code: 'MODBUS_TIMEOUT' })
    expect(await read(8)).toBeCloseTo(2_000_000, -2)
  })

  it('that does not exist is named', async () => {
    await expect(readDevice({ url: 'rtu:///dev/no-such-port?retries=0' })).rejects.toMatchObject({
      code: 'MODBUS_UNREACHABLE',
      message: expect.stringContaining('/dev/no-such-port'),
    })
  })
})
