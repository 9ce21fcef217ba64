/** Modbus connections against peers that misbehave. */
import net from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { acquireConnection, Connection, releaseConnection } from '../../../meter-agent/modbus/connection.ts'
import { parseEndpoint } from '../../../meter-agent/modbus/endpoint.ts'
import type { Framing, ReadRequest } from '../../../meter-agent/modbus/frames.ts'
import { patiently } from '../../patience.ts'
import { exceptionReply, type Reaction, reply, scriptedPeer } from './scripted-peer.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

async function peerAndConnection(framing: Framing, react: Reaction) {
  const peer = await scriptedPeer(framing, react)
  const scheme = framing === 'tcp' ? 'tcp' : 'rtutcp'
  const connection = new Connection(parseEndpoint(`${scheme}://127.0.0.1:${peer.port}`))
  cleanups.push(
    () => connection.close(),
    () => peer.close(),
  )
  return { peer, connection }
}

/** Short enough for what never answers, or never rightly. What answers has all the time that a busy machine may need. */
const silence = { timeoutMs: 150 }

const request = (changes: object = {}) => ({
  unit: 1,
  functionCode: 3 as const,
  address: 100,
  count: 2,
  timeoutMs: 60_000,
  tries: 2,
  ...changes,
})

describe('a Modbus TCP connection', () => {
  it('reads holding and input registers of several units over one connection, one request at a time', async () => {
    let open = 0
    let most = 0
    const { peer, connection } = await peerAndConnection('tcp', ({ socket, request }) => {
      open += 1
      most = Math.max(most, open)
      setImmediate(() => {
        open -= 1
        socket.write(reply('tcp', request, [request.unit, request.functionCode]))
      })
    })
    const replies = await Promise.all(
      [1, 2, 3, 4].map((unit) => connection.read(request({ unit, functionCode: unit % 2 ? 3 : 4 }))),
    )
    expect(replies.map((one) => one.registers)).toEqual([
      [1, 3],
      [2, 4],
      [3, 3],
      [4, 4],
    ])
    expect([most, peer.connections]).toEqual([1, 1])
  })

  it('survives more requests than there are transaction ids', async () => {
    const { connection } = await peerAndConnection('tcp', ({ socket, request }) =>
      socket.write(reply('tcp', request, [request.address])),
    )
    for (let address = 0; address < 600; address += 1) {
      const { registers } = await connection.read(request({ address, count: 1 }))
      expect(registers).toEqual([address])
    }
  })

  it('gives up on a silent device and connects anew for the next try', async () => {
    const { peer, connection } = await peerAndConnection('tcp', ({ socket, request, connection }) => {
      if (connection >= 1) socket.write(reply('tcp', request, [7, 8]))
    })
    expect((await connection.read(request({ ...silence, tries: 100 }))).registers).toEqual([7, 8])
    expect(peer.connections).toBeGreaterThanOrEqual(2)
    expect(connection.generation).toBe(peer.connections)
  })

  it('rejects when every try stays silent', async () => {
    const { peer, connection } = await peerAndConnection('tcp', () => {})
    await expect(connection.read(request(silence))).rejects.toMatchObject({ code: 'MODBUS_TIMEOUT' })
    await vi.waitFor(() => expect(peer.requests).toHaveLength(2), patiently)
  })

  it('fails at once, without waiting for the time-out, when the peer closes or resets', async () => {
    const { connection } = await peerAndConnection('tcp', ({ socket, connection }) => {
      if (connection % 2) socket.resetAndDestroy()
      else socket.end()
    })
    await expect(connection.read(request())).rejects.toMatchObject({ code: 'MODBUS_DROPPED' })
  })

  it('reports an exception as the device’s answer and keeps the connection', async () => {
    const { peer, connection } = await peerAndConnection('tcp', ({ socket, request, count }) =>
      socket.write(count === 1 ? exceptionReply('tcp', request, 2) : reply('tcp', request, [1, 2])),
    )
    await expect(connection.read(request())).rejects.toMatchObject({ code: 'MODBUS_EXCEPTION', exception: 2 })
    await connection.read(request())
    expect(peer.connections).toBe(1)
  })

  it.each([5, 6])('waits for a device that is busy (exception %i), three tries at most', async (code) => {
    const { peer, connection } = await peerAndConnection('tcp', ({ socket, request, count }) =>
      socket.write(count === 3 ? reply('tcp', request, [1, 2]) : exceptionReply('tcp', request, code)),
    )
    expect((await connection.read(request())).registers).toEqual([1, 2])
    expect(peer.requests).toHaveLength(3)
    await expect(Promise.all([connection.read(request()), connection.read(request())])).rejects.toMatchObject({
      exception: code,
    })
  })

  it('asks again after exception 4 only once the unit has answered before', async () => {
    const { peer, connection } = await peerAndConnection('tcp', ({ socket, request, count }) =>
      socket.write(count === 2 ? reply('tcp', request, [1, 2]) : exceptionReply('tcp', request, 4)),
    )
    await expect(connection.read(request())).rejects.toMatchObject({ exception: 4 })
    expect(peer.requests).toHaveLength(1)
    await connection.read(request())
    await expect(connection.read(request())).rejects.toMatchObject({ exception: 4 })
    expect(peer.requests).toHaveLength(4)
  })

  it('never takes a reply with too few registers', async () => {
    const { connection } = await peerAndConnection('tcp', ({ socket, request }) =>
      socket.write(reply('tcp', request, [9])),
    )
    await expect(connection.read(request(silence))).rejects.toMatchObject({ code: 'MODBUS_FRAME' })
  })

  it('never takes a reply that says it has fewer registers than it carries', async () => {
    const { connection } = await peerAndConnection('tcp', ({ socket, request }) => {
      const bytes = reply('tcp', request, [9, 9])
      bytes.writeUInt8(2, 8)
      socket.write(bytes)
    })
    await expect(connection.read(request(silence))).rejects.toMatchObject({ code: 'MODBUS_FRAME' })
  })

  it('never takes a reply from another unit', async () => {
    const { connection } = await peerAndConnection('tcp', ({ socket, request }) =>
      socket.write(reply('tcp', request, [9, 9], request.unit + 1)),
    )
    await expect(connection.read(request(silence))).rejects.toMatchObject({ code: 'MODBUS_FRAME' })
  })

  it.each([
    ['whole', (bytes: Buffer) => [bytes]],
    ['in pieces', (bytes: Buffer) => [bytes.subarray(0, 5), bytes.subarray(5)]],
    ['after a frame of nobody', (bytes: Buffer) => [Buffer.concat([Buffer.from('00ff00000003010304', 'hex'), bytes])]],
  ])('never takes an exception from another unit for its device’s, %s', async (_, parted) => {
    const { connection } = await peerAndConnection('tcp', async ({ socket, request }) => {
      for (const part of parted(exceptionReply('tcp', { ...request, unit: request.unit + 1 }, 2))) {
        socket.write(part)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    })
    await expect(connection.read(request({ tries: 1 }))).rejects.toMatchObject({
      ...{ code: 'MODBUS_FRAME', fault: 'wrong-unit' },
    })
  })

  it('takes of a device that lies for a while none of its values, and reads on once it behaves', async () => {
    const good = [1, 2]
    const lies: ((peer: Parameters<Reaction>[0]) => Buffer)[] = [
      ({ request }) => reply('tcp', { ...request, transactionId: 200 }, [66, 6]),
      ({ request }) => reply('tcp', request, [66, 6, 6]),
      ({ request }) => reply('tcp', request, [66, 6], 9),
      ({ request }) => reply('tcp', { ...request, functionCode: 4 }, [66, 6]),
      ({ request }) => exceptionReply('tcp', request, 2),
      // Good, and at once an answer more to the same request.
      ({ request }) => Buffer.concat([reply('tcp', request, good), reply('tcp', request, [66, 6])]),
    ]
    const { connection } = await peerAndConnection('tcp', (peer) => {
      const lie = lies[peer.count - 1]
      peer.socket.write(lie === undefined ? reply('tcp', peer.request, good) : lie(peer))
    })
    const taken: number[][] = []
    for (let count = 0; count <= lies.length; count += 1) {
      await connection.read(request({ ...silence, tries: 1 })).then(
        ({ registers }) => taken.push(registers),
        () => {},
      )
    }
    expect(taken).toEqual([good, good])
  })

  it('says so when a gateway does not echo the transaction id', async () => {
    const { connection } = await peerAndConnection('tcp', ({ socket, request }) =>
      socket.write(reply('tcp', { ...request, transactionId: 0 }, [9, 9])),
    )
    await expect(connection.read(request(silence))).rejects.toThrow('transaction id was not echoed')
  })

  it('recovers from garbage in front of a reply with a new connection', async () => {
    const { peer, connection } = await peerAndConnection('tcp', ({ socket, request, connection }) => {
      if (connection === 0) socket.write(Buffer.from('00ff551337', 'hex'))
      socket.write(reply('tcp', request, [3, 4]))
    })
    expect((await connection.read(request({ ...silence, tries: 100 }))).registers).toEqual([3, 4])
    expect(peer.connections).toBeGreaterThanOrEqual(2)
  })

  it('puts split replies together', async () => {
    const { connection } = await peerAndConnection('tcp', ({ socket, request }) => {
      for (const byte of reply('tcp', request, [5, 6])) socket.write(Buffer.from([byte]))
    })
    expect((await connection.read(request())).registers).toEqual([5, 6])
  })

  it('names a refused connection, then waits before it connects again', async () => {
    const server = net.createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as net.AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const connection = new Connection(parseEndpoint(`tcp://127.0.0.1:${port}`))
    await expect(connection.read(request({ tries: 1 }))).rejects.toMatchObject({ code: 'MODBUS_UNREACHABLE' })
    await expect(connection.read(request({ tries: 1 }))).rejects.toThrow(/refused.*next try in 1 s/)
  })

  it('rejects what waits when it is closed', async () => {
    const { connection } = await peerAndConnection('tcp', () => {})
    const waiting = [connection.read(request()), connection.read(request())]
    setImmediate(() => connection.close())
    for (const result of await Promise.allSettled(waiting)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'MODBUS_CLOSED' } })
    }
  })

  it('is shared by all who use the endpoint, and closed by the last', async () => {
    const peer = await scriptedPeer('tcp', ({ socket, request }) => socket.write(reply('tcp', request, [1, 2])))
    cleanups.push(() => peer.close())
    const endpoint = parseEndpoint(`tcp://127.0.0.1:${peer.port}`)
    const [one, other] = [acquireConnection(endpoint), acquireConnection(endpoint)]
    expect(one).toBe(other)
    await one.read(request())
    releaseConnection(one)
    await other.read(request())
    releaseConnection(other)
    await expect(other.read(request())).rejects.toMatchObject({ code: 'MODBUS_CLOSED' })
  })
})

