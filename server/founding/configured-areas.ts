/** The areas that a configuration names, with the chain of each. */
import { type DeclaredArea, type EscrowFacts, readAreaFile, readSettingsFile } from '../areas/settings.ts'
import { readEscrowFacts } from '../chain/escrow-client.ts'
import { type FileConfig, placeOfEscrow } from '../configuration/config.ts'
import { readDeployment } from '../configuration/deployment.ts'

export interface ConfiguredArea extends DeclaredArea {
  rpcUrl: string
}

/** Throws what reading the areas' files and asking their chains throws. */
export async function configuredAreas({ escrows }: FileConfig): Promise<ConfiguredArea[]> {
  const areas: ConfiguredArea[] = []
  for (const escrow of escrows) {
    const { rpcUrl } = escrow
    const { escrow: address, chainId } = placeOfEscrow(escrow)
    const facts = await readEscrowFacts(rpcUrl, address, chainId)
    areas.push(...escrow.areaFiles.map((file) => ({ ...readAreaFile(file, facts), rpcUrl })))
  }
  return areas
}

/** An area of a configuration as it is looked for in a database: by its number and its escrow. */
interface NumberedArea {
  area: number
  escrow: string
  name: string
}

/** Where a configuration's areas are; a chain is asked only where no file of a deployment says its token. Throws as `configuredAreas`. */
export async function areaPlaces({ escrows }: FileConfig): Promise<NumberedArea[]> {
  const places: NumberedArea[] = []
  for (const each of escrows) {
    const { escrow } = placeOfEscrow(each)
    const facts =
      'deploymentFile' in each.place
        ? deployedFacts(each.place.deploymentFile)
        : await readEscrowFacts(each.rpcUrl, escrow)
    places.push(
      ...each.areaFiles.map((file) => {
        const { area, name } = readSettingsFile(file, facts)
        return { area, escrow, name }
      }),
    )
  }
  return places
}

/** The facts from which an area's number follows; the token's name and decimals are not among them. */
function deployedFacts(file: string): EscrowFacts {
  const { chainId, escrow, token, withdrawalDelaySeconds } = readDeployment(file)
  return { chainId, escrow, token, tokenName: '', tokenDecimals: 0, withdrawalDelaySeconds }
}
