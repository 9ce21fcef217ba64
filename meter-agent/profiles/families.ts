import { ModbusError } from '../modbus/error.ts'
import { eastronSdm120, eastronSdm630 } from './eastron.ts'
import { checkProfile, type Profile, type ProfileData } from './profile.ts'
import { sma } from './sma.ts'

const families: ProfileData[] = [eastronSdm120, eastronSdm630, sma]

/** All register maps, by name, checked. */
export const profiles: ReadonlyMap<string, Profile> = new Map(
  families.map((data) => [data.name, checkProfile(data)] as const),
)

/** @throws ModbusError `MODBUS_PROFILE_UNKNOWN` listing the names there are */
export function profileNamed(name: string): Profile {
  const profile = profiles.get(name)
  if (profile) return profile
  const names = ['sunspec', ...profiles.keys()].sort().join(', ')
  throw new ModbusError('MODBUS_PROFILE_UNKNOWN', `there is no profile "${name}"; known are ${names}`)
}
