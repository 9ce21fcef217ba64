/** How much processor time a command takes until it has refused or done its simplest work: the fastest of five starts of each. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { builtProgram } from '../built.ts'
import { foundFolder, refusedCommands, start } from '../commands/refused-commands.ts'

export interface CommandRow {
  command: string
  cpuMs: number
  /** What it said, in one line. */
  said: string
}

const starts = 5

/** Node alone comes first: everything else stands on it. */
export function benchCommands(): CommandRow[] {
  const program = builtProgram('commonwatt')
  const folder = join(mkdtempSync(join(tmpdir(), 'commonwatt-starting-')), 'sunfield')
  try {
    foundFolder(program, folder)
    return [['--version'], ...refusedCommands].map((command) => {
      const all = Array.from({ length: starts }, () => start({ program, folder }, command))
      const said = all[0]!.said.trim().split('\n')[0]!.slice(0, 60)
      return { command: command.slice(0, 2).join(' '), cpuMs: Math.min(...all.map(({ cpuMs }) => cpuMs)), said }
    })
  } finally {
    rmSync(join(folder, '..'), { recursive: true, force: true })
  }
}
