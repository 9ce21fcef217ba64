/** The list of all device families that have a register map here. */
import { ModbusError } from '../modbus/error.ts'
import { carloGavazziEm24, carloGavazziEm340 } from './carlo-gavazzi.ts'
import { deye1p, deye1pX10, deye3p } from './deye.ts'
import { eastronSdm120, eastronSdm630 } from './eastron.ts'
import { goodweDt, goodweEt } from './goodwe.ts'
import { growattMin, growattSph, growattTlXh } from './growatt.ts'
import { huaweiSun2000 } from './huawei-sun2000.ts'
import { kostalKsem, kostalPlenticore } from './kostal.ts'
import { checkProfile, type Profile, type ProfileData } from './profile.ts'
import { schneiderIem3000 } from './schneider-iem3000.ts'
import { sma } from './sma.ts'
import { solisHybrid, solisString } from './solis.ts'
import { sungrowSg, sungrowSh } from './sungrow.ts'
import { victronGx } from './victron-gx.ts'

const families: ProfileData[] = [
  carloGavazziEm24,
  carloGavazziEm340,
  deye1p,
  deye1pX10,
  deye3p,
  eastronSdm120,
  eastronSdm630,
  goodweDt,
  goodweEt,
  growattMin,
  growattSph,
  growattTlXh,
  huaweiSun2000,
  kostalKsem,
  kostalPlenticore,
  schneiderIem3000,
  sma,
  solisHybrid,
  solisString,
  sungrowSg,
  sungrowSh,
  victronGx,
]

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
