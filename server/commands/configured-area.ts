/** The one area of a configuration that a command acts on. */
import type { FileConfig } from '../configuration/config.ts'
import { type ConfiguredArea, configuredAreas } from '../founding/configured-areas.ts'
import { InputError } from './streams.ts'

/** The area of this number, or the only one. Throws `InputError`, and what `configuredAreas` throws. */
export async function configuredArea(config: FileConfig, wanted: number | undefined): Promise<ConfiguredArea> {
  const areas = await configuredAreas(config)
  const numbers = areas.map(({ settings }) => settings.area).join(', ')
  const found = wanted === undefined ? areas : areas.filter(({ settings }) => settings.area === wanted)
  if (found.length === 1) return found[0]!
  throw new InputError(
    wanted === undefined ? `name one with --area: ${numbers}` : `there is no area ${wanted}: only ${numbers}`,
  )
}
