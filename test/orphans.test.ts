/** The guard of programs that tests start. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { guardOf } from './orphans.ts'

test('a program ends when whoever started its guard is no more, and lives as long as that does', async () => {
  const program = spawn('sleep', ['1000'])
  const spared = guardOf(program.pid!, 'TERM')
  spared.kill()
  await once(spared, 'exit')
  expect(program.exitCode).toBeNull()
  // The end of the pipe closes in the same way when the runner is killed.
  const guard = guardOf(program.pid!, 'TERM')
  guard.stdin!.end()
  expect(await once(program, 'exit')).toEqual([null, 'SIGTERM'])
})
