/** What options and their variables say. */
import { afterEach, expect, it, vi } from 'vitest'
import { serveCommand } from '../../server/commands/serve.ts'

afterEach(() => vi.unstubAllEnvs())

it.each([
  [undefined, [], false],
  ['false', [], false],
  ['', [], false],
  ['true', [], true],
  ['1', [], true],
  [undefined, ['--migrate'], true],
  ['false', ['--migrate'], true],
])('a switch is on where its variable says so (%j) or it is given (%j): %j', async (variable, given, expected) => {
  vi.stubEnv('MIGRATE', variable)
  let migrates: boolean | null = null
  const command = serveCommand().action((flags: { migrate: boolean }) => {
    migrates = flags.migrate
  })
  await command.parseAsync(['node', 'serve', ...given])
  expect(migrates).toBe(expected)
})
