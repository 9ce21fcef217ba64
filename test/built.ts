/** What `npm run build` made, for tests that run it: never what older sources made. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What `dist/` has besides the command lines, by the names that `build.js` gives it. */
type Part = 'signature-worker' | 'area-thread' | 'statement-thread' | 'values-thread' | 'web'
type Program = 'commonwatt' | 'commonwatt-agent'
export type Built = Part | Program

/** What a command line runs. */
const partsOf: Record<Program, readonly Built[]> = {
  commonwatt: ['commonwatt', 'signature-worker', 'area-thread', 'statement-thread', 'values-thread'],
  'commonwatt-agent': ['commonwatt-agent'],
}

const project = process.cwd()

/** Throws, saying what to do, if a part, or what a command line runs, was not built yet or any of its sources has changed since. */
export function assertBuilt(parts: readonly Built[], root = project): void {
  const record = join(root, 'dist/sources.json')
  if (!existsSync(record)) throw new Error('nothing is built yet: run `npm run build`')
  const sources: Partial<Record<Built, Record<string, string>>> = JSON.parse(readFileSync(record, 'utf8'))
  for (const part of parts.flatMap((named) => (isProgram(named) ? partsOf[named] : [named]))) {
    const changed = Object.entries(sources[part] ?? { [part]: '' }).find(
      ([file, hash]) => hashOf(join(root, file)) !== hash,
    )
    if (changed)
      throw new Error(`dist/ has an older ${part}, made before ${changed[0]} was changed: run \`npm run build\``)
  }
}

function isProgram(part: Built): part is Program {
  return part in partsOf
}

function hashOf(file: string): string | null {
  return existsSync(file) ? createHash('sha256').update(readFileSync(file)).digest('hex') : null
}

/** The path of a built command line, to be run with Node. */
export function builtProgram(name: Program): string {
  assertBuilt([name])
  return join(project, 'bin', `${name}.js`)
}