describe('what went wrong is counted', () => {
  const answer = (framing: Framing, changes: (bytes: Buffer, request: ReadRequest) => Buffer): Reaction => {
    return ({ socket, request }) => socket.write(changes(reply(framing, request, [9, 9]), request))
  }
  const lied = (bytes: Buffer) => {
    bytes.writeUInt8(2, 8)
    return bytes
  }
  const flipped = (bytes: Buffer) => {
    bytes[4]! ^= 1
    return bytes
  }
  it.each<[string, Framing, Reaction, Record<string, number>]>([
    ['silence', 'tcp', () => {}, { 'no-reply': 2 }],
    ['another unit', 'tcp', answer('tcp', (_, request) => reply('tcp', request, [9, 9], 7)), { 'wrong-unit': 2 }],
    [
      'another unit’s exception',
      'tcp',
      ({ socket, request }) => socket.write(exceptionReply('tcp', { ...request, unit: 7 }, 2)),
      { 'wrong-unit': 2 },
    ],
    [
      'another function',
      'tcp',
      answer('tcp', (_, request) => reply('tcp', { ...request, functionCode: 4 }, [9, 9])),
      { 'wrong-function': 2 },
    ],
    ['short data', 'tcp', answer('tcp', (_, request) => reply('tcp', request, [9])), { 'wrong-length': 2 }],
    ['a wrong byte count', 'tcp', answer('tcp', lied), { 'wrong-length': 2 }],
    [
      'a foreign transaction id',
      'tcp',
      answer('tcp', (_, request) => reply('tcp', { ...request, transactionId: 0 }, [9, 9])),
      { 'transaction-id': 2 },
    ],
    ['a closed connection', 'tcp', ({ socket }) => socket.destroy(), { dropped: 2 }],
    ['trouble', 'tcp', ({ socket, request }) => socket.write(exceptionReply('tcp', request, 4)), { 'exception-4': 1 }],
    ['a wrong checksum', 'rtu', answer('rtu', flipped), { checksum: 2 }],
    ['half a frame', 'rtu', answer('rtu', (bytes) => bytes.subarray(0, 4)), { 'unusable-bytes': 2 }],
  ])('%s', async (_, framing, react, failures) => {
    const { peer, connection } = await peerAndConnection(framing, react)
    await expect(connection.read(request(silence))).rejects.toThrow()
    const { connects, requests, endpoint } = connection.counts
    expect({ ...connection.counts.failures }).toEqual(failures)
    expect([connects, requests]).toEqual([peer.connections, peer.requests.length])
    expect(endpoint).toBe(`127.0.0.1:${peer.port}`)
  })
})

