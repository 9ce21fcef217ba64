/** Every device family against a fixture, and families' habits. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { exceptionError, ModbusError } from '../../../meter-agent/modbus/error.ts'
import { profileNamed, profiles } from '../../../meter-agent/profiles/families.ts'
import { checkProfile } from '../../../meter-agent/profiles/profile.ts'
import { ProfileReader } from '../../../meter-agent/profiles/profile-device.ts'
import { roundedWh } from '../../../meter-agent/registers/register-counter.ts'
import { patience, RegisterTable, registersOf } from '../modbus/register-table.ts'

const fixtures = new URL('../fixtures/profiles/', import.meta.url)

interface Fixture {
  unit: number
  functionCode: number
  gridUnit?: number
  /** Registers of another function code than the map's. */
  other?: Record<string, Record<string, string>>
  alone?: Record<string, string>
  registers: Record<string, string>
  gridRegisters?: Record<string, string>
  expected: {
    device: object
    reading: object
    resolutionWh: Record<'import' | 'export' | 'production', number | null>
    verified: Record<'import' | 'export' | 'production', boolean | null>
  }
}

function fixture(name: string): Fixture {
  return JSON.parse(readFileSync(new URL(`${name}.json`, fixtures), 'utf8'))
}

/** The fixture's device, with registers changed: hex words from an address on, or `null` for one that is not there. */
function open(name: string, changes: Record<number, string | null> = {}) {
  const { unit, functionCode, registers, gridUnit = null, gridRegisters = {}, other = {}, alone = {} } = fixture(name)
  const table = registersOf(registers)
  const given = Object.entries(changes).filter(([, hex]) => hex !== null) as [string, string][]
  for (const [address, word] of registersOf(Object.fromEntries(given))) table.set(address, word)
  for (const [address, hex] of Object.entries(changes)) if (hex === null) table.delete(Number(address))
  const source = new RegisterTable(table, { functionCodes: [functionCode] })
  for (const [code, blocks] of Object.entries(other)) source.other.set(Number(code), registersOf(blocks))
  for (const [address, word] of registersOf(alone)) source.alone.set(address, word)
  if (gridUnit !== null) {
    const grid = new RegisterTable(registersOf(gridRegisters))
    const device = source.read.bind(source)
    source.read = (request) => (request.unit === gridUnit ? grid.read(request) : device(request))
  }
  const profile = profileNamed(name)
  return { source, profile, reader: new ProfileReader({ source, profile, unit, gridUnit, patience }) }
}

const reading = async (name: string, changes: Record<number, string | null> = {}) =>
  (await open(name, changes).reader.readOnce()).reading

/**
 * Each family as its fixture has it, and in the situations where a register decides what another one means: hybrids with a battery,
 * old firmware that sends magnitudes, energies that stay 0.
 */
const situations: [string, Record<number, string | null>][] = [
  ...[...profiles.keys()].map((name): [string, Record<number, string | null>] => [name, {}]),
  ['sma', { 31393: '00000000', 31395: '00000640', 30773: '000003e8', 30961: '80000000', 30967: '80000000' }],
  ['sungrow-sh', { 13000: '0002', 13021: '0258' }],
  ['goodwe-et', { 36015: '0000000000000000', 35197: '00000100' }],
  ['growatt-tl-xh', { 91: '0000ffff' }],
  ['sungrow-sg', { 5003: '1111 0000' }],
]

describe.each(situations)('%s with %j on a line that loses replies', (name, changes) => {
  it.each([0, 4])('gives null or what it is, never something else (trouble %i)', async (code) => {
    const whole = await reading(name, changes)
    const asked = open(name, changes)
    await asked.reader.readOnce()
    for (const { address } of asked.source.requests) {
      const { source, reader } = open(name, changes)
      source.trouble.set(address, code)
      const outcome = await reader.readOnce().catch((error) => error)
      if (outcome instanceof ModbusError) continue
      for (const [field, value] of Object.entries(outcome.reading)) {
        if (value !== null)
          expect([address, field, value]).toEqual([address, field, whole[field as keyof typeof whole]])
      }
    }
  })
})

