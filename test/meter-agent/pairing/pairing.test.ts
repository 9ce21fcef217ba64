/** A home is paired with its owner's account over real HTTP. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type FoundMeter, foundDeviceSchema } from '../../../contracts/protocol/pairing.ts'
import { recoverSigner } from '../../../contracts/protocol/typed-data.ts'
import { enrol, signerOf } from '../../../meter-agent/keys/enrolment.ts'
import { foundMeter } from '../../../meter-agent/pairing/found-meter.ts'
import { type PairingStep, pairMeter } from '../../../meter-agent/pairing/pairing.ts'
import { type AgentConfig, readConfig, withAccount } from '../../../meter-agent/setup/config.ts'
import { freePort } from '../../../server/demo/ports.ts'
import { patiently } from '../../patience.ts'
import { bundleProgram } from '../bundle.ts'
import { command, serveHome } from '../home/agent-process.ts'
import { owner, PairingServer, rules } from './pairing-server.ts'

const domain = { chainId: 31337, escrow: '0x00000000000000000000000000000000000000e5' }
let folder: string
let server: PairingServer

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commonwatt-pair-'))
  server = await new PairingServer(domain).start()
})
afterEach(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

async function configured(device: string, more = ''): Promise<{ file: string; config: AgentConfig }> {
  const file = join(folder, 'agent.toml')
  await writeFile(
    file,
    `dataFolder = "data"
server.url = "http://127.0.0.1:${server.port}"
chain = { id = 31337, escrow = "${domain.escrow}" }
area = { id = 4, intervalSeconds = 900 }
${more}
[[meter]]
name = "home-1"
keyFile = "home-1.key"
[[meter.device]]
url = "${device}"
`,
    { mode: 0o640 },
  )
  return { file, config: await readConfig(file) }
}

const found: FoundMeter = {
  name: 'home-1',
  devices: [],
  powerW: -1200,
  productionW: null,
  importWh: 1,
  exportWh: 2,
  sells: true,
  promise: 'once-agreed',
  sentence: 'This home would sell.',
}

/** Pairs in a world where waiting takes no time and `each` happens after each wait. */
async function pair(different: { account?: string | null } = {}, each: (wait: number) => void = () => {}) {
  const { config } = await configured('tcp://127.0.0.1:502')
  const meter = config.meters[0]!
  const signer = await signerOf(config, meter, {})
  const steps: PairingStep[] = []
  let nowMs = 1_800_000_000_000
  let waits = 0
  const paired = pairMeter({
    serverUrl: config.serverUrl,
    trust: undefined,
    area: 4,
    intervalSeconds: 900,
    account: null,
    found: async () => found,
    hello: (time) => signer.signHello(time),
    enrol: async ({ account, rules: hash }) =>
      (await enrol(config, { names: ['home-1'], rules: hash, account, nowMs }))[0]!,
    tell: (step) => steps.push(step),
    nowMs: () => nowMs,
    pause: async (ms) => {
      nowMs += ms
      waits += 1
      each(waits)
    },
    patienceMs: 600_000,
    ...different,
  })
  return { account: await paired, steps, meter: signer.address }
}

