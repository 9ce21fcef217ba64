/** One demo at a time on a data folder. */
import { chownSync } from 'node:fs'
import { expect, test } from 'vitest'
import { holdDataFolder, identify, isRunning } from '../../server/demo/processes.ts'
import { scratchFolder } from './scratch-folder.ts'

test('the same process may hold its data folder again', async () => {
  const folder = scratchFolder()
  await holdDataFolder(folder)
  await holdDataFolder(folder)
})

test.runIf(process.getuid?.() === 0)("another user's data folder is left alone", async () => {
  const folder = scratchFolder()
  chownSync(folder, 65_534, 65_534)
  await expect(holdDataFolder(folder)).rejects.toMatchObject({ code: 'DATA_FOLDER_OWNER' })
})

test('a process id that has a new owner is not the old process', () => {
  const self = identify(process.pid)!
  expect(isRunning(self)).toBe(true)
  expect(isRunning({ ...self, startedAt: `${self.startedAt}0` })).toBe(false)
  expect(identify(2 ** 30)).toBeNull()
})
