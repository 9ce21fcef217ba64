/** What one network may ask at all: how often, how much at a time, and what it keeps in memory. */
import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createDoor, type DoorLimits } from '../../server/api/door.ts'
import { createPatientServer } from '../../server/api/patient-server.ts'
import { patiently } from '../patience.ts'

const plenty = { perMinute: 1_000, underWay: 100, heldBytes: 2 ** 20 }

async function start(limits: Partial<DoorLimits>, handle: RequestListener) {
  let asked = 0
  const door = createDoor(
    ({ headers }) => `${headers['x-network'] ?? 'one'}`,
    { ...plenty, ...limits },
    () => 0,
  )
  const server = createServer(
    door.before((request, response) => {
      asked += 1
      handle(request, response)
    }),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const ask = async (network: string) => {
    const { status, headers } = await fetch(`http://127.0.0.1:${port}/`, { headers: { 'x-network': network } })
    return [status, headers.get('connection')]
  }
  /** Writes to a connection that is not read until it is closed. */
  const write = (text: string) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.pause().write(text)
    onTestFinished(() => void socket.destroy())
    return socket
  }
  return { door, ask, write, asked: () => asked }
}

const get = 'GET / HTTP/1.1\r\nHost: here\r\n\r\n'

test('who asks too often is refused, and whoever goes on loses the connection; others are answered', async () => {
  const { ask, write, asked } = await start({ perMinute: 20 }, (_request, response) => response.end('yes'))
  const socket = write(get.repeat(1_000))
  let heard = ''
  socket.on('data', (part) => {
    heard += part
  })
  await new Promise((resolve) => socket.resume().once('close', resolve))
  expect(heard.match(/HTTP\/1.1 429/g)?.length ?? 0).toBeLessThanOrEqual(1)
  expect(asked()).toBeLessThanOrEqual(10)
  expect(await ask('one')).toEqual([429, 'close'])
  expect(await ask('two')).toEqual([200, 'keep-alive'])
})

test('a network has so many requests under way, and no more', async () => {
  const { ask, write, asked } = await start({ underWay: 3 }, ({ headers }, response) => {
    if (headers['x-network'] !== undefined) response.end('yes')
  })
  const sockets = [write(get), write(get), write(get)]
  await vi.waitFor(() => expect(asked()).toBe(3), patiently)
  expect(await ask('one')).toEqual([429, 'close'])
  expect(await ask('two')).toEqual([200, 'keep-alive'])
  for (const socket of sockets) socket.destroy()
  await vi.waitFor(async () => expect((await ask('one'))[0]).toBe(200), patiently)
})

test('what one connection asks for before it has an answer waits its turn, and is forgotten when it goes', async () => {
  const open: ServerResponse[] = []
  const { ask, write, asked } = await start({ underWay: 10 }, ({ headers }, response) => {
    if (headers['x-network'] !== undefined) response.end('yes')
    else open.push(response)
  })
  const patient = write(get.repeat(3))
  let heard = ''
  patient.resume().on('data', (part) => {
    heard += part
  })
  for (let turn = 1; turn <= 3; turn += 1) {
    await vi.waitFor(() => expect(asked()).toBe(turn), patiently)
    open.pop()!.end(`answer ${turn}`)
    await vi.waitFor(() => expect(heard).toContain(`answer ${turn}`), patiently)
  }
  for (let visit = 4; visit < 24; visit += 1) {
    const hasty = write(get.repeat(8))
    await vi.waitFor(() => expect(asked()).toBe(visit), patiently)
    hasty.destroy()
    await vi.waitFor(() => expect(open.at(-1)?.closed).toBe(true), patiently)
  }
  expect(asked()).toBe(23)
  expect((await ask('one'))[0]).toBe(200)
  // Without end it is let go.
  await once(write(get.repeat(100)).resume(), 'close')
})

test('who asks for another protocol before the answer has come is given that answer, and let go', async () => {
  const open: ServerResponse[] = []
  const door = createDoor(
    () => 'one',
    plenty,
    () => 0,
  )
  const server = createPatientServer(() => false)
  server.on(
    'request',
    door.before((_request, response) => void open.push(response)),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  let heard = ''
  socket.on('error', () => {})
  socket.on('data', (part) => {
    heard += part
  })
  socket.write(`${get}GET / HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`)
  await vi.waitFor(() => expect(open).toHaveLength(1), patiently)
  open[0]!.end('first')
  await once(socket, 'close')
  expect(heard).toContain('first')
  expect(open).toHaveLength(1)
})

test('answers that nobody reads and bodies that do not come leave no room for more', async () => {
  const big = Buffer.alloc(16 * 2 ** 20)
  const { ask, write, asked } = await start({}, ({ headers, method }, response) => {
    if (headers['x-network'] !== undefined) response.end('yes')
    else if (method === 'GET') response.end(big)
  })
  const unread = write(get)
  await vi.waitFor(() => expect(asked()).toBe(1), patiently)
  expect((await ask('one'))[0]).toBe(429)
  expect((await ask('two'))[0]).toBe(200)
  unread.destroy()
  await vi.waitFor(async () => expect((await ask('one'))[0]).toBe(200), patiently)
  for (const length of ['Content-Length: 2000000', 'Transfer-Encoding: chunked']) {
    const before = asked()
    const slow = write(`POST / HTTP/1.1\r\nHost: here\r\n${length}\r\n\r\n`)
    await vi.waitFor(() => expect(asked()).toBe(before + 1), patiently)
    expect((await ask('one'))[0]).toBe(429)
    slow.destroy()
    await vi.waitFor(async () => expect((await ask('one'))[0]).toBe(200), patiently)
  }
})

test('what socket.io answers counts as well', async () => {
  const { door } = await start({ perMinute: 4 }, () => {})
  const request = { headers: {}, socket: {} } as Parameters<typeof door.admits>[0]
  expect([door.admits(request), door.admits(request), door.admits(request)]).toEqual([true, true, false])
})
