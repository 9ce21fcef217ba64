/** The guided set-up, answered by a test. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer as createGateway } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { readConfig } from '../../../meter-agent/setup/config.ts'
import { serveDevice } from '../../../meter-agent/simulator/device-server.ts'
import { bundleProgram } from '../bundle.ts'
import { type FieldCase, serveField } from '../field/field-device.ts'
import { command, serveHome } from '../home/agent-process.ts'
import { house } from '../simulator/house.ts'
import { p1Text, signedP1 } from '../telegrams/telegrams.ts'

const escrow = '0x00000000000000000000000000000000000000e5'
const hash = `0x${'22'.repeat(32)}`
let program: string
let folder: string
let file: string
let home: Awaited<ReturnType<typeof serveHome>>
let market: Server
let marketUrl: string

beforeAll(async () => {
  program = await bundleProgram('meter-agent/cli.ts')
})
afterAll(() => rm(join(program, '..'), { recursive: true, force: true }))
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commonwatt-init-'))
  file = join(folder, 'agent.toml')
  home = await serveHome(18_000)
  market = createServer((request, response) => {
    const areas = [
      { area: 4, name: 'Elm Street', rules: { hash, intervalSeconds: 900 }, chain: { chainId: 31337, escrow } },
    ]
    response.writeHead(request.url === '/api/v1/areas' ? 200 : 404).end(JSON.stringify({ items: areas }))
  }).listen(0, '127.0.0.1')
  await once(market, 'listening')
  marketUrl = `http://127.0.0.1:${(market.address() as AddressInfo).port}`
})
afterEach(async () => {
  market.close()
  await home.close()
  await rm(folder, { recursive: true })
})

/** Answers the questions in order. */
async function init(answers: string[], to = file): Promise<{ status: number; out: string; err: string }> {
  const child = spawn(process.execPath, [program, 'init', '--config', to], { stdio: ['pipe', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  child.stdin.end(answers.map((answer) => `${answer}\n`).join(''))
  const [status] = await once(child, 'close')
  return { status, out, err }
}

test('a guided set-up ends with a configuration that works and a key', async () => {
  const device = `tcp://127.0.0.1:${home.port}`
  const done = await init([
    'tcp://127.0.0.1:1?timeout=500&retries=0',
    '',
    '', // nothing listens there: asked again
    device,
    '',
    '',
    'swap',
    'swap',
    'yes',
    'production',
    `${device}?timeout=900`, // the same, written another way
    '',
    'seven',
    '999',
    '1',
    'no',
    'http://127.0.0.1:1',
    marketUrl,
    '',
    'no blanks allowed',
    'home-7',
    '0x12',
    '0x00000000000000000000000000000000000000AC',
    '30000',
    '',
  ])
  expect(done).toMatchObject({ status: 0, err: '' })
  expect(done.out).toContain('Cannot be read: ')
  expect(done.out).toContain('power at the grid   -18000 W (feeding in)')
  expect(done.out).toContain('power at the grid   18000 W (taking from the grid)')
  expect(done.out).toContain('This device is in the list already.')
  expect(done.out.match(/write a whole number from 0 to 255/g)).toHaveLength(2)
  expect(done.out).toContain('4: Elm Street, intervals of 900 s')
  expect(done.out).toContain(`commonwatt-agent enrol --config ${file} --rules ${hash}`)
  expect(await readConfig(file)).toMatchObject({
    serverUrl: marketUrl,
    chainId: 31337,
    escrow,
    area: 4,
    intervalSeconds: 900,
    meters: [
      {
        name: 'home-7',
        account: `0x${'0'.repeat(38)}ac`,
        nameplateW: 30_000,
        mainFuseW: 43_470,
        grid: { url: device, inverted: false },
        others: [],
      },
    ],
  })
  const enrolled = await command(program, ['enrol', '--config', file, '--rules', hash])
  expect(enrolled).toMatchObject({ status: 0, err: '' })
  expect(JSON.parse(enrolled.out)).toMatchObject({ rules: hash, epoch: { epoch: 1 } })
})

/** The answers after the grid device: no other one, this market, a home and its limits. */
const rest = (name: string) => ['no', marketUrl, '', name, '0x00000000000000000000000000000000000000AC', '', '']

async function fieldCase(id: string): Promise<FieldCase> {
  const places = JSON.parse(
    await readFile(new URL('../fixtures/field/places.json', import.meta.url), 'utf8'),
  ) as FieldCase[]
  return places.find((one) => one.id === id)!
}

test('a meter that says it sits elsewhere is asked about, and chosen only by a yes', async () => {
  const served = await serveField(await fieldCase('solaredge-consumption'))
  const url = `tcp://127.0.0.1:${served.port}`
  const done = await init([url, '', '', '', url, '', '', 'yes', 'yes', ...rest('home-7')])
  await served.close()
  expect(done).toMatchObject({ status: 0, err: '' })
  expect(done.out.match(/By its own word this meter does not sit at the grid connection/g)).toHaveLength(2)
  expect(done.out).toContain('Then nothing can be sold by it.')
  const { meters } = await readConfig(file)
  expect(meters[0]!.grid).toMatchObject({ url, confirmed: true })
})

test('of several meters the answer says which is the grid’s', async () => {
  const served = await serveField(await fieldCase('solaredge-two-grid-meters'))
  const url = `tcp://127.0.0.1:${served.port}`
  const done = await init([url, '', '', '2', 'yes', ...rest('home-7')])
  await served.close()
  expect(done).toMatchObject({ status: 0, err: '' })
  expect(done.out).toContain('Which of its meters sits at the grid connection?')
  const { meters } = await readConfig(file)
  expect(meters[0]!.grid).toMatchObject({ url, meter: 2 })
  expect(meters[0]!.grid.confirmed).toBeUndefined()
})

test('how the utility counts is asked where a meter does not balance the phases', async () => {
  const served = await serveDevice({ kind: 'profile', name: 'eastron-sdm630', unit: 1 }, house)
  const url = `tcp://127.0.0.1:${served.port}`
  const answers = [url, 'eastron-sdm630', '', 'yes', 'yes']
  const balanced = await init([...answers, 'no', ...rest('home-7')])
  const perPhase = await init([...answers, 'yes', ...rest('home-8')], join(folder, 'other.toml'))
  await served.close()
  expect([balanced.status, perPhase.status]).toEqual([0, 0])
  expect(balanced.out).toContain('Has your utility told you that its meter counts each phase by itself, too?')
  expect((await readConfig(file)).meters[0]!.utilityCounts).toBe('balanced')
  expect((await readConfig(join(folder, 'other.toml'))).meters[0]!.utilityCounts).toBe('per-phase')
})

test('nothing is written when the answers end early, and nothing is overwritten', async () => {
  expect(await init(['tcp://127.0.0.1:1?timeout=500&retries=0'])).toMatchObject({
    status: 2,
    err: 'the answers ended early: nothing was written\n',
  })
  expect(await readdir(folder)).toEqual([])
  await writeFile(file, 'mine')
  expect(await init([])).toMatchObject({ status: 2, err: expect.stringContaining('is there already') })
  expect(await readFile(file, 'utf8')).toBe('mine')
  const nowhere = join(folder, 'missing/agent.toml')
  expect(await init([], nowhere)).toMatchObject({ status: 2, err: expect.stringContaining('there is no folder') })
})

test('an address or profile that is mistyped is told, and asked for again', async () => {
  const device = `tcp://127.0.0.1:${home.port}`
  const done = await init([
    ...['http://192.168.1.20', '', ''],
    ...[device, 'sunspek', ''],
    ...[device, '', '', 'yes', ...rest('home-7')],
  ])
  expect(done).toMatchObject({ status: 0, err: '' })
  expect(done.out).toContain('Cannot be read: "http://192.168.1.20" has an unknown scheme: write tcp://host:port')
  expect(done.out).toContain('there is no profile "sunspek"')
})

test('a host is looked at, and what is there is offered', async () => {
  const done = await init([`127.0.0.1:${home.port}`, '1', 'yes', ...rest('home-7')])
  expect(done).toMatchObject({ status: 0, err: '' })
  expect(done.out).toContain(`1. tcp://127.0.0.1:${home.port} unit 1 (sunspec)`)
  expect((await readConfig(file)).meters[0]!.grid).toMatchObject({ url: `tcp://127.0.0.1:${home.port}`, unit: 1 })
})

test('a home that only buys, with the utility’s meter, is set up and paired later', async () => {
  const text = p1Text({ importWh: 1_234_567, exportWh: 0, powerW: 400 })
  const lines = text.split('\r\n').filter((line) => !line.startsWith('1-0:2.'))
  const gateway = createGateway((socket) => socket.end(signedP1(lines.join('\r\n')))).listen(0, '127.0.0.1')
  await once(gateway, 'listening')
  const url = `p1tcp://127.0.0.1:${(gateway.address() as AddressInfo).port}`
  const done = await init([url, 'yes', 'yes', 'no', marketUrl, '', 'home-7', '', ''])
  gateway.close()
  expect(done).toMatchObject({ status: 0, err: '' })
  expect(done.out).toContain('it can buy, but not sell')
  expect(done.out).toContain('This home would buy and not sell')
  expect(done.out).toContain(`commonwatt-agent pair --config ${file}`)
  expect((await readConfig(file)).meters[0]).toMatchObject({
    account: null,
    grid: { url, profile: 'p1' },
    mainFuseW: 43_470,
  })
})

// Needs OpenSSL's program to make a certificate, which is not on every machine.
const hasOpenssl = spawnSync('openssl', ['version']).error === undefined
test.skipIf(!hasOpenssl)(
  'a server behind a proxy of one’s own is trusted once its certificate has been compared',
  async () => {
    const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
    execFileSync('openssl', [...args, '-keyout', 'tls.key', '-out', 'tls.pem', '-subj', '/CN=proxy.home.arpa'], {
      cwd: folder,
      stdio: 'ignore',
    })
    const [key, cert] = await Promise.all(['tls.key', 'tls.pem'].map((name) => readFile(join(folder, name))))
    const proxy = createTlsServer({ key: key!, cert: cert! }, (_, response) => {
      const areas = [
        { area: 4, name: 'Elm Street', rules: { hash, intervalSeconds: 900 }, chain: { chainId: 31337, escrow } },
      ]
      response.end(JSON.stringify({ items: areas }))
    }).listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    const url = `https://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const device = `tcp://127.0.0.1:${home.port}`
    const done = await init([device, '', '', 'yes', 'no', url, 'no', url, 'yes', '', 'home-7', 'pair', '', ''])
    proxy.closeAllConnections()
    proxy.close()
    expect(done).toMatchObject({ status: 0, err: '' })
    expect(done.out).toContain('CN=proxy.home.arpa')
    expect(done.out.match(/SHA-256 ([0-9A-F]{2}:){31}/g)).toHaveLength(2)
    expect(done.out).toContain('No market there:')
    const config = await readConfig(file)
    expect(config).toMatchObject({ serverUrl: url, serverCaFile: join(folder, 'server.pem') })
    expect(await readFile(config.serverCaFile!, 'utf8')).toBe(cert!.toString())
  },
)
