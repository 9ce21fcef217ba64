/** What a client of the API does where a server closes its connection instead of answering. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { postAsMeter, publicClient } from '../server/api-client.ts'

/** Closes the connection of the second request, as one that it had just given up, and answers all others; tells which requests came. */
async function closingServer() {
  const asked: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      const line = /^[A-Z]+ \S+(?= HTTP)/.exec(bytes.toString('latin1'))?.[0]
      if (line === undefined) return
      asked.push(line)
      if (asked.length === 2) socket.end()
      else socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

test('what only reads is asked again on another connection', async () => {
  const { url, asked } = await closingServer()
  const { get } = publicClient(url)
  expect([await get('/areas'), await get('/areas')]).toEqual([{}, {}])
  expect(asked).toEqual(Array(3).fill('GET /api/v1/areas'))
})

test('what could have a second effect is sent once', async () => {
  const { url, asked } = await closingServer()
  await publicClient(url).get('/areas')
  await expect(postAsMeter(url, '/pairings', {})).rejects.toThrow('fetch failed')
  expect(asked).toEqual(['GET /api/v1/areas', 'POST /api/v1/pairings'])
})