describe('every family', () => {
  it('has a register fixture', () => {
    const names = readdirSync(fixtures).map((file) => file.replace('.json', ''))
    expect(names.sort()).toEqual([...profiles.keys()].sort())
  })

  it('says who says so in letters that the guide explains', () => {
    const guide = readFileSync('docs/add-a-device.md', 'utf8')
    const explained = new Set([...guide.matchAll(/^\| `(.)` \|/gm)].map(([, letter]) => letter))
    const points = [...profiles.values()].flatMap((profile) => Object.values(profile.points))
    const used = new Set(points.flatMap(({ evidence }) => evidence.split(' ')))
    expect(used).toEqual(explained)
    const power = { address: 1, type: 'i32', evidence: 'somebody said so' } as const
    const told = {
      name: 'x',
      manufacturer: 'X',
      covers: 'X',
      unit: 1,
      functions: [3 as const],
      recognition: { how: 'by nothing' },
      counting: 'unknown' as const,
      points: { power },
      identity: {},
      reading: {},
    }
    expect(() => checkProfile(told)).toThrow(/letters of docs\/add-a-device.md/)
  })

  it.each([...profiles.keys()])('%s reads its fixture', async (name) => {
    const { expected, unit } = fixture(name)
    expect(profileNamed(name).unit).toBe(unit)
    const { reader } = open(name)
    const sample = await reader.poll()
    expect(sample.device).toEqual(expected.device)
    expect(sample.reading).toEqual(expected.reading)
    for (const side of ['import', 'export', 'production'] as const) {
      const counter = sample.counters[side]
      expect(roundedWh(counter)).toBe(sample.reading[`${side}Wh`])
      expect(counter && Number(counter.resolutionMilliWh) / 1000).toBe(expected.resolutionWh[side])
      expect(counter?.verified ?? null).toBe(expected.verified[side])
    }
  })

  it.each([...profiles.keys()])('%s has no energy where its registers are missing', async (name) => {
    const { reader, profile } = open(name)
    const { importWh, exportWh, productionWh } = profile.reading
    const energies = [...importWh, ...exportWh, ...productionWh].flatMap((formula) => [
      ...formula.plus,
      ...formula.minus,
    ])
    const changes = Object.fromEntries(energies.map((point) => [profile.points[point]!.address, null]))
    const full = await reader.readOnce()
    const { source, reader: poorer } = open(name, changes)
    const { gridUnit } = fixture(name)
    const read = source.read.bind(source)
    source.read = (request) => (request.unit === gridUnit ? Promise.reject(exceptionError(10, 'grid')) : read(request))
    const outcome = await poorer.readOnce().catch((error) => error)
    if (outcome instanceof ModbusError) return expect(outcome.code).toBe('MODBUS_NOTHING_ANSWERED')
    const none = { importWh: null, exportWh: null, productionWh: null }
    // Some have the meter's power beside its energies, behind the same unit.
    const hasPowerThere = Object.values(profile.points).some(({ at, type }) => at === 'grid' && type === 'i32')
    expect(outcome.reading).toEqual({ ...full.reading, ...none, ...(hasPowerThere ? { powerW: null } : {}) })
  })

  it('is refused when it is not one', async () => {
    const { source, profile } = open('sma')
    source.registers.clear()
    const reader = new ProfileReader({ source, profile, unit: 3, gridUnit: null, patience })
    await expect(reader.readOnce()).rejects.toMatchObject({ code: 'MODBUS_NOTHING_ANSWERED' })
    expect(() => profileNamed('smart')).toThrow(expect.objectContaining({ code: 'MODBUS_PROFILE_UNKNOWN' }))
  })

  it('must use each of its points, and only those', () => {
    const sma = profileNamed('sma')
    expect(() => checkProfile({ ...sma, identity: {} })).toThrow('nothing uses the point "serial"')
    expect(() => checkProfile({ ...sma, identity: { model: 'name' } })).toThrow('"name" is not one of its points')
  })
})

