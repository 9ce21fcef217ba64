/** What `commonwatt invite` does: signs invitations of one area with the key of its grid operator or operator; it needs the node, not the server. */
import { invitationLink } from '../../contracts/protocol/invitation-link.ts'
import { readWalletFile } from '../chain/key-file.ts'
import { parseDuration } from '../configuration/duration.ts'
import { signInvitations } from '../founding/invitations.ts'
import { readConfigOf } from './configured.ts'
import { configuredArea } from './configured-area.ts'
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
  const validUntil = Math.floor(Date.now() / 1000) + seconds
  const signed = await signInvitations(place, readWalletFile(flags.keyFile), { number: links, accounts, validUntil })
  const origin = config.origin?.[0] ?? `http://localhost:${config.port ?? 8080}`
  const made = signed.map((each) => invitationLink(origin, each))
  await writeOutput(flags.json === true ? `${JSON.stringify(made)}\n` : made.map((link) => `${link}\n`).join(''))
}
