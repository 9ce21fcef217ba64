/** Whoever goes away before a file has been sent: its making ends, and nobody takes it for a failure. */
import { once } from 'node:events'
import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type NextFunction, type Request, type Response, Router } from 'express'
import { expect, onTestFinished, test, vi } from 'vitest'
import { mountRoute, route } from '../../server/api/route.ts'
import { createTurns } from '../../server/api/turns.ts'
import { patiently } from '../patience.ts'

test.each(['gzip', 'identity'])(
  'a file that nobody receives any longer (%s) ends without a failure',
  async (encoding) => {
    let isEnded = false
    async function* endless() {
      try {
        for (;;) yield `${Math.random()}`.repeat(1_000)
      } finally {
        isEnded = true
      }
    }
    async function* broken() {
      yield 'begun'
      throw new Error('it cannot be made')
    }
    const failures: string[] = []
    const router = Router()
    const files = { endless, broken }
    const parts = {
      networkOf: () => 'network',
      reads: { use() {}, check() {}, charge() {} },
      slow: createTurns(),
    } as Partial<Parameters<typeof mountRoute>[2]> as Parameters<typeof mountRoute>[2]
    for (const [id, chunks] of Object.entries(files)) {
      const file = { status: 200, contentType: 'text/plain', fileName: 'file', chunks: chunks() }
      const answers = { 200: 'text/plain' }
      const made = route({ id, method: 'get', path: `/${id}`, tag: '', summary: '', answers, handle: async () => file })
      mountRoute(router, made, parts)
    }
    const app = express().use(router)
    app.use((error: Error, _request: Request, response: Response, _next: NextFunction) => {
      failures.push(error.message)
      response.destroy()
    })
    const server = createServer(app)
    onTestFinished(() => void server.close())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const asking = (path: string) => get({ host: '127.0.0.1', port, path, headers: { 'accept-encoding': encoding } })

    const gone = asking('/endless')
    const [answer] = (await once(gone, 'response')) as [IncomingMessage]
    await once(answer, 'data')
    answer.on('error', () => {})
    gone.destroy()
    await vi.waitFor(() => expect(isEnded).toBe(true), patiently)

    const waiting = asking('/broken').on('error', () => {})
    waiting.on('response', (begun: IncomingMessage) => begun.on('error', () => {}).resume())
    await vi.waitFor(() => expect(failures).toEqual(['it cannot be made']), patiently)
  },
)