describe('requests', () => {
  it('stay inside the largest size, the windows and what was learnt about holes', async () => {
    const { source, reader } = open('growatt-tl-xh')
    await reader.poll()
    for (const { address, count } of source.requests) {
      expect(Math.floor(address / 125)).toBe(Math.floor((address + count - 1) / 125))
    }
    source.requests.length = 0
    await reader.poll()
    const again = source.requests.map(({ address, count }) => `${address}+${count}`)
    source.requests.length = 0
    await reader.poll()
    expect(source.requests.map(({ address, count }) => `${address}+${count}`)).toEqual(again)
  })

  it('take energies together where the map allows', async () => {
    const { source, reader } = open('goodwe-et')
    await reader.poll()
    source.requests.length = 0
    const { requestedAtMs, repliedAtMs } = await reader.poll()
    expect(source.requests.map(({ address, count }) => [address, count])).toEqual([
      [35_105, 94],
      [36_004, 23],
      [37_007, 1],
    ])
    expect([requestedAtMs, repliedAtMs]).toEqual([expect.any(Number), requestedAtMs + 1.5])
  })

  it('fall back to the other function code where the family serves both', async () => {
    const { source, profile } = open('sma')
    const inputs = new RegisterTable(source.registers, { functionCodes: [4] })
    const reader = new ProfileReader({ source: inputs, profile, unit: 3, gridUnit: null, patience })
    expect((await reader.readOnce()).reading.productionWh).toBe(21_707_970)
  })

  it('never pass trouble off as a reading', async () => {
    const { source, reader } = open('sma')
    await reader.poll()
    for (const code of [0, 4, 11]) {
      for (const address of source.registers.keys()) source.trouble.set(address, code)
      await expect(reader.poll()).rejects.toThrow()
    }
    source.trouble.clear()
    expect((await reader.poll()).reading.productionWh).toBe(21_707_970)
  })

  it('leave out what fails after the first answer when a device is read once', async () => {
    const { source, reader } = open('sma')
    source.trouble.set(31_393, 4)
    const { reading, warnings } = await reader.readOnce()
    expect(reading).toMatchObject({ importWh: 4_200_123, batteryPowerW: null })
    expect(warnings).toContainEqual(expect.stringContaining('registers left out'))
  })
})

