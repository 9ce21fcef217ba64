/** A file is there whole or not at all. */
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { whyDiskRefuses } from '../../contracts/protocol/disk-fault.ts'
import { writeWhole } from '../../server/store/whole-file.ts'
import { scratchFolder } from '../demo/scratch-folder.ts'

test('a file gets its name once all of it is written', async () => {
  const folder = scratchFolder()
  const path = join(folder, 'a')
  const given = await writeWhole(path, async (partial) => {
    await writeFile(partial, 'whole')
    expect(existsSync(path)).toBe(false)
    return 7
  })
  expect([given, readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual([7, 'whole', ['a']])
})

test.skipIf(!existsSync('/dev/full'))('one for which there is no room leaves what was there before it', async () => {
  const folder = scratchFolder()
  const path = join(folder, 'a')
  await writeFile(path, 'of yesterday')
  // Whatever is written there finds the disk full.
  symlinkSync('/dev/full', `${path}.partial`)
  const error = await writeWhole(path, (partial) => writeFile(partial, 'of today')).catch((thrown: unknown) => thrown)
  expect(whyDiskRefuses(error)).toBe('the disk is full: make room, then try again')
  expect([readFileSync(path, 'utf8'), readdirSync(folder)]).toEqual(['of yesterday', ['a']])
})
