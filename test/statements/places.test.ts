/** Questions that take the thread of statements long have places of their own: statements go on being given out. */
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { startStatements } from '../../server/statements/start-statements.ts'
import { settings } from '../api/people.ts'

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
  expect((await file).code).not.toBe('STATEMENTS_BUSY')
  await statements.stop()
})
