/** A server that cannot take connections for a while goes on, and says so now and then. */
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { outliveAccepting } from '../server/accepting.ts'

test('a server outlives that it cannot take connections, and tells once a minute', () => {
  const server = createServer()
  const told: string[] = []
  let nowMs = 0
  outliveAccepting(server, { warn: (_: unknown, line?: string) => void told.push(line!) }, () => nowMs)
  const full = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' })
  for (let times = 0; times < 100; times += 1) server.emit('error', full)
  expect(told).toEqual([expect.stringMatching(/^connections are turned away: this program may open no more files/)])
  nowMs = 60_000
  server.emit('error', Object.assign(new Error('accept ENOBUFS'), { code: 'ENOBUFS' }))
  expect(told[1]).toBe('connections are turned away: accept ENOBUFS')
})
