/** All register maps, by name. */
import { ModbusError } from '../modbus/error.ts'
import { abbAb } from './abb.ts'
import { alphaEss } from './alpha-ess.ts'
import { carloGavazziEm24, carloGavazziEm24Ethernet, carloGavazziEm112, carloGavazziEm340 } from './carlo-gavazzi.ts'
import { deye1p, deye1pX10, deye3p, deyeMicro, deyeString } from './deye.ts'
import { e3dc } from './e3dc.ts'
import { eastronSdm54, eastronSdm72, eastronSdm72V2, eastronSdm120, eastronSdm630 } from './eastron.ts'
import { foxEssH3 } from './fox-ess.ts'
import { givenergy } from './givenergy.ts'
import { goodweDt, goodweEt } from './goodwe.ts'
import { growattMin, growattSph, growattTlXh } from './growatt.ts'
import { huaweiEmma, huaweiSmartLogger } from './huawei-hubs.ts'
import { huaweiSun2000 } from './huawei-sun2000.ts'
import { kostalKsem, kostalPlenticore } from './kostal.ts'
import { mTec } from './m-tec.ts'
import { finder7m, ineproPro380, janitza, shellyPro3em, siemensPac2200 } from './meters.ts'
import { checkProfile, type Profile, type ProfileData } from './profile.ts'
import { sajH2 } from './saj.ts'
import { schneiderIem3000 } from './schneider-iem3000.ts'
import { sigenergy } from './sigenergy.ts'
import { sma, smaDataManager, smaStorage } from './sma.ts'
import { sofarG3 } from './sofar.ts'
import { solaxHybrid } from './solax.ts'
import { solisHybrid, solisString } from './solis.ts'
import { sungrowSg, sungrowSh } from './sungrow.ts'
import { victronGx } from './victron-gx.ts'

const families: ProfileData[] = [
  abbAb,
  alphaEss,
  carloGavazziEm24,
  carloGavazziEm24Ethernet,
  carloGavazziEm112,
  carloGavazziEm340,
  deye1p,
  deye1pX10,
  deye3p,
  deyeMicro,
  deyeString,
  e3dc,
  eastronSdm54,
  eastronSdm72,
  eastronSdm72V2,
  eastronSdm120,
  eastronSdm630,
  finder7m,
  foxEssH3,
  givenergy,
  goodweDt,
  goodweEt,
  growattMin,
  growattSph,
  growattTlXh,
  huaweiEmma,
  huaweiSmartLogger,
  huaweiSun2000,
  ineproPro380,
  janitza,
  kostalKsem,
  kostalPlenticore,
  mTec,
  sajH2,
  schneiderIem3000,
  shellyPro3em,
  siemensPac2200,
  sigenergy,
  sma,
  smaDataManager,
  smaStorage,
  sofarG3,
  solaxHybrid,
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
