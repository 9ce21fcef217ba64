/** `commonwatt report` as it is run: the built program, a real database, CSV on standard output. */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { people } from '../api/people.ts'
import { ask, type Street, startStreet, tokenOf, trade } from '../api/street.ts'
import { builtProgram } from '../built.ts'
import { scratchFolder } from '../demo/scratch-folder.ts'

let street: Street
beforeAll(async () => {
  street = await startStreet()
  await trade(street, 4)
})
afterAll(() => street.stop())

const range = ['--from', '2027-01-15T08:00:00Z', '--to', '2027-01-15T08:30:00Z']

function run(args: string[], environment: Record<string, string> = {}) {
  return new Promise<{ status: number | null; out: string; err: string }>((resolve) => {
    const { DATABASE_URL: _, ...plain } = process.env
    const child = spawn(process.execPath, [builtProgram('commonwatt'), 'report', ...args], {
      env: { ...plain, ...environment },
    })
    let [out, err] = ['', '']
    child.stdout.on('data', (data) => {
      out += data
    })
    child.stderr.on('data', (data) => {
      err += data
    })
    child.on('close', (status) => resolve({ status, out, err }))
  })
}

describe('commonwatt report', () => {
  test('writes what the API gives to the grid operator', async () => {
    const { status, out, err } = await run(['--area', '1', ...range], { DATABASE_URL: street.databaseUrl })
    expect([status, err]).toEqual([0, ''])
    const token = await tokenOf(street, people.grid)
    const query = 'from=2027-01-15T08:00:00Z&to=2027-01-15T08:30:00Z'
    expect(out).toBe((await ask(street, 'GET', `areas/1/report?${query}`, { token })).body)
    expect(out.split('\r\n')).toHaveLength(7)
  })

  test.skipIf(!existsSync('/dev/full'))(
    'of which a full disk takes a part leaves the one before with its manifest',
    async () => {
      const folder = scratchFolder()
      const out = join(folder, 'report.csv')
      const write = () => run(['--area', '1', ...range, '--out', out], { DATABASE_URL: street.databaseUrl })
      const contents = () => readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')])
      writeFileSync(`${out}.refused.csv`, 'of an earlier run')
      expect(await write()).toEqual({ status: 0, out: '', err: '' })
      const whole = contents()
      expect(whole.map(([name]) => name)).toEqual(['report.csv', 'report.csv.manifest.json'])
      // Whatever is written there finds the disk full.
      symlinkSync('/dev/full', `${out}.partial`)
      const { status, err } = await write()
      expect([status, err]).toEqual([1, 'the disk is full: make room, then try again\n'])
      expect(contents()).toEqual(whole)
    },
  )

  test.each([
    ['an area that is not there', ['--area', '7', ...range], 'knows no area 7'],
    ['an area that is no number', ['--area', 'x', ...range], 'whole number'],
    ['a time that is none', ['--area', '1', '--from', 'monday', '--to', 'tuesday'], '2026-11-01T00:00:00Z'],
    ['a range that ends before it begins', ['--area', '1', '--from', range[3]!, '--to', range[1]!], 'before'],
  ])('refuses %s with one line and nothing on standard output', async (_name, args, message) => {
    const { status, out, err } = await run(args, { DATABASE_URL: street.databaseUrl })
    expect([status, out]).toEqual([1, ''])
    expect(err.trim().split('\n')).toHaveLength(1)
    expect(err).toContain(message)
  })

  test('asks for a database', async () => {
    const { status, err } = await run(['--area', '1', ...range])
    expect(status).toBe(1)
    expect(err).toContain('--database-url')
  })

  test('names a database that cannot be reached', async () => {
    const { status, out, err } = await run(['--area', '1', ...range, '--database-url', 'postgres://127.0.0.1:1/none'])
    expect([status, out]).toEqual([1, ''])
    expect(err).toContain('nothing listens there')
  })
})
