/** A community whose folder has its own database and chain, by the commands that docs/operate.md shows for trying it all. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../server/demo/ports.ts'
import { removeDataFolder } from '../../server/demo/postgres-folder.ts'
import { builtProgram } from '../built.ts'
import { commonwatt } from './community.ts'
import { RunningPrograms } from './homes.ts'

let root: string
let programs: RunningPrograms
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'commonwatt-embedded-'))
  programs = new RunningPrograms(join(root, 'sunfield'))
})
afterAll(async () => {
  await programs.stop()
  removeDataFolder(join(root, 'sunfield/embedded'))
  rmSync(root, { recursive: true, force: true })
})

test('founds with a database and a chain of its own, which give its keys their gas', { timeout: 300_000 }, async () => {
  const [database, chain] = [await freePort(), await freePort()]
  const config = ['--config', 'commonwatt.toml']
  const found = await commonwatt(root, [
    ...['found', 'sunfield', '--embedded', '--yes', '--json', '--rpc-url', `http://127.0.0.1:${chain}`],
    ...['--database-url', `postgres://commonwatt:of-this-test@127.0.0.1:${database}/commonwatt`],
  ])
  expect([found.stderr, found.status]).toEqual(['', 0])
  const { operator, next } = JSON.parse(found.stdout) as { operator: string; next: { command: string | null }[] }
  expect(next[0]!.command).toBe('commonwatt embedded --config commonwatt.toml')
  const embedded = ['embedded', ...config, '--json']
  const { addresses } = await programs.firstLine<{ addresses: string[] }>(builtProgram('commonwatt'), embedded)
  expect(addresses).toContain(operator)
  const folder = join(root, 'sunfield')
  for (const { command } of next.slice(1, 3)) {
    const { status, stderr } = await commonwatt(folder, command!.split(' ').slice(1))
    expect([command, stderr, status]).toEqual([command, '', 0])
  }
  const { stdout } = await commonwatt(folder, ['doctor', ...config])
  expect(stdout).not.toMatch(/^ILL/m)
})
