/** A file is there whole or not at all. */
import { existsSync, readdirSync, readFileSync, readlinkSync, symlinkSync } from 'node:fs'
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

test('what is no file is written to as it is, and a link goes on leading to its file', async () => {
  const folder = scratchFolder()
  const [nowhere, link] = [join(folder, 'nowhere'), join(folder, 'link')]
  symlinkSync('/dev/null', nowhere)
  symlinkSync('a', link)
  await writeFile(join(folder, 'a'), 'of yesterday')
  for (const path of [nowhere, link]) await writeWhole(path, (partial) => writeFile(partial, 'of today'))
  expect([nowhere, link].map((path) => readlinkSync(path))).toEqual(['/dev/null', 'a'])
  expect([readFileSync(link, 'utf8'), readdirSync(folder)]).toEqual(['of today', ['a', 'link', 'nowhere']])
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