describe('pairing', () => {
  test('shows the code, and signs for the account that enters it', async () => {
    const { account, steps, meter } = await pair({}, (wait) => wait === 3 && server.claim())
    expect(account).toBe(owner)
    expect(steps.map(({ step }) => step)).toEqual(['offered', 'claimed', 'consented', 'opened'])
    expect(steps[0]).toMatchObject({ code: '2345ABCD', link: expect.stringContaining('/join/2345ABCD') })
    expect(server.offers[0]).toMatchObject({ area: 4, found })
    const [{ consent, epochStart, account: claimed, rules: hash }] = server.consents as [(typeof server.consents)[0]]
    const { validFrom, deadline } = consent
    const whole = { meter, account: claimed, rules: hash }
    expect(recoverSigner(domain, 'MeterConsent', { ...whole, validFrom, deadline }, consent.signature)).toBe(meter)
    const { signature, ...start } = epochStart
    expect(recoverSigner(domain, 'EpochStart', { ...whole, ...start }, signature)).toBe(meter)
    expect(start).toMatchObject({ epoch: 1, importWh: 0, exportWh: 0, time: validFrom })
  })

  test('says before there is a code that the metering state is lost', async () => {
    const { config } = await configured('tcp://127.0.0.1:502')
    const meter = config.meters[0]!
    const made = await signerOf(config, meter, {})
    await rm(join(folder, 'data'), { recursive: true })
    await expect(signerOf(config, meter, {})).rejects.toThrow(/not its metering state: give --epoch/)
    expect((await signerOf(config, meter, { epoch: 2 })).address).toBe(made.address)
  })

  test('keeps the code alive with new figures, and goes on when the server comes back', async () => {
    server.failing.push({ status: 503, body: '{"detail":"restarting"}' }, { status: 502, body: 'Bad Gateway' })
    const { steps } = await pair({}, (wait) => wait === 70 && server.claim())
    expect(steps.map(({ step }) => step)).toEqual(['trouble', 'trouble', 'offered', 'claimed', 'consented', 'opened'])
    expect(server.offers.length).toBeGreaterThanOrEqual(2)
  })

  test('offers again when the server has forgotten, and shows the new code', async () => {
    const { steps } = await pair({}, (wait) => {
      if (wait === 2) {
        server.code = 'WXYZ6789'
        server.state = { state: 'none' }
      }
      if (wait === 6) server.claim()
    })
    expect(steps.filter(({ step }) => step === 'offered')).toMatchObject([{ code: '2345ABCD' }, { code: 'WXYZ6789' }])
  })

  test('signs nothing for another account than the configuration names', async () => {
    const other = `0x${'bd'.repeat(20)}`
    await expect(pair({ account: owner }, () => server.claim(other))).rejects.toMatchObject({
      code: 'PAIRING_OTHER_ACCOUNT',
      message: expect.stringContaining('nothing was signed'),
    })
    expect(server.consents).toEqual([])
  })

  test('signs nothing under another interval than the configuration’s', async () => {
    server.intervalSeconds = 300
    await expect(pair({}, () => server.claim())).rejects.toMatchObject({ code: 'PAIRING_OTHER_RULES' })
    expect(server.consents).toEqual([])
  })

  test('ends when nobody enters the code, and when the server refuses', async () => {
    await expect(pair()).rejects.toMatchObject({ code: 'PAIRING_OVERDUE' })
    server.failing.push({
      status: 403,
      body: '{"code":"PAIRING_METER","detail":"the meter has a seat in another area"}',
    })
    await expect(pair()).rejects.toMatchObject({
      code: 'PAIRING_REFUSED',
      message: 'the server refuses: the meter has a seat in another area',
    })
    server.failing.push({ status: 200, body: '{"code":"lower"}' })
    await expect(pair()).rejects.toMatchObject({ code: 'PAIRING_ANSWER' })
  })
})

