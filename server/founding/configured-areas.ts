/** The areas that a configuration names, with the chain of each. */
import { type AreaSettings, readSettingsFile } from '../areas/settings.ts'
import { readEscrowFacts } from '../chain/escrow-client.ts'
import { type FileConfig, placeOfEscrow } from '../configuration/config.ts'

export interface ConfiguredArea {
  settings: AreaSettings
  /** The file that says so. */
  file: string
  rpcUrl: string
}

/** Throws what reading the areas' files and asking their chains throws. */
export async function configuredAreas({ escrows }: FileConfig): Promise<ConfiguredArea[]> {
  const areas: ConfiguredArea[] = []
  for (const escrow of escrows) {
    const { rpcUrl } = escrow
    const facts = await readEscrowFacts(rpcUrl, placeOfEscrow(escrow).escrow)
    areas.push(...escrow.areaFiles.map((file) => ({ settings: readSettingsFile(file, facts), file, rpcUrl })))
  }
  return areas
}
