/** A whole agent beside bad neighbours: a broker that hangs and clients that flood its proxy change nothing of what it signs. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { readDevice } from '../../../meter-agent/devices/device.ts'
import { freePort } from '../../../server/demo/ports.ts'
import { patiently } from '../../patience.ts'
import { bundleProgram } from '../bundle.ts'
import { command, serveHome, startRun, writeConfig } from '../home/agent-process.ts'
import { FakeServer } from '../home/fake-server.ts'

const escrow = '0x00000000000000000000000000000000000000e5'
const rules = `0x${'11'.repeat(32)}`
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function listener(serve: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return (server.address() as { port: number }).port
}

test('every boundary is signed once and delivered, others read the agent, and it ends in order', async () => {
  const program = await bundleProgram('meter-agent/cli.ts')
  closing.push(() => rm(join(program, '..'), { recursive: true, force: true }))
  const folder = await mkdtemp(join(tmpdir(), 'commonwatt-beside-'))
  closing.push(() => rm(folder, { recursive: true, force: true }))
  const home = await serveHome(18_000)
  closing.push(() => home.close())
  const server = await new FakeServer({ chainId: 31337, escrow, area: 1, intervalSeconds: 1 }).start()
  closing.push(() => server.stop())
  let brokerAsked = false
  const brokerPort = await listener((socket) => {
    socket.once('data', () => {
      brokerAsked = true
      socket.pause()
    })
  })
  const proxyPort = await freePort()
  const extra = `mqtt = { url = "mqtt://127.0.0.1:${brokerPort}" }\nproxy = { port = ${proxyPort}, connections = 4 }`
  const config = await writeConfig(folder, {
    serverUrl: server.url,
    escrow,
    intervalSeconds: 1,
    devicePort: home.port,
    extra,
  })
  expect((await command(program, ['enrol', '--config', config, '--rules', rules])).status).toBe(0)
  const { child, log, ended } = startRun(program, config)
  closing.push(() => child.kill('SIGKILL'))
  await vi.waitFor(() => expect(brokerAsked).toBe(true), patiently)

  const floods = [1, 2].map(() => {
    const socket = connect(proxyPort, '127.0.0.1')
    socket.on('error', () => {})
    closing.push(() => socket.destroy())
    const request = Buffer.from([0, 1, 0, 0, 0, 6, 247, 3, 0x9c, 0x40, 0, 125])
    const pour = () => {
      while (!socket.destroyed && socket.write(Buffer.concat(Array(1000).fill(request))));
      socket.once('drain', pour)
    }
    socket.resume()
    pour()
    return socket
  })
  const before = server.stored.size
  await vi.waitFor(() => expect(server.stored.size).toBeGreaterThanOrEqual(before + 4), patiently)
  const report = await readDevice({ url: `tcp://127.0.0.1:${proxyPort}`, unit: 247 })
  expect(report.reading).toMatchObject({ powerW: -18_000, productionW: 18_000 })
  const raw = await readDevice({ url: `tcp://127.0.0.1:${proxyPort}`, unit: 1 })
  expect(raw).toMatchObject({ device: { manufacturer: 'Example', model: 'E5' }, reading: { powerW: -18_000 } })
  for (const socket of floods) socket.destroy()

  const readings = [...server.stored.values()].sort((a, b) => a.time - b.time)
  expect(readings.map(({ time }) => time)).toEqual(readings.map((_, index) => readings[0]!.time + index))
  expect(server.violations).toEqual([])
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
  expect(log.join('\n')).toContain('"msg":"stopped"')
})