describe('the command', () => {
  let program: string
  beforeAll(async () => {
    program = await bundleProgram('meter-agent/cli.ts')
  })
  afterAll(() => rm(join(program, '..'), { recursive: true, force: true }))

  test('shows code, link and QR code in the terminal and on the local page, and keeps the account', async () => {
    const home = await serveHome(1_200)
    const pagePort = await freePort()
    const { file } = await configured(`tcp://127.0.0.1:${home.port}`, `page = { port = ${pagePort} }`)
    const child = spawn(process.execPath, [program, 'pair', '--config', file], { stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    child.stdout.on('data', (chunk) => {
      out += chunk
    })
    const ended = once(child, 'close')
    await vi.waitFor(() => expect(out).toContain('2345-ABCD'), patiently)
    const page = await (await fetch(`http://127.0.0.1:${pagePort}/`)).text()
    expect(page).toContain('2345-ABCD')
    expect(page).toContain('<svg')
    expect(page).toContain('This home would sell what it feeds in')
    server.claim()
    expect((await ended)[0]).toBe(0)
    await home.close()
    expect(out).toMatch(/[▀▄█]{8}/)
    expect(out).toContain(`/join/2345ABCD`)
    expect(out).toContain(`account ${owner}`)
    expect(server.offers[0]!.found).toMatchObject({
      powerW: -1200,
      sells: true,
      devices: [{ role: 'grid', profile: 'sunspec', manufacturer: 'Example', model: 'E5' }],
    })
    expect(JSON.stringify(server.offers)).not.toContain(`${home.port}`)
    expect((await readConfig(file)).meters[0]!.account).toBe(owner)
    expect((await stat(file)).mode & 0o777).toBe(0o640)
    // What was signed by pairing is what enrolling gives again.
    const enrolled = JSON.parse((await command(program, ['enrol', '--config', file, '--rules', rules])).out)
    expect(enrolled.consentSignature).toBe(server.consents[0]!.consent.signature)
  })

  test('is not needed where an account is named, and asked for where none is', async () => {
    const { file } = await configured('tcp://127.0.0.1:502')
    const { status, err } = await command(program, ['enrol', '--config', file, '--rules', rules])
    expect(status).toBe(2)
    expect(err).toContain('run "commonwatt-agent pair"')
  })
})

describe('an account in a configuration', () => {
  test('is written beside the meter’s name and nowhere else', async () => {
    const { file } = await configured('tcp://127.0.0.1:502')
    const text = await readFile(file, 'utf8')
    const changed = withAccount(text, { file, name: 'home-1', account: owner })!
    expect(changed.replace(`account = "${owner}"\n`, '')).toBe(text)
    expect(withAccount(text, { file, name: 'home-2', account: owner })).toBeNull()
    const inline = text.replace('name = "home-1"\n', 'name = "home-1" # ours\n')
    expect(withAccount(inline, { file, name: 'home-1', account: owner })).toBeNull()
  })
})

describe('what the owner is shown', () => {
  const device = {
    url: 'tcp://10.0.0.7:502',
    unit: undefined,
    profile: 'sunspec',
    role: 'grid',
    inverted: undefined,
    gridUnit: undefined,
    meter: undefined,
    confirmed: undefined,
  } as const
  const report = {
    profile: 'sunspec',
    unit: 1,
    device: { manufacturer: 'Example', model: 'E5', version: '1', serialNumber: '1' },
    reading: {
      powerW: 12.6,
      productionW: null,
      importWh: 5,
      exportWh: 7,
      productionWh: null,
      batteryPowerW: null,
      stateOfChargePercent: null,
    },
    place: { role: 'grid', says: null },
    counting: 'balanced',
    models: [],
    warnings: [],
  } as const
  const shown = (reading: object, place: object = report.place) =>
    foundMeter({ name: 'h' }, [
      {
        device,
        report: {
          ...report,
          models: [],
          warnings: [],
          reading: { ...report.reading, ...reading },
          place: { ...report.place, ...place },
        },
      },
    ])

  test.each([
    [{}, true, 'once-agreed', 'once its counters and its power have agreed'],
    [{ exportWh: null }, false, 'counts-import', 'would buy and not sell'],
    [{ importWh: null, exportWh: null }, false, 'counts-nothing', 'counts nothing at the grid connection'],
    [{ powerW: null }, false, 'unproven', 'shows no power'],
  ])('of a meter with %j', (reading, sells, promise, sentence) => {
    expect(shown(reading)).toMatchObject({ sells, promise, sentence: expect.stringContaining(sentence) })
  })

  test('of a silent or misplaced meter, and nothing of the home’s network', () => {
    expect(shown({}, { role: 'elsewhere', says: 'Consumption' })).toMatchObject({ sells: false, promise: 'elsewhere' })
    const silent = foundMeter({ name: 'h' }, [{ device, report: null }])
    expect(silent).toMatchObject({ sells: false, promise: 'silent', powerW: null, devices: [{ manufacturer: null }] })
    expect(foundDeviceSchema.safeParse(silent.devices[0]).success).toBe(true)
    expect(JSON.stringify([silent, shown({})])).not.toContain('10.0.0.7')
  })
})
