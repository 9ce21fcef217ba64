/** The log of failures: a sentence for what is expected to happen, and where it happened for what nobody foresaw. */
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { ChainError } from '../../server/chain/error.ts'
import { startPoller } from '../../server/chain/poller.ts'
import { StoreError } from '../../server/store/error.ts'
import { logFailure } from '../../server/store/outage.ts'

const away = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' })

test.each([
  ['a database that is away', away, 40, 'it failed: the database is away (connect ECONNREFUSED 127.0.0.1:5432)'],
  ['a silent one', new StoreError('STORE_SILENT', 'no word'), 40, 'it failed: the database is away (no word)'],
  ['what has a code', new ChainError('CHAIN_FUNDS', 'the key cannot pay'), 50, 'it failed: the key cannot pay'],
])('%s is one sentence', (_what, error, level, msg) => {
  const lines: string[] = []
  logFailure(pino({}, { write: (line: string) => lines.push(line) }), 'it failed', error, { task: 'a' })
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ level, msg, task: 'a', code: error.code }])
  expect(lines[0]).not.toContain('stack')
})

test('a mistake of the program comes with where it happened', () => {
  const lines: string[] = []
  logFailure(pino({}, { write: (line: string) => lines.push(line) }), 'it failed', new TypeError('x is not a function'))
  expect(JSON.parse(lines[0]!)).toMatchObject({ level: 50, err: { stack: expect.any(String) } })
})

test('work that is repeated says once that the database is away, and once that it works again', async () => {
  const lines: { level: number; msg: string }[] = []
  const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) })
  let runs = 0
  await new Promise<void>((resolve) => {
    const poller = startPoller({
      ...{ name: 'work', everyMs: 1, log },
      async run() {
        runs += 1
        if (runs <= 3) throw away
        if (runs === 5) void poller.stop().then(resolve)
      },
    })
  })
  expect(lines.map(({ level, msg }) => [level, msg.slice(0, 30)])).toEqual([
    [40, 'work failed and will be tried '],
    [30, 'work works again'],
  ])
})