describe('serial framing over TCP', () => {
  it('never takes the late reply of one request for the reply to the next', async () => {
    const { peer, connection } = await peerAndConnection('rtu', ({ socket, request, count }) => {
      // The first answer comes long after its deadline, just when the second request would go out.
      const answer = reply('rtu', request, [request.address, request.address])
      if (count === 1) setTimeout(() => socket.write(answer), 200)
      else socket.write(answer)
    })
    await expect(connection.read(request({ ...silence, address: 111, tries: 1 }))).rejects.toMatchObject({
      code: 'MODBUS_TIMEOUT',
    })
    const second = await connection.read(request({ address: 222 }))
    expect(second.registers).toEqual([222, 222])
    expect(peer.requests.map((one) => one.address)).toEqual([111, 222])
  })

  it('copes with noise around and splits within a frame', async () => {
    const { connection } = await peerAndConnection('rtu', ({ socket, request }) => {
      const bytes = reply('rtu', request, [0x1234, 0x5678])
      socket.write(Buffer.from([0x00, 0xff]))
      socket.write(bytes.subarray(0, 4))
      setImmediate(() => socket.write(bytes.subarray(4)))
    })
    expect((await connection.read(request())).registers).toEqual([0x1234, 0x5678])
  })

  it('never takes what came twice for the reply to the next request', async () => {
    const { connection } = await peerAndConnection('rtu', ({ socket, request }) => {
      const answer = reply('rtu', request, [request.address, request.address])
      socket.write(Buffer.concat([answer, answer]))
    })
    for (const address of [111, 222, 333]) {
      expect((await connection.read(request({ address }))).registers).toEqual([address, address])
    }
    expect(connection.counts).toMatchObject({ connects: 1, requests: 3, failures: {} })
  })

  it('never takes a frame with a wrong checksum', async () => {
    const { connection } = await peerAndConnection('rtu', ({ socket, request }) => {
      const bytes = reply('rtu', request, [1, 2])
      bytes[4]! ^= 1
      socket.write(bytes)
    })
    await expect(connection.read(request({ ...silence, tries: 1 }))).rejects.toMatchObject({ code: 'MODBUS_FRAME' })
  })
})
