/**
 * What a command loads until it has refused or done its simplest work: nothing file by file from libraries, since reading those takes longer
 * than most commands work. `npm run bench -- commands` prints how long each takes.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { builtProgram } from '../built.ts'
import { foundFolder, refusedCommands, start } from './refused-commands.ts'

const program = builtProgram('commonwatt')
let folder: string

beforeAll(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'commonwatt-loaded-')), 'sunfield')
  foundFolder(program, folder)
})
afterAll(() => rmSync(join(folder, '..'), { recursive: true, force: true }))

/** One of each kind: of what the others load, each of these loads as much. */
const looked = ['area', 'doctor', 'serve', 'archive', 'roster', 'verify', 'watch']

test('no command reads a library file by file before it refuses', () => {
  for (const command of refusedCommands.filter(([name]) => looked.includes(name!))) {
    const { said, modules } = start({ program, folder, notesModules: true }, command)
    expect(modules.length, said).toBeGreaterThan(2)
    expect(
      modules.filter((module) => module.includes('/node_modules/')),
      `${command[0]}: ${said}`,
    ).toEqual([])
    expect(said, command[0]).not.toMatch(/^\s+at /m)
  }
})
