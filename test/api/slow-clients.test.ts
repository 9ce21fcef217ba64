/** Clients that send a byte at a time: they are let go, on HTTP and on the socket, and keep nobody else waiting meanwhile. */
import { type AddressInfo, connect } from 'node:net'
import { Server } from 'socket.io'
import { io as connectSocket } from 'socket.io-client'
import { expect, onTestFinished, test } from 'vitest'
import { type ClientPatience, createPatientServer } from '../../server/api/patient-server.ts'
import { socketOptions } from '../../server/live/limits.ts'
import { patiently } from '../patience.ts'

const short = { headMs: 300, requestMs: 600, silentMs: 60_000, lookMs: 20, unheardOfNetwork: 4 }
/** For those whom this machine may keep waiting. */
const long = { ...short, headMs: 60_000, requestMs: 60_000 }

async function start({
  isProxy = () => false,
  patience = short,
}: {
  isProxy?: () => boolean
  patience?: ClientPatience
} = {}) {
  const http = createPatientServer(isProxy, patience)
  http.on('request', (request, response) => {
    if (request.url !== '/') return
    request.resume().once('end', () => response.end('answered'))
  })
  const everybody = () => true
  const io = new Server(http, {
    ...socketOptions(everybody, () => 'own', everybody),
    pingInterval: 100,
    pingTimeout: 200,
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  onTestFinished(() => {
    http.closeAllConnections()
    io.close()
  })
  /** Sends what comes first at once and the rest a byte at a time, for ever; resolves with what it heard when it is let go. */
  const drip = (first: string, rest: string) => {
    const socket = connect(port, '127.0.0.1')
    let heard = ''
    socket.on('data', (part) => {
      heard += part
    })
    socket.on('error', () => {})
    socket.write(first)
    let sent = 0
    const timer = setInterval(() => socket.write(rest.charAt(sent++ % rest.length)), 10)
    return new Promise<string>((resolve) => {
      socket.once('close', () => {
        clearInterval(timer)
        resolve(heard)
      })
    })
  }
  /** Opens a connection on which nothing is said. */
  const open = () => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    onTestFinished(() => void socket.destroy())
    return socket
  }
  const ask = async () => (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'whole' })).text()
  /** Of a busy machine a request may be too slow as well: then the next one is not. */
  const isAnswered = () => expect.poll(() => ask().catch(String), patiently).toBe('answered')
  return { port, drip, open, ask, isAnswered }
}

test('the head of a request comes in time, or its connection is closed', async () => {
  const { drip, isAnswered } = await start()
  const dripping = drip('POST / HTTP/1.1\r\nHost: here\r\nX-Long: ', 'aaaa')
  await isAnswered()
  expect(await dripping).toMatch(/^HTTP\/1\.1 408 /)
})

test('and so does its body, of a known length or not', async () => {
  const { drip, isAnswered } = await start()
  const head = 'POST / HTTP/1.1\r\nHost: here\r\n'
  const dripping = [
    drip(`${head}Content-Length: 1000000\r\n\r\n`, 'a'),
    drip(`${head}Transfer-Encoding: chunked\r\n\r\n`, '1\r\na\r\n'),
  ]
  await isAnswered()
  for (const heard of await Promise.all(dripping)) expect(heard).toMatch(/^HTTP\/1\.1 408 |^$/)
})

test('a message on a socket that comes byte by byte ends the connection: whoever sends it answers no question', async () => {
  const { port, drip } = await start({ patience: long })
  const upgrade = [
    'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
    'Host: here',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  ].join('\r\n')
  // A masked text frame of 180,000 bytes: what comes byte by byte is what it holds.
  const frame = Buffer.alloc(14)
  frame.set([0x81, 0xff])
  frame.writeUInt32BE(180_000, 6)
  const socket = connectSocket(`http://127.0.0.1:${port}`, { transports: ['websocket'] })
  onTestFinished(() => void socket.close())
  const dripping = drip(`${upgrade}\r\n\r\n${frame.toString('latin1')}`, 'a')
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  expect(await dripping).toMatch(/^HTTP\/1\.1 101 /)
})

test('a network has so many connections without a request, and a proxy as many as it likes', async () => {
  const { open, ask, isAnswered } = await start({ patience: long })
  const silent = [open(), open(), open(), open()]
  await Promise.all(silent.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
  await expect(ask()).rejects.toThrowError('fetch failed')
  silent[0]!.destroy()
  await isAnswered()
  const proxied = await start({ isProxy: () => true, patience: long })
  const many = Array.from({ length: 20 }, proxied.open)
  await Promise.all(many.map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
  await proxied.isAnswered()
})

test.each([
  [
    'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n',
    200,
  ],
  ['POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 4\r\n\r\nbody', 200],
  [
    'POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n',
    200,
  ],
  ['GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nrubbish\r\n\r\n', 400],
])('who asks for another protocol is answered in this one: %j', async (text, status) => {
  const { open } = await start({ patience: long })
  const socket = open()
  socket.write(text)
  const heard = await new Promise<string>((resolve) => {
    let sofar = ''
    socket.on('data', (part) => {
      sofar += part
      if (sofar.includes('answered')) resolve(sofar)
    })
    socket.once('close', () => resolve(sofar))
  })
  expect(heard).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
})

test('a connection that asks for another protocol is closed with the answer: each time would leave something behind', async () => {
  const { open } = await start({ patience: long })
  const socket = open()
  const asked = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'
  socket.write(asked)
  let heard = ''
  socket.on('error', () => {})
  socket.on('data', (part) => {
    heard += part
    if (heard.split('answered').length > 2) socket.destroy()
    else if (part.toString().includes('answered')) socket.write(asked)
  })
  await new Promise((resolve) => socket.once('close', resolve))
  expect(heard).toMatch(/^HTTP\/1\.1 200 /)
  expect(heard).toMatch(/^connection: close\r$/im)
  expect(heard.match(/answered/g)).toHaveLength(1)
})

test('who never ends what was asked with another protocol is let go', async () => {
  const { drip } = await start()
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 10000\r\n\r\n'
  expect(await drip(head, 'a')).toMatch(/^HTTP\/1\.1 408 /)
})
