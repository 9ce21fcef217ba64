/** What `commonwatt invite` does: signs invitations of one area with the key of its grid operator or operator; it needs the node, not the server. */
import { randomBytes } from 'node:crypto'
import { invitationLink } from '../../contracts/protocol/invitation-link.ts'
import { type Address, type Invitation, parseAddress, signFull } from '../../contracts/protocol/typed-data.ts'
import { readAreaOnChain } from '../chain/contract-facts.ts'
import { openProvider } from '../chain/escrow-client.ts'
import { readWalletFile } from '../chain/key-file.ts'
import { parseDuration } from '../configuration/duration.ts'
import { readConfigOf } from './configured.ts'
import { type ConfiguredArea, configuredArea } from './configured-area.ts'
import { InputError, writeOutput } from './streams.ts'

export interface InviteFlags {
  config: string
  keyFile: string
  area?: number
  links: number
  accounts: number
  for: string
  json?: boolean
}

const mostLinks = 10_000
const yearSeconds = 365 * 86_400

/** Throws `InputError`, and what reading the configuration, the area and the key throws. */
export async function runInvite(flags: InviteFlags): Promise<void> {
  const { links, accounts } = flags
  if (links < 1 || links > mostLinks) throw new InputError(`--links takes a number from 1 to ${mostLinks}`)
  if (accounts < 1) throw new InputError('--accounts takes a number from 1')
  const seconds = parseDuration(flags.for)
  if (seconds < 1 || seconds > yearSeconds) throw new InputError('--for takes at most a year: 365d')
  const config = await readConfigOf(flags)
  const place = await configuredArea(config, flags.area)
  const { settings } = place
  const wallet = readWalletFile(flags.keyFile)
  const inviter = parseAddress(wallet.address)
  const { grid, operator } = await officesOf(place)
  if (inviter !== grid && inviter !== operator) {
    throw new InputError(
      `${flags.keyFile} is neither the key of area ${settings.area}'s grid operator ${grid} nor of its operator ${operator}`,
    )
  }
  const origin = config.origin?.[0] ?? `http://localhost:${config.port ?? 8080}`
  const validUntil = Math.floor(Date.now() / 1000) + seconds
  const made: string[] = []
  for (let link = 0; link < links; link += 1) {
    const nonce = Number(randomBytes(6).readUIntBE(0, 6))
    const invitation: Invitation = { rules: settings.rulesHash, accounts, validUntil, nonce }
    const signature = await signFull(wallet, settings.chain, 'Invitation', invitation)
    made.push(
      invitationLink(origin, { area: settings.area, ...(inviter === grid ? {} : { inviter }), invitation, signature }),
    )
  }
  await writeOutput(flags.json === true ? `${JSON.stringify(made)}\n` : made.map((link) => `${link}\n`).join(''))
}

/** Who holds the area's offices now. */
async function officesOf({
  settings: { area, chain },
  rpcUrl,
}: ConfiguredArea): Promise<{ grid: Address; operator: Address }> {
  const provider = openProvider(rpcUrl, chain.chainId)
  try {
    return await readAreaOnChain(provider, { escrow: chain.escrow, area })
  } finally {
    provider.destroy()
  }
}
