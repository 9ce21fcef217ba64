/** The commands that need a database, where there is none: one line that says so, and no trace of the program's insides. */
import { spawnSync } from 'node:child_process'
import postgres from 'postgres'
import { expect, test, vi } from 'vitest'
import { writeOutput } from '../../server/commands/streams.ts'
import { freePort } from '../../server/demo/ports.ts'
import { whyUnreachable } from '../../server/store/unreachable.ts'
import { builtProgram } from '../built.ts'

const commands = [
  ['migrate'],
  ['rebuild', '--area', '1'],
  ['export', '--area', '1', '--end', '2026-11-28T06:30:00Z'],
  ['report', '--area', '1', '--from', '2026-11-28T06:00:00Z', '--to', '2026-11-28T07:00:00Z'],
]

function run(args: readonly string[], url: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [builtProgram('commonwatt'), ...args], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, DATABASE_URL: url },
  })
  return { status, stdout, stderr }
}

test.each(commands)('%s says that the database cannot be reached', async (...args) => {
  const port = await freePort()
  const { status, stdout, stderr } = run(args, `postgres://somebody@127.0.0.1:${port}/market`)
  expect([status, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(
    /^the database (cannot be reached: connect ECONNREFUSED|at .* cannot be used: nothing listens)/,
  )
  expect(stderr.trim().split('\n')).toHaveLength(1)
})

test.each(commands)('%s says what a database looks like', (...args) => {
  for (const url of ['junk', 'mysql://localhost/market', 'postgres://']) {
    const { status, stdout, stderr } = run(args, url)
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toContain('a database looks like postgres://user:password@host:5432/name.')
  }
})

test('a database in which nothing is set up is called empty, not the program wrong', () => {
  const error = Object.assign(Object.create(postgres.PostgresError.prototype), { code: '42P01' })
  expect(whyUnreachable(error)).toMatch(/^the database is empty or of another release: "commonwatt serve" sets up/)
  expect(whyUnreachable(new Error('a bug'))).toBeNull()
})

test('an output of many parts is listened to once', async () => {
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((_part, taken) => {
    ;(taken as unknown as () => void)()
    return true
  })
  try {
    await writeOutput('')
    const before = process.stdout.listenerCount('error')
    for (let part = 0; part < 20; part += 1) expect(await writeOutput('')).toBe(true)
    expect(process.stdout.listenerCount('error')).toBe(before)
  } finally {
    write.mockRestore()
  }
})
