/** A street of simulated devices over restarts. */
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse as parseToml } from 'smol-toml'
import { afterEach, describe, expect, it } from 'vitest'
import { readDevice } from '../../../meter-agent/devices/device.ts'
import { faultSchema } from '../../../meter-agent/simulator/faults.ts'
import { serveStreet } from '../../../meter-agent/simulator/street.ts'
import { parseStreet, type StreetConfigInput } from '../../../meter-agent/simulator/street-config.ts'
import { patiently } from '../../patience.ts'

const cleanups: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function serve(config: StreetConfigInput, now?: () => number) {
  const street = await serveStreet(parseStreet(config), now)
  let closed = false
  const close = async () => {
    if (!closed) await street.close()
    closed = true
  }
  cleanups.push(close)
  const read = (name: string) => {
    const { url, unit, profile } = street.devices.find((device) => device.name === name)!
    return readDevice({ url: `${url}?timeout=60000&retries=0`, unit, profile })
  }
  return { street, read, close }
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'street-'))
  cleanups.push(() => rmSync(path, { recursive: true }))
  return path
}

it('every configuration that the documents show can be served, and every fault they name exists', () => {
  const text = readFileSync(new URL('../../../docs/simulate.md', import.meta.url), 'utf8')
  const configurations = [...text.matchAll(/```toml\n(.*?)```/gs)].map(([, toml]) => parseStreet(parseToml(toml!)))
  expect(configurations).toHaveLength(3)
  const named = [...text.matchAll(/^\| (`[a-z`, -]+) \|/gm)].flatMap(([, cell]) => cell!.match(/[a-z-]+/g))
  expect(named.sort()).toEqual(faultSchema.options.map((option) => option.shape.kind.value).sort())
})

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
    await expect.poll(() => first.street.states().home!.importMilliWh, patiently).toBeGreaterThan(200)
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
    let nowMs = 1_800_000_000_000
    const { street } = await serve(
      {
        homes: [
          {
            name: 'shaky',
            offlineSchedule: { everySeconds: 100, forSeconds: 40 },
            devices: [{ kind: 'sunspec', models: [1, 203] }],
          },
        ],
      },
      () => nowMs,
    )
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
    for (const [seconds, wanted] of [
      [0, 'connected'],
      [59.9, 'connected'],
      [60, 'refused'],
      [99.9, 'refused'],
      [100, 'connected'],
      [165, 'refused'],
      [201, 'connected'],
    ] as const) {
      nowMs = 1_800_000_000_000 + seconds * 1000
      await expect.poll(outcome, patiently).toBe(wanted)
    }
  })

  it('serves models with repeating and nested groups as its configuration says', async () => {
    const { read } = await serve({
      homes: [
        {
          name: 'hybrid',
          pvKwp: 9,
          batteryKwh: 10,
          devices: [
            {
              kind: 'sunspec',
              models: [1, 103, 160, 705, 707, 711, 714, 803],
              elements: { Crv: 2, Pt: 3, Ctl: 1, Prt: 2, string: 3 },
              points: {
                '160.module[1].IDStr': 'East',
                '160.N': 3,
                '705.Crv[1].Pt[2].V': 103,
                '707.Crv[0].MayTrip.ActPt': 7,
              },
              scaleFactors: { DCW_SF: -1, V_SF: -1 },
            },
          ],
        },
      ],
    })
    const { models, reading, warnings } = await read('hybrid/1')
    const points = (id: number) => models.find((model) => model.id === id)!.points as Record<string, never>
    expect(models.map(({ id }) => id)).toEqual([1, 103, 160, 705, 707, 711, 714, 803])
    expect(points(160)).toMatchObject({
      N: 3,
      module: [{ IDStr: 'String 1' }, { IDStr: 'East' }, { IDStr: 'StCha 3' }, { IDStr: 'StDisCha 4' }],
    })
    expect(warnings).toEqual([expect.stringContaining('says it has 3 × module')])
    expect(points(705)).toMatchObject({ NCrv: 2, NPt: 3, Crv: [{}, { Pt: [{}, {}, { V: 103 }] }] })
    expect(points(707)).toMatchObject({ NCrvSet: 2, Crv: [{ MayTrip: { ActPt: 7, Pt: [{}, {}, {}] } }, {}] })
    expect([points(711).Ctl, points(714).Prt, points(803).string]).toMatchObject([[{}], [{}, {}], [{}, {}, {}]])
    expect(reading.batteryPowerW).not.toBeNull()
  })

  it('takes faults by the device’s name', async () => {
    const { street, read } = await serve({ homes: [{ name: 'home', devices: [{ kind: 'sunspec' }] }] })
    expect(street.setFault('nobody/1', { kind: 'silence' })).toBe(false)
    expect(street.setFault('home/1', { kind: 'exception', code: 4 })).toBe(true)
    await expect(read('home/1')).rejects.toMatchObject({ exception: 4 })
    street.setFault('home/1', null)
    expect((await read('home/1')).reading.powerW).not.toBeNull()
  })

  it('names a port, a serial port and a state file that cannot be used', async () => {
    const taken = net.createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    cleanups.push(() => taken.close())
    const { port } = taken.address() as net.AddressInfo
    const homes = (device: object): StreetConfigInput['homes'] => [
      { name: 'a', devices: [{ kind: 'sunspec' }, { kind: 'sunspec', ...device }] },
    ]
    const rubbish = join(folder(), 'state.json')
    writeFileSync(rubbish, '{"a":{"timeMs":1}}')
    for (const [config, reason] of [
      [{ homes: homes({ port }) }, `port ${port} is taken by another program`],
      [{ homes: homes({ transport: 'rtu', serialPort: 'rtu:///dev/no-such-port' }) }, '/dev/no-such-port'],
      [{ homes: homes({}), stateFile: '/nowhere/at/all.json' }, '/nowhere/at/all.json'],
      [{ homes: homes({}), stateFile: rubbish }, 'remove it to begin anew'],
    ] as [StreetConfigInput, string][]) {
      await expect(serveStreet(parseStreet(config))).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining(reason),
      })
    }
  })

  it.each([
    [{ homes: [] }, 'homes'],
    [{ homes: [{ name: 'a', devices: [{ kind: 'profile', profile: 'nope' }] }] }, 'no such profile'],
    [{ homes: [{ name: 'a', devices: [{ kind: 'sunspec', models: [999] }] }] }, 'cannot be simulated'],
    [{ homes: [{ name: 'a', devices: [{ kind: 'sunspec', points: { '103.X': 1 } }] }] }, 'has the point'],
    [
      {
        homes: [
          { name: 'a', devices: [{ kind: 'sunspec', models: Array(30).fill(707), elements: { Crv: 20, Pt: 20 } }] },
        ],
      },
      'longer than the register space',
    ],
    [{ homes: [{ name: 'a', devices: [{ kind: 'sunspec', transport: 'rtu' }] }] }, 'serial port'],
    [{ homes: [{ name: 'a', devices: [{ kind: 'sunspec', serialPort: 'rtu:///dev/x' }] }] }, 'serial port'],
    [{ homes: [{ name: 'a', devices: [{ kind: 'sunspec', transport: 'rtu', serialPort: '/dev/x' }] }] }, 'write rtu:'],
    [{ homes: ['a', 'a'].map((name) => ({ name, devices: [{ kind: 'sunspec' }] })) }, 'two homes are called a'],
    [{ homes: [{ name: 'a', devices: Array(2).fill({ kind: 'sunspec', name: 'x' }) }] }, 'two devices are called x'],
    [
      { controlPort: 5, homes: [{ name: 'a', devices: [{ kind: 'sunspec', port: 5 }] }] },
      'two servers have the port 5',
    ],
    [
      { homes: [{ name: 'a', offlineSchedule: { everySeconds: 5, forSeconds: 5 }, devices: [{ kind: 'sunspec' }] }] },
      'less than everySeconds',
    ],
    [{ homes: [{ name: 'a', roof: 1, devices: [{ kind: 'sunspec' }] }] }, 'homes.0.roof: has no meaning here'],
    [
      { homes: [{ name: 'a', pvKwp: 'ten', devices: [{ kind: 'sunspec' }] }] },
      'homes.0.pvKwp: must be a number, at least 0 (kWp), not "ten"',
    ],
    [
      { homes: [{ name: 'a', devices: [{ kind: 'meter' }] }] },
      'homes.0.devices.0.kind: must be "sunspec" or "profile"',
    ],
  ])('refuses %j by name', (config, reason) => {
    expect(() => parseStreet(config)).toThrow(reason)
  })
})
