/** What `commonwatt deploy` writes down: which contracts of which release stand where. It holds no secret; anybody may check it. */

import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { fileTrouble } from '../../contracts/protocol/disk-fault.ts'
import { CodedError } from '../../contracts/protocol/error.ts'
import { parseJsonText } from '../../contracts/protocol/file-syntax.ts'
import { checkForm, mistakeLines } from '../../contracts/protocol/mistakes.ts'
import { parseAddress } from '../../contracts/protocol/typed-data.ts'

export class DeploymentError extends CodedError<
  'DEPLOYMENT_FILE' | 'DEPLOYMENT_DIFFERS' | 'DEPLOYMENT_EXISTS' | 'DEPLOYMENT_TOKEN'
> {
  override readonly name = 'DeploymentError'
}

const anAddress = z.string().transform((text, context) => {
  try {
    return parseAddress(text)
  } catch {
    context.addIssue({ code: 'custom', message: 'is no address' })
    return z.NEVER
  }
})

const schema = z.strictObject({
  /** The release of the program that deployed it. */
  release: z.string(),
  chainId: z.int().min(1),
  token: anAddress,
  /** Whether the token is the development token, which its deployer makes as it likes. */
  developmentToken: z.boolean(),
  withdrawalDelaySeconds: z.int().min(1),
  escrow: anAddress,
  /** Opens accounts of passkeys, whose owners can object to a recovery for so long. */
  accounts: anAddress,
  recoveryDelaySeconds: z.int().min(1),
  /** The contract by which accounts take grants of data back. */
  revocations: anAddress,
  /** Block of the escrow's deployment: nothing of it is before. */
  firstBlock: z.int().min(0),
})
export type DeploymentFile = z.output<typeof schema>

/** Throws `DeploymentError` `DEPLOYMENT_FILE` with a line per mistake. */
export function readDeployment(path: string): DeploymentFile {
  let json: unknown
  try {
    json = parseJsonText(readFileSync(path, 'utf8'))
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    const what = isMissing ? 'there is no such file: "commonwatt deploy" writes it' : fileTrouble(cause)
    throw new DeploymentError('DEPLOYMENT_FILE', `${path}: ${what}`, { cause })
  }
  const { data, mistakes } = checkForm(schema, json)
  if (mistakes === null) return data
  const lines = mistakeLines(mistakes).map((mistake) => `${path}: ${mistake}`)
  throw new DeploymentError('DEPLOYMENT_FILE', lines.join('\n'))
}
