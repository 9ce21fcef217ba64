/** Questions that take the thread of statements long have places of their own: statements go on being given out. */
import { MessageChannel } from 'node:worker_threads'
import { pino } from 'pino'
import postgres from 'postgres'
import { Registry } from 'prom-client'
import { expect, test, vi } from 'vitest'
import { startStatements } from '../../server/statements/start-statements.ts'
import { runStatements, type Said } from '../../server/statements/statement-program.ts'
import type { Database } from '../../server/store/database.ts'
import { settings } from '../api/people.ts'
import { patiently } from '../patience.ts'

test('however many ask for other prices, statements are not refused for them', async () => {
  const databaseUrl = 'postgres://127.0.0.1:1/nothing'
  const log = pino({ enabled: false })
  const statements = startStatements({ databaseUrl, settings: [settings], log, registry: new Registry() })
  const query = { area: settings.area, seat: 1, side: 'sell', from: 0, to: 900 } as const
  const codes: unknown[] = []
  const note = (error: { code?: string }) => codes.push(error.code)
  const asked = Array.from({ length: 60 }, (_, n) => statements.otherPrices({ ...query, limits: [n] }).catch(note))
  const better = statements.betterLimits({ ...query, start: 0 }).catch(note)
  const file = statements.file({ area: settings.area, seat: 1, end: 900 }).catch((error) => error)
  await Promise.all([...asked, better])
  expect(codes.filter((code) => code === 'STATEMENTS_BUSY')).toHaveLength(11)
  // What passes with the database is told as the loss of it, and no fault of the server.
  expect(await file).toMatchObject({ name: 'StoreError', code: 'STORE_LOST' })
  await statements.stop()
})

test('a database that stays away is said once, however often it is asked', async () => {
  const { port1, port2 } = new MessageChannel()
  const said: string[] = []
  port2.on('message', ({ type }: Said) => said.push(type))
  let looks = 0
  const database = (() => {
    looks += 1
    const away = Promise.reject(new Error('the database is away'))
    // A part of a statement is waited for by nobody.
    away.catch(() => {})
    return away
  }) as unknown as Database
  const identity = { chainId: 1, escrow: settings.chain.escrow, area: settings.area }
  const ended = runStatements(port1, { database, areas: [identity], pollMs: 1 })
  await vi.waitFor(() => expect(looks).toBeGreaterThan(8), patiently)
  port2.postMessage({ type: 'stop' })
  await ended
  await vi.waitFor(() => expect(said).toContain('stopped'), patiently)
  expect(said).toEqual(['failure', 'stopped'])
  port1.close()
})

test('a disk that stays full is said once, whichever file the database names, and passes', async () => {
  const { port1, port2 } = new MessageChannel()
  const said: Said[] = []
  port2.on('message', (each: Said) => said.push(each))
  let looks = 0
  const database = (() => {
    looks += 1
    const message = `could not extend file "base/1/${looks}": No space left on device`
    const full = Promise.reject(new postgres.PostgresError({ code: '53100', message } as never))
    full.catch(() => {})
    return full
  }) as unknown as Database
  const identity = { chainId: 1, escrow: settings.chain.escrow, area: settings.area }
  const ended = runStatements(port1, { database, areas: [identity], pollMs: 1 })
  port2.postMessage({ type: 'prove', id: 1, area: 0, seat: 1, end: 900 })
  await vi.waitFor(() => expect(looks).toBeGreaterThan(8), patiently)
  port2.postMessage({ type: 'stop' })
  await ended
  await vi.waitFor(() => expect(said.at(-1)).toEqual({ type: 'stopped' }), patiently)
  expect(said.filter(({ type }) => type === 'failure')).toMatchObject([
    { message: 'the database cannot be used: its disk is full: make room there' },
  ])
  expect(said).toContainEqual(expect.objectContaining({ type: 'refusal', id: 1, code: 'STORE_LOST' }))
  port1.close()
})
