/** The log of failures: a sentence for what is expected to happen, and where it happened for what nobody foresaw. */
import { pino } from 'pino'
import postgres from 'postgres'
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
  [
    'a full disk',
    new postgres.PostgresError({ code: '53100', message: 'could not extend file "base/1/2"' } as never),
    40,
    'it failed: the database cannot be used: its disk is full: make room there (could not extend file "base/1/2")',
  ],
  [
    'files that fail',
    new postgres.PostgresError({ code: '58030', message: 'could not write block 5' } as never),
    40,
    'it failed: the database cannot be used: its files cannot be read or written: see its log, and the disk below it (could not write block 5)',
  ],
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

/** What is logged of work that is repeated; `work` is told how often it was begun. */
async function logOf(runs: number, work: (run: number) => void): Promise<{ level: number; msg: string }[]> {
  const lines: { level: number; msg: string }[] = []
  const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) })
  let run = 0
  await new Promise<void>((resolve) => {
    const poller = startPoller({
      ...{ name: 'work', everyMs: 1, log },
      async run() {
        run += 1
        if (run === runs) void poller.stop().then(resolve)
        work(run)
      },
    })
  })
  return lines
}

test('work that is repeated says once that the database is away, and once that it works again', async () => {
  const lines = await logOf(5, (run) => {
    if (run <= 3) throw away
  })
  expect(lines.map(({ level, msg }) => [level, msg.slice(0, 30)])).toEqual([
    [40, 'work failed and will be tried '],
    [30, 'work works again'],
  ])
})

test('work that is repeated on a full disk says so once, whichever file the database names', async () => {
  const lines = await logOf(4, (run) => {
    const message = `could not extend file "base/1/${run}": No space left on device`
    throw new postgres.PostgresError({ code: '53100', message } as never)
  })
  expect(lines).toHaveLength(1)
})
