import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { readDevice } from '../../../meter-agent/device.ts'
import { parseStreet, type StreetConfigInput, serveStreet } from '../../../meter-agent/simulator/street.ts'

const cleanups: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function serve(config: StreetConfigInput) {
  const street = await serveStreet(parseStreet(config))
  let closed = false
  const close = async () => {
    if (!closed) await street.close()
    closed = true
  }
  cleanups.push(close)
  const read = (name: string) => {
    const { url, unit, profile } = street.devices.find((device) => device.name === name)!
    return readDevice({ url: `${url}?timeout=500&retries=0`, unit, profile })
  }
  return { street, read, close }
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'street-'))
  cleanups.push(() => rmSync(path, { recursive: true }))
  return path
}

describe('a street', () => {
  it('serves each home’s devices, and they agree about the home', async () => {
    const { read } = await serve({
      dayLengthSeconds: 360,
      homes: [
        {
          name: 'miller',
          pvKwp: 8,
          counters: { importWh: 1_234_567, exportWh: 7_654_321, productionWh: 9_000_000 },
          devices: [
            { kind: 'sunspec' },
            { kind: 'profile', profile: 'sma', name: 'roof' },
            { kind: 'profile', profile: 'eastron-sdm630', transport: 'rtutcp' },
          ],
        },
        { name: 'flat', load: 'flat', devices: [{ kind: 'sunspec', models: [1, 203] }] },
      ],
    })
    const [chain, roof, meter, flat] = await Promise.all(['miller/1', 'roof', 'miller/3', 'flat/1'].map(read))
    expect(chain!.device).toMatchObject({ manufacturer: 'Commonwatt', serialNumber: 'MILLER' })
    for (const { reading } of [chain!, roof!, meter!]) {
      expect(reading.importWh! - 1_234_567).toBeLessThan(20)
      expect(reading.exportWh! - 7_654_321).toBeLessThan(20)
    }
    expect(flat!.reading).toMatchObject({ productionW: null, exportWh: 0 })
  })

  it('follows a script to the letter', async () => {
    const start = new Date(Date.now() - 10_000).toISOString()
    const { read } = await serve({
      homes: [
        {
          name: 'exact',
          devices: [{ kind: 'sunspec', models: [1, 203] }],
          script: {
            start,
            steps: [
              { at: 0, quantity: 'exportWh', value: 1000 },
              { at: 0, quantity: 'importWh', value: 50 },
              { at: 5, quantity: 'exportWh', value: 1012 },
              { at: 5, quantity: 'powerW', value: -4320 },
              { at: 3_600, quantity: 'exportWh', value: 9999 },
            ],
          },
        },
      ],
    })
    expect((await read('exact/1')).reading).toMatchObject({ exportWh: 1012, importWh: 50, powerW: -4320 })
  })

  it('goes on from its counters after a restart, also after a kill', async () => {
    const stateFile = join(folder(), 'state.json')
    const config: StreetConfigInput = {
      dayLengthSeconds: 360,
      stateFile,
      homes: [{ name: 'home', load: 'bakery', devices: [{ kind: 'sunspec', models: [1, 203] }] }],
    }
    const first = await serve(config)
    await expect.poll(() => first.street.states().home!.importMilliWh, { timeout: 5_000 }).toBeGreaterThan(200)
    await first.close()
    const saved = JSON.parse(readFileSync(stateFile, 'utf8')).home
    // As if it had been killed a while before it could save again.
    writeFileSync(stateFile, JSON.stringify({ home: { ...saved, timeMs: saved.timeMs - 2_000 } }))
    const second = await serve(config)
    const { importMilliWh, timeMs } = second.street.states().home!
    expect(importMilliWh).toBeGreaterThan(saved.importMilliWh)
    expect(timeMs).toBeGreaterThanOrEqual(saved.timeMs)
  })

  it('goes offline and comes back on schedule', async () => {
    const { street } = await serve({
      homes: [
        {
          name: 'shaky',
          offlineSchedule: { everySeconds: 2, forSeconds: 1 },
          devices: [{ kind: 'sunspec', models: [1, 203] }],
        },
      ],
    })
    const port = Number(new URL(street.devices[0]!.url).port)
    const outcome = () =>
      new Promise<string>((resolve) => {
        const socket = net.connect(port, '127.0.0.1')
        socket.once('error', () => resolve('refused'))
        socket.once('connect', () => {
          socket.destroy()
          resolve('connected')
        })
      })
    for (const wanted of ['connected', 'refused', 'connected']) {
      await expect.poll(outcome, { timeout: 10_000 }).toBe(wanted)
    }
  })

  it('takes faults by the device’s name', async () => {
    const { street, read } = await serve({ homes: [{ name: 'home', devices: [{ kind: 'sunspec' }] }] })
    expect(street.setFault('nobody/1', { kind: 'silence' })).toBe(false)
    expect(street.setFault('home/1', { kind: 'exception', code: 4 })).toBe(true)
    await expect(read('home/1')).rejects.toMatchObject({ exception: 4 })
    street.setFault('home/1', null)
    expect((await read('home/1')).reading.powerW).not.toBeNull()
  })

  it.each([
    [{ homes: [] }, 'homes'],
    [{ homes: [{ name: 'a', devices: [{ kind: 'profile', profile: 'nope' }] }] }, 'no such profile'],
    [{ homes: [{ name: 'a', devices: [{ kind: 'sunspec', models: [160] }] }] }, 'cannot be simulated'],
    [{ homes: [{ name: 'a', roof: 1, devices: [{ kind: 'sunspec' }] }] }, 'roof'],
  ])('refuses %j by name', (config, reason) => {
    expect(() => parseStreet(config)).toThrow(reason)
  })
})