describe('families’ habits', () => {
  it('Huawei: an absent meter has no values, however it says so', async () => {
    const none = { powerW: null, importWh: null, exportWh: null }
    expect(await reading('huawei-sun2000', { 37100: '0000' })).toMatchObject(none)
    expect(await reading('huawei-sun2000', { 37100: null })).toMatchObject(none)
    expect(await reading('huawei-sun2000', { 37113: '00000000', 37119: '7fffffff7fffffff' })).toMatchObject(none)
    expect(await reading('huawei-sun2000', { 37113: '80000001' })).toMatchObject({ powerW: null, importWh: 987_650 })
  })

  it('SMA: a hybrid’s production is on the DC side', async () => {
    const battery = { 31393: '000003e8' + '00000000', 30845: '00000037' }
    expect(await reading('sma', battery)).toMatchObject({
      productionW: 4100,
      batteryPowerW: -1000,
      stateOfChargePercent: 55,
    })
  })

  it('SMA: sentinels of a reboot are not counters', async () => {
    expect(
      await reading('sma', { 30513: 'ffffffffffffffff', 30581: '8000000080000000', 30865: '80000000' }),
    ).toMatchObject({
      productionWh: null,
      importWh: null,
      exportWh: null,
      powerW: null,
    })
  })

  it('Sungrow hybrid: the battery’s sign comes from elsewhere on old firmware', async () => {
    expect(await reading('sungrow-sh', { 13000: '0002' })).toMatchObject({ batteryPowerW: -2100 })
    expect(await reading('sungrow-sh', { 13020: 'ffff' })).toMatchObject({ batteryPowerW: -2100 })
    expect(await reading('sungrow-sh', { 13000: '0002', 13021: 'f7cc' })).toMatchObject({ batteryPowerW: -2100 })
  })

  it('Sungrow string: −1 W without energies is no meter, and the yield may be coarse', async () => {
    const noMeter = { 5082: 'ffffffff', 5094: 'ffffffff', 5098: 'ffffffff' }
    expect(await reading('sungrow-sg', noMeter)).toMatchObject({ powerW: null, importWh: null, exportWh: null })
    expect(await reading('sungrow-sg', { 5082: 'ffffffff' })).toMatchObject({ powerW: -1 })
    const { counters } = await open('sungrow-sg', { 5143: 'ffffffff' }).reader.poll()
    expect(counters.production).toMatchObject({ milliWh: 8_765_000_000n, resolutionMilliWh: 1_000_000n })
  })

  it('GoodWe: meter, battery and energies may be absent', async () => {
    expect(await reading('goodwe-et', { 36004: '0000' })).toMatchObject({
      powerW: null,
      importWh: null,
      exportWh: null,
    })
    expect(await reading('goodwe-et', { 35184: '0000' })).toMatchObject({
      batteryPowerW: null,
      stateOfChargePercent: null,
    })
    expect(await reading('goodwe-et', { 37007: null })).toMatchObject({
      stateOfChargePercent: null,
      batteryPowerW: -2512,
    })
    expect(await reading('goodwe-et', { 36015: '0000000000000000' })).toMatchObject({
      powerW: 110,
      importWh: null,
      exportWh: null,
    })
    expect(await reading('goodwe-et', { 36015: '0000000000000000', 35197: '00000010' })).toMatchObject({
      importWh: 0,
      exportWh: 0,
    })
    const noPanels = { 35105: 'ffffffff', 35109: 'ffffffff', 35113: 'ffffffff', 35117: 'ffffffff' }
    expect(await reading('goodwe-et', noPanels)).toMatchObject({ productionW: null })
    expect(await reading('goodwe-et', { 35105: 'ffffffff' })).toMatchObject({ productionW: 1761 })
  })

  it('GoodWe DT: older units answer at other registers', async () => {
    const { source, profile } = open('goodwe-dt')
    source.registers.clear()
    for (const [address, word] of registersOf({ 781: '0898', 786: '00012345' })) source.registers.set(address, word)
    const reader = new ProfileReader({ source, profile, unit: 127, gridUnit: null, patience })
    const { reading, warnings } = await reader.readOnce()
    expect(reading).toMatchObject({ productionW: 2200, productionWh: 7_456_500 })
    expect(warnings).toEqual([
      expect.stringContaining('does not say that it is what this profile is for'),
      expect.stringContaining('power (30127)'),
    ])
  })

  it('Growatt: power into the grid is never counted as negative', async () => {
    expect(await reading('growatt-sph', { 1021: '000000fa', 1029: 'ffffff06' })).toMatchObject({ powerW: 25 })
  })

  it('Solis: the battery’s direction has its own register', async () => {
    expect(await reading('solis-hybrid', { 33135: '0001', 33149: 'fffffb1e' })).toMatchObject({ batteryPowerW: 1250 })
    expect(await reading('solis-hybrid', { 33135: null })).toMatchObject({ batteryPowerW: null })
  })

  it('KOSTAL: the grid frequency tells the order of the words', async () => {
    // 49.98 and 4567.5 with the high word first.
    const bigEndian = { 152: '4247eb85', 100: '458ebc00', 252: '00000000', 1056: '00000000' }
    expect(await reading('kostal-plenticore', bigEndian)).toMatchObject({ productionW: 4567.5, powerW: 0 })
    const dark = await open('kostal-plenticore', { 152: '00000000' }).reader.readOnce()
    expect(dark.reading).toMatchObject({
      productionW: null,
      powerW: null,
      productionWh: null,
      stateOfChargePercent: 77,
    })
    expect(dark.warnings).toContainEqual(expect.stringContaining('order of the words'))
  })

  it('Victron: a saturated phase gives way to the wide registers, old firmware adds up phases, 0 after a value is no data', async () => {
    expect(await reading('victron-gx', { 820: '7fff', 908: '0000ea60' })).toMatchObject({ powerW: 60_000 })
    const { reader, source } = open('victron-gx')
    await reader.poll()
    const read = source.read.bind(source)
    source.read = async (request) => {
      const reply = await read(request)
      return request.unit === 30 ? { ...reply, registers: reply.registers.map(() => 0) } : reply
    }
    const { reading: after, counters, warnings } = await reader.poll()
    expect([after.importWh, after.exportWh, counters.import]).toEqual([null, null, null])
    expect(warnings).toHaveLength(2)
  })

  it('Victron: without the grid meter’s unit there are no energies', async () => {
    const { source, profile } = open('victron-gx')
    const { reading, warnings } = await new ProfileReader({
      source,
      profile,
      unit: 100,
      gridUnit: null,
      patience,
    }).readOnce()
    expect(reading).toMatchObject({ powerW: -280, importWh: null, exportWh: null })
    expect(warnings).toEqual([expect.stringContaining('gridUnit')])
  })

  it('Deye: low-voltage models count in W and 0.1 kWh', async () => {
    const { reader } = open('deye-3p', { 0: '0005' })
    const sample = await reader.poll()
    expect(sample.reading).toMatchObject({ productionW: 510, batteryPowerW: 150, importWh: 7_000_000 })
    expect(sample.counters.import).toMatchObject({ resolutionMilliWh: 100_000n, verified: true })
    expect(await reading('deye-3p', { 0: null })).toMatchObject({ productionW: null, importWh: null, powerW: -2400 })
  })

  it('Carlo Gavazzi EM24: a variant without export counting has none', async () => {
    const { source, profile } = open('carlo-gavazzi-em24')
    source.registers.delete(0x5c)
    const reader = new ProfileReader({ source, profile, unit: 1, gridUnit: null, patience })
    expect((await reader.readOnce()).reading).toMatchObject({ importWh: 77_700, exportWh: null })
  })

  it('Schneider: a negative energy is none', async () => {
    expect(await reading('schneider-iem3000', { 3203: 'fffffffffffffff0' })).toMatchObject({
      importWh: null,
      exportWh: 7_654_321,
    })
  })
})
