/** A car that charges when the neighbours have sun: the example of docs/tariff.md beside a simulated home and its wallbox. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { readDevice } from '../../meter-agent/devices/device.ts'
import { Connection } from '../../meter-agent/modbus/connection.ts'
import { parseEndpoint } from '../../meter-agent/modbus/endpoint.ts'
import { serveStreet } from '../../meter-agent/simulator/street.ts'
import { parseStreet } from '../../meter-agent/simulator/street-config.ts'
import { tariffSchema } from '../../server/api/tariff-resources.ts'
import { carProgram } from '../../server/project-files.ts'
import { patiently } from '../patience.ts'

const cleanups: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A tariff whose running interval a test decides; `null`: the server is in trouble. */
async function serveTariff() {
  const now = { source: 'supplier' as 'neighbours' | 'supplier' | null, value: 0.3 }
  const server = createServer((_, response) => {
    if (now.source === null) return response.writeHead(503).end()
    const [start, end] = ['2027-01-15T08:00:00Z', '2027-01-15T08:15:00Z']
    const rate = { start, end, value: now.value, pricePerKwh: now.value.toFixed(4), source: now.source, days: null }
    const rates = [
      { ...rate, source: 'neighbours' as const, kind: 'past' as const },
      { ...rate, kind: 'now' as const },
    ]
    const tariff = tariffSchema.parse({ area: 1, zone: 'north', currency: 'EUR', asOf: start, rates })
    response.setHeader('content-type', 'application/json')
    return response.end(JSON.stringify(tariff))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return { now, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/areas/1/tariff?zone=north` }
}

async function serveHome() {
  const device = { kind: 'sunspec' as const, models: [1, 203] }
  const homes = [{ name: 'flat', load: 'none' as const, wallbox: { powerKw: 3.7 }, devices: [device] }]
  const street = await serveStreet(parseStreet({ homes }))
  cleanups.push(() => street.close())
  const [meter] = street.devices
  const [wallbox] = street.wallboxes
  const connection = new Connection(parseEndpoint(wallbox!.url))
  cleanups.push(() => connection.close())
  const registers = async (address: number, unit = wallbox!.unit) =>
    (await connection.read({ unit, functionCode: 3, address, count: 2, timeoutMs: 500, tries: 1 })).registers
  return {
    wallbox: new URL(wallbox!.url).host,
    reading: async () => (await readDevice({ url: meter!.url, unit: meter!.unit })).reading,
    number: async (address: number) => {
      const [high, low] = await registers(address)
      return high! * 0x10000 + low!
    },
    registers,
  }
}

function runCar(args: string[]) {
  const child = spawn(process.execPath, [carProgram, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'exit')
  cleanups.push(async () => {
    child.kill()
    await ended
  })
  const told: { charge?: boolean; why?: string; trouble?: string | null }[] = []
  let text = ''
  child.stdout.on('data', (chunk) => {
    const lines = `${text}${chunk}`.split('\n')
    text = lines.pop()!
    told.push(...lines.map((line) => JSON.parse(line)))
  })
  return { told, ended }
}

test('a car charges while neighbours have energy to spare and the price suits, and its home’s use rises', async () => {
  const tariff = await serveTariff()
  const home = await serveHome()
  const args = ['--tariff', tariff.url, '--wallbox', home.wallbox, '--every', '0.05', '--hold', '0', '--limit', '0.2']
  const { told } = runCar(args)
  await vi.waitFor(() => expect(told).toHaveLength(1), patiently)
  expect(told[0]).toMatchObject({ charge: false, why: 'no neighbour has energy to spare (0.3000 EUR/kWh)' })
  expect(await home.reading()).toMatchObject({ powerW: 0, importWh: 0 })
  expect(await home.number(1000)).toBe(5)

  Object.assign(tariff.now, { source: 'neighbours', value: 0.14 })
  await vi.waitFor(async () => expect(await home.reading()).toMatchObject({ powerW: 3700 }), patiently)
  expect(told[1]).toMatchObject({ charge: true, why: 'neighbours have energy to spare (0.1400 EUR/kWh)' })
  expect([await home.number(1000), await home.number(1004), await home.number(1020)]).toEqual([3, 7, 3_700_000])
  await vi.waitFor(async () => expect(await home.number(1036)).toBeGreaterThan(10), patiently)

  tariff.now.value = 0.21
  await vi.waitFor(async () => expect(await home.reading()).toMatchObject({ powerW: 0 }), patiently)
  expect(told[2]).toMatchObject({ charge: false, why: expect.stringContaining('above the limit') })
  // The wallbox and the meter have counted the same energy, in steps of their own.
  expect((await home.reading()).importWh).toBe(Math.floor((await home.number(1036)) / 10))

  tariff.now.value = 0.1
  await vi.waitFor(() => expect(told.at(-1)?.charge).toBe(true), patiently)
  tariff.now.source = null
  await vi.waitFor(() => expect(told.at(-1)?.charge).toBe(false), patiently)
  expect(told.at(-1)?.why).toBe('the tariff cannot be read: the tariff answers 503')
})

test('a decision stands for a while, and a wallbox that is not there is waited for', async () => {
  const tariff = await serveTariff()
  const home = await serveHome()
  const held = runCar(['--tariff', tariff.url, '--wallbox', home.wallbox, '--every', '0.05', '--hold', '60'])
  await vi.waitFor(() => expect(held.told).toHaveLength(1), patiently)
  tariff.now.source = 'neighbours'
  const nobody = runCar(['--tariff', tariff.url, '--wallbox', '127.0.0.1:1', '--every', '0.05'])
  await vi.waitFor(
    () => expect(nobody.told).toEqual([expect.objectContaining({ trouble: expect.any(String) })]),
    patiently,
  )
  expect(held.told).toHaveLength(1)
  expect(await home.number(1000)).toBe(5)
  expect((await runCar([]).ended)[0]).toBe(2)
})

test('a wallbox answers for what it is', async () => {
  const home = await serveHome()
  await expect(home.registers(1020, 1)).rejects.toMatchObject({ exception: 11 })
  await expect(home.registers(1002)).rejects.toMatchObject({ exception: 2 })
})
