/**
 * A meter's next key: made beside the present one and vouched for by it. The account signs the same instruction, and the
 * escrow takes it from anybody; a running agent hears of it from the server and goes over to the next key by itself.
 */
import type { KeyRotation } from '../../contracts/protocol/wire.ts'
import { type AgentConfig, accountOf, metersNamed } from '../setup/config.ts'
import { nextKeyFile, readNextKey } from './keyring.ts'
import { createKeyFile, readKeyFile } from './keys.ts'

export interface RotationRequest {
  /** Names of the meters whose keys shall change; all by default. */
  names?: readonly string[]
  /** UTC seconds of the boundary after which the next key signs, or of an earlier moment; by default as soon as the escrow allows. */
  from?: number
  nowMs: number
}

/** The account has this long to approve. */
const deadlineSeconds = 7 * 86_400

/**
 * Makes the next keys where there are none yet and signs the instructions. Works beside a running agent. Throws a
 * `ConfigError` for unknown names, a `KeyError` for keys that cannot be used.
 */
export async function rotateKeys(config: AgentConfig, request: RotationRequest): Promise<KeyRotation[]> {
  const domain = { chainId: config.chainId, escrow: config.escrow }
  const now = Math.floor(request.nowMs / 1000)
  const rotations: KeyRotation[] = []
  for (const meter of metersNamed(config, request.names)) {
    const { keyFile } = meter
    const present = await readKeyFile(keyFile, domain)
    const known = await readNextKey(keyFile, present, domain)
    if (known === null) await createKeyFile(nextKeyFile(keyFile), present.address)
    const next = known ?? (await readKeyFile(nextKeyFile(keyFile), domain))
    const rotation = {
      account: accountOf(meter),
      meter: present.address,
      key: present.key,
      next: next.key,
      // Where the escrow begins, too: it takes the next boundary of any moment, and a later one where that is too soon.
      from: Math.ceil((request.from ?? now) / config.intervalSeconds) * config.intervalSeconds,
      deadline: now + deadlineSeconds,
    }
    const signatures = { keySignature: present.signRotation(rotation), nextSignature: next.signRotation(rotation) }
    rotations.push({ ...domain, rotation, ...signatures })
  }
  return rotations
}
