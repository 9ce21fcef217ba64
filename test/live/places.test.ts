/** Places of connections: a stranger gets one for each connection, few for each network, and none of those who are known. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from 'socket.io'
import { io as connect, type Socket } from 'socket.io-client'
import { afterEach, expect, test, vi } from 'vitest'
import { limitPackets, socketOptions } from '../../server/live/limits.ts'
import { limitPlaces, type PlaceLimits } from '../../server/live/places.ts'
import { patiently } from '../patience.ts'

const running: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.close()
})

async function start(limits: Partial<PlaceLimits> = {}) {
  const http = createServer()
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const io = new Server(
    http,
    socketOptions(
      ({ headers }) => headers.host?.startsWith('127.0.0.1') ?? false,
      () => 'unsaid',
      () => true,
    ),
  )
  const networkOf = ({ headers }: Pick<IncomingMessage, 'headers'>) => String(headers['x-network'] ?? 'here')
  // What a connection has used comes back with time: here none passes, however long the packets take to come.
  limitPackets(io, networkOf, () => 0)
  running.push(io)
  const namespace = io.of('/agents')
  const places = limitPlaces(namespace, {
    networkOf,
    limits: { known: 2, knownOfOne: 1, strangers: 4, strangersOfNetwork: 2, ...limits },
    nameOf: () => null,
  })
  namespace.on('connection', (socket) => {
    socket.on('name', (name: string, answer: (isKnown: boolean) => void) => answer(places.makeKnown(socket, name)))
  })
  const open = async (network = 'here') => {
    const socket = connect(`${origin}/agents`, {
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      extraHeaders: { 'x-network': network },
    })
    running.push(socket)
    await new Promise<void>((resolve) => socket.once('connect', resolve))
    return socket
  }
  return { origin, namespace, open }
}

const alive = (sockets: Socket[]) => sockets.map(({ connected }) => connected)

test('of one network the stranger that came first goes, of all likewise', async () => {
  const { open } = await start()
  const first = [await open(), await open(), await open()]
  await vi.waitFor(() => expect(alive(first)).toEqual([false, true, true]), patiently)
  const others = [await open('b'), await open('b'), await open('c')]
  await vi.waitFor(
    () => expect(alive([...first, ...others])).toEqual([false, false, true, true, true, true]),
    patiently,
  )
})

test('who is known has a place that strangers cannot take, and one for each name', async () => {
  const { open } = await start()
  const known = await open()
  expect(await known.emitWithAck('name', 'a')).toBe(true)
  for (let n = 0; n < 5; n++) await open()
  expect(known.connected).toBe(true)
  const again = await open()
  expect(await again.emitWithAck('name', 'a')).toBe(true)
  await vi.waitFor(() => expect(alive([known, again])).toEqual([false, true]), patiently)
  expect(await (await open()).emitWithAck('name', 'b')).toBe(true)
  expect(await (await open()).emitWithAck('name', 'c')).toBe(false)
})

test('a polling request that asks for a namespace twenty thousand times gets one socket and costs nobody anything', async () => {
  const { origin, namespace, open } = await start()
  const honest = await open()
  const opened = await (await fetch(`${origin}/socket.io/?EIO=4&transport=polling`)).text()
  const { sid } = JSON.parse(opened.slice(1)) as { sid: string }
  let created = 0
  namespace.use((_socket, next) => {
    created += 1
    next()
  })
  const body = Array.from({ length: 20_000 }, () => '40/agents,').join('\x1e')
  const url = `${origin}/socket.io/?EIO=4&transport=polling&sid=${sid}`
  await fetch(url, { method: 'POST', body, headers: { 'content-type': 'text/plain' } }).catch(() => {})
  expect(await honest.emitWithAck('name', 'honest')).toBe(true)
  expect(created).toBeLessThanOrEqual(9)
  await vi.waitFor(() => expect(namespace.sockets.size).toBe(1), patiently)
})

test('a connection has one socket of a namespace, however many it asks for', async () => {
  const { origin, namespace } = await start()
  const opened = await (await fetch(`${origin}/socket.io/?EIO=4&transport=polling`)).text()
  const { sid } = JSON.parse(opened.slice(1)) as { sid: string }
  const url = `${origin}/socket.io/?EIO=4&transport=polling&sid=${sid}`
  await fetch(url, { method: 'POST', body: '40/agents,\x1e40/agents,\x1e40/agents,' })
  await vi.waitFor(() => expect(namespace.sockets.size).toBe(0), patiently)
})

test('a connection that sends packets without end is closed', async () => {
  const { open } = await start()
  const socket = await open()
  for (let n = 0; n < 20_000; n++) socket.emit('nothing', n)
  await vi.waitFor(() => expect(socket.connected).toBe(false), patiently)
})

test('strangers of one network send so much together, and who has shown who it is goes on, as do the first packets of all', async () => {
  const { open } = await start({ strangers: 100, strangersOfNetwork: 100 })
  const known = await open()
  expect(await known.emitWithAck('name', 'honest')).toBe(true)
  const crowd: Socket[] = []
  for (let n = 0; n < 6; n++) crowd.push(await open())
  for (const socket of crowd) for (let n = 0; n < 1_200; n++) socket.emit('nothing', n)
  await vi.waitFor(() => expect(alive(crowd)).toContain(false), patiently)
  for (let n = 0; n < 100; n++) known.emit('nothing', n)
  expect(await known.emitWithAck('name', 'honest')).toBe(true)
  expect(await (await open()).emitWithAck('name', 'newcomer')).toBe(true)
  const elsewhere = await open('b')
  for (let n = 0; n < 20; n++) elsewhere.emit('nothing', n)
  expect(await elsewhere.emitWithAck('name', 'far')).toBe(false)
})

test('a packet counts by its size', async () => {
  const { open } = await start()
  const socket = await open()
  for (let n = 0; n < 40; n++) socket.emit('nothing', 'x'.repeat(250_000))
  await vi.waitFor(() => expect(socket.connected).toBe(false), patiently)
})

test('no connection is made under another name', async () => {
  const { origin } = await start()
  const { port } = new URL(origin)
  const socket = connect(`http://localhost:${port}/agents`, { transports: ['websocket'], reconnection: false })
  running.push(socket)
  await new Promise<void>((resolve) => socket.once('connect_error', () => resolve()))
  expect(socket.connected).toBe(false)
})
