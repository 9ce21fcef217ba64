/** Whether a device is of the family that its register map is for, and whether it meters the grid connection at all. */
import { ModbusError } from '../modbus/error.ts'
import { conditionHolds, type PointValues } from './conditions.ts'
import { conditionPoint, type Profile, recognitionPoints } from './profile.ts'

/** `own`: it is. `doubtful`: it does not say. `foreign`: it is none, or another one that may have a map of its own. */
export type Recognised =
  | { verdict: 'own' }
  | { verdict: 'doubtful' }
  | { verdict: 'foreign'; is: string | null; profile: string | null }

/** Judges by the points that were read; those that did not come say nothing. */
export function recognise(profile: Profile, values: PointValues): Recognised {
  const { own, others, otherwise } = profile.recognition
  const other = others.find(({ when }) => conditionHolds(when, profile, values))
  if (other) return { verdict: 'foreign', is: other.is, profile: other.profile ?? null }
  if (own.some((condition) => conditionHolds(condition, profile, values))) return { verdict: 'own' }
  if (otherwise === 'doubtful') return { verdict: 'doubtful' }
  return { verdict: 'foreign', is: null, profile: null }
}

/** What the identity registers of a device held, for people. */
export function seenIdentity(profile: Profile, values: PointValues): string {
  const rated = new Set(profile.ratedPowerW.flatMap(({ plus, minus }) => [...plus, ...minus]))
  const names = [...new Set(recognitionPoints(profile))].filter((name) => !rated.has(name))
  const seen = names.map((name) => {
    const value = values.get(name) ?? null
    return `register ${profile.points[name]!.address} ${value === null ? 'says nothing' : `says ${value}`}`
  })
  return seen.join(', ')
}

/** The refusal of a device that is not of the family. */
export function foreignDevice(
  profile: Profile,
  { is, profile: better }: Extract<Recognised, { verdict: 'foreign' }>,
  values: PointValues,
): ModbusError {
  const what = is === null ? 'another device' : is
  const advice =
    better === null
      ? is === null
        ? '"commonwatt-agent scan" says what it is, if it is known'
        : 'there is no register map for it yet'
      : `name its register map with --profile ${better}`
  return new ModbusError(
    'MODBUS_OTHER_DEVICE',
    `this is not what profile ${profile.name} is for (${profile.covers}) but ${what} (${seenIdentity(profile, values)}): ${advice}`,
  )
}

/** What a device says it measures instead of the grid connection; `null` where it does not say so. */
export function measuresElsewhere(profile: Profile, values: PointValues): string | null {
  return profile.elsewhere.find(({ when }) => conditionHolds(when, profile, values))?.measures ?? null
}

/** The points a recognition looks at which were lost on the line: it has to be asked again. */
export function isUndecided(profile: Profile, lost: ReadonlySet<string>): boolean {
  const { own, others } = profile.recognition
  return [...own, ...others.map(({ when }) => when)].some((condition) => lost.has(conditionPoint(condition)))
}
