/** A register map from a file of one's own, to try it without building anything. */
import { readFile } from 'node:fs/promises'
import { fileTrouble } from '../../contracts/protocol/disk-fault.ts'
import { parseJsonText } from '../../contracts/protocol/file-syntax.ts'
import { ModbusError } from '../modbus/error.ts'
import { checkProfile, type Profile, type ProfileData } from './profile.ts'

/**
 * Reads a register map written as JSON; addresses and `missing` may be hexadecimal texts ("0x0028"). Its energies are never sold:
 * it is for trying.
 * @throws ModbusError `MODBUS_PROFILE_FILE` naming the place of the mistake
 */
export async function profileFromFile(file: string): Promise<Profile> {
  const problem = (what: string, cause: unknown) =>
    new ModbusError('MODBUS_PROFILE_FILE', `${file}: ${what}`, { cause })
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw problem(`cannot be read: ${fileTrouble(error)}`, error)
  }
  let data: unknown
  try {
    data = parseJsonText(text, (_key, value) => numberFromHex(value))
  } catch (error) {
    throw problem((error as SyntaxError).message, error)
  }
  try {
    return checkProfile(data as ProfileData)
  } catch (error) {
    throw problem((error as Error).message, error)
  }
}

/** "0x0028" as a number; a bigint where it is too large for one. */
function numberFromHex(value: unknown): unknown {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{1,16}$/i.test(value)) return value
  const whole = BigInt(value)
  return whole <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(whole) : whole
}
