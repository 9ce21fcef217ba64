/** The meter's key is made from every letter of a point's identifier: what is none is refused before anything is read. */
import { afterEach, expect, test, vi } from 'vitest'
import { offerPointCommand } from '../../server/commands/offer-point.ts'

afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = undefined
})

test.each(['AT00 1', 'AT001 ', '', 'Flat 3, left', 'A'.repeat(65)])('%j is refused as a point', async (point) => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  await offerPointCommand().parseAsync([point, '--config', 'none.toml'], { from: 'user' })
  expect(process.exitCode).toBe(1)
  expect(said).toHaveBeenCalledWith(expect.stringContaining('is no identifier of a metering point'))
})
