/** The browser of the tests, whose program is packed in its package. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { patiently } from '../patience.ts'
import { chromiumProgram } from './chromium.js'

it('is whole for whoever asks while it is unpacked for somebody else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'commonwatt-chromium-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const bytes = async () => statSync((await chromiumProgram(folder)).executablePath).size
  const first = bytes()
  if (process.env.CHROMIUM_PATH === undefined)
    await vi.waitFor(() => expect(readdirSync(folder)).not.toEqual([]), patiently)
  const second = await bytes()
  expect(second).toBe(await first)
})
