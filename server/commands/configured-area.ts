/** The areas that a configuration names, with the chain of each: for commands that act on one of them. */
import { type AreaSettings, readSettingsFile } from '../areas/settings.ts'
import { readEscrowFacts } from '../chain/escrow-client.ts'
import { type FileConfig, placeOfEscrow } from '../configuration/config.ts'
import { InputError } from './streams.ts'

export interface ConfiguredArea {
  settings: AreaSettings
  /** The file that says so. */
  file: string
  rpcUrl: string
}

/** The area of this number, or the only one. Throws `InputError`, and what reading the areas and asking the chain throws. */
export async function configuredArea({ escrows }: FileConfig, wanted: number | undefined): Promise<ConfiguredArea> {
  const areas: ConfiguredArea[] = []
  for (const escrow of escrows) {
    const { rpcUrl } = escrow
    const facts = await readEscrowFacts(rpcUrl, placeOfEscrow(escrow).escrow)
    areas.push(...escrow.areaFiles.map((file) => ({ settings: readSettingsFile(file, facts), file, rpcUrl })))
  }
  const numbers = areas.map(({ settings }) => settings.area).join(', ')
  const found = wanted === undefined ? areas : areas.filter(({ settings }) => settings.area === wanted)
  if (found.length === 1) return found[0]!
  throw new InputError(
    wanted === undefined ? `name one with --area: ${numbers}` : `there is no area ${wanted}: only ${numbers}`,
  )
}
