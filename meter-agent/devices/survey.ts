/**
 * What stands behind a TCP port: in which framing it answers, which units, and what each is, by what families are recognised by.
 * It asks gently (one short question at a time, on one connection) and only reads.
 */
import type { Framing } from '../modbus/frames.ts'
import { Probe, type ProbeAnswer, type Question } from '../modbus/probe.ts'
import { conditionHolds } from '../profiles/conditions.ts'
import { profiles } from '../profiles/families.ts'
import { decodePoint, extentOf, type RawValue, wordAddresses } from '../profiles/point-value.ts'
import { conditionPoint, type Profile } from '../profiles/profile.ts'

/** A unit that answers, and what it is by its own word; `profile` is `null` where nobody knows it. */
export interface Sighting {
  unit: number
  profile: string | null
  /** For a Victron GX: the unit of its grid meter. */
  gridUnit?: number
  /** Whether it answers for holding (3) and input registers (4). */
  functions: number[]
}

export interface Survey {
  framing: Framing | null
  sightings: Sighting[]
  /** What came back on the line when nothing sensible did. */
  trouble: 'echo' | 'noise' | 'silence' | 'closed' | null
}

export interface SurveyOptions {
  /** Unit ids to try; by default those that devices are found at. */
  units?: readonly number[]
  framings?: readonly Framing[]
  /** How long an answer may take. */
  answerMs?: number
  /** Monotonic: nothing is asked after it. */
  untilMs: number
}

/** Where devices are found from the factory, most likely first: those of SunSpec's, of Fronius' meters, then of every family. */
const usualUnits: readonly number[] = [
  ...new Set([
    1,
    3,
    247,
    71,
    126,
    200,
    240,
    100,
    2,
    201,
    202,
    203,
    241,
    4,
    5,
    127,
    126,
    0,
    255,
    ...[...profiles.values()].flatMap(({ unit, otherUnits }) => [unit, ...otherUnits]),
  ]),
]

const markerBases = [40_000, 50_000, 0]
const marker = [0x5375, 0x6e53]
const usualAnswerMs = 400
/** What a gateway says for a unit that is not there. */
const absentCodes = [10, 11]
/** Units under which a GX shows its meters. */
const victronUnits = [30, 31, 32, 33, 34, 40, 41, 42]
/** So many units are likely; the others are tried after them. */
const likely = 10
/** So many units whose answer is no reply: the line is wrong. */
const uselessUntilWrong = 4
/** So many units with one identity: the device does not look at the unit id. */
const sameUntilCareless = 3

/** Looks at one port: at the likely units in each framing, then at the others in the one that was answered, or in each. */
export async function survey(host: string, port: number, options: SurveyOptions): Promise<Survey> {
  const { units = usualUnits, framings = ['tcp', 'rtu'] } = options
  let trouble: Survey['trouble'] = null
  let open = framings
  const sightings: Sighting[] = []
  for (const some of [units.slice(0, likely), units.slice(likely)]) {
    for (const framing of open) {
      if (some.length === 0) continue
      const probe = new Probe(host, port, framing)
      try {
        const looked = await lookAt(probe, { ...options, units: some, known: sightings })
        sightings.push(...looked.sightings)
        if (sightings.length > 0) open = [framing]
        if (looked.isCareless) return { framing, sightings: sightings.slice(0, 1), trouble: null }
        trouble = worse(trouble, looked.trouble)
      } finally {
        probe.close()
      }
      if (sightings.length > 0) break
    }
  }
  if (sightings.length > 0) return { framing: open[0]!, sightings, trouble: null }
  return { framing: null, sightings, trouble }
}

interface Look extends Omit<Survey, 'framing'> {
  isCareless: boolean
}

async function lookAt(
  probe: Probe,
  { units = usualUnits, answerMs = usualAnswerMs, untilMs, known }: SurveyOptions & { known: readonly Sighting[] },
): Promise<Look> {
  const sightings: Sighting[] = []
  let trouble: Survey['trouble'] = 'silence'
  let useless = 0
  for (const unit of units) {
    if (performance.now() > untilMs) break
    const unitProbe = new UnitProbe(probe, unit, { answerMs, untilMs })
    const first = await unitProbe.ask({ unit, functionCode: 3, address: markerBases[0]!, count: 2 })
    if (first.kind === 'registers' || (first.kind === 'exception' && !absentCodes.includes(first.code))) {
      sightings.push(await identify(unitProbe))
      if (isCareless([...known, ...sightings])) return { sightings, trouble: null, isCareless: true }
    } else if (first.kind === 'echo' || first.kind === 'closed' || first.kind === 'noise') {
      trouble = worse(trouble, first.kind)
      useless += 1
      // The line itself is wrong: other units tell no more.
      if (useless >= uselessUntilWrong && sightings.length === 0) break
    }
  }
  return { sightings, trouble: sightings.length > 0 ? null : trouble, isCareless: false }
}

/** Whether it is the same device under every unit id. */
function isCareless(sightings: readonly Sighting[]): boolean {
  const [first] = sightings
  return (
    sightings.length >= sameUntilCareless &&
    first?.profile !== null &&
    sightings.every(({ profile }) => profile === first?.profile)
  )
}

const order = ['silence', 'closed', 'noise', 'echo'] as const

function worse(a: Survey['trouble'], b: Survey['trouble']): Survey['trouble'] {
  if (a === null || b === null) return a ?? b
  return order.indexOf(a) > order.indexOf(b) ? a : b
}

/** Questions to one unit; each is asked once. */
class UnitProbe {
  readonly unit: number
  readonly #probe: Probe
  readonly #patience: { answerMs: number; untilMs: number }
  readonly #answers = new Map<string, ProbeAnswer>()
  /** Questions in a row that nothing came to: some devices are silent where they have no registers. */
  #silences = 0

  constructor(probe: Probe, unit: number, patience: { answerMs: number; untilMs: number }) {
    this.#probe = probe
    this.unit = unit
    this.#patience = patience
  }

  async ask(question: Question): Promise<ProbeAnswer> {
    const key = `${question.unit}/${question.functionCode}/${question.address}/${question.count}`
    const known = this.#answers.get(key)
    if (known) return known
    const { answerMs, untilMs } = this.#patience
    if (performance.now() > untilMs || this.#silences >= 12) return { kind: 'silence' }
    const answer = await this.#probe.ask(question, answerMs)
    this.#silences = answer.kind === 'silence' ? this.#silences + 1 : 0
    this.#answers.set(key, answer)
    return answer
  }

  async words(functionCode: 3 | 4, address: number, count: number): Promise<number[] | null> {
    const answer = await this.ask({ unit: this.unit, functionCode, address, count })
    return answer.kind === 'registers' ? answer.registers : null
  }

  /** The function codes it has given registers for, or another refusal than "no such function". */
  get functions(): number[] {
    return [3, 4].filter((code) =>
      [...this.#answers].some(
        ([key, answer]) =>
          key.split('/')[1] === `${code}` &&
          (answer.kind === 'registers' || (answer.kind === 'exception' && answer.code !== 1)),
      ),
    )
  }
}

async function identify(probe: UnitProbe): Promise<Sighting> {
  const { unit } = probe
  for (const base of markerBases) {
    const words = await probe.words(3, base, 2)
    if (words?.[0] === marker[0] && words?.[1] === marker[1]) return { unit, profile: 'sunspec', functions: [3] }
  }
  for (const profile of profiles.values()) {
    if (!(await isOwn(probe, profile))) continue
    return { unit, profile: profile.name, functions: probe.functions, ...(await withGridUnit(probe, profile)) }
  }
  // Nothing is known of it; say at least which registers it serves.
  await probe.words(4, 0, 1)
  return { unit, profile: null, functions: probe.functions }
}

async function withGridUnit(probe: UnitProbe, profile: Profile): Promise<{ gridUnit?: number }> {
  const point = Object.values(profile.points).find(({ at }) => at === 'grid')
  if (!point) return {}
  const { first, last } = extentOf(point)
  for (const unit of victronUnits) {
    const answer = await probe.ask({
      unit,
      functionCode: profile.functions[0]!,
      address: first,
      count: last - first + 1,
    })
    if (answer.kind === 'registers') return { gridUnit: unit }
  }
  return {}
}

/** Whether a device says that it is of the family. */
async function isOwn(probe: UnitProbe, profile: Profile): Promise<boolean> {
  const { own, others } = profile.recognition
  if (own.length === 0) return false
  const names = new Set([...own, ...others.map(({ when }) => when)].map(conditionPoint))
  const values = new Map<string, RawValue | null>()
  for (const name of names) values.set(name, await pointOf(probe, profile, name))
  const holds = (condition: (typeof own)[number]) => conditionHolds(condition, profile, values)
  return !others.some(({ when }) => holds(when)) && own.some(holds)
}

async function pointOf(probe: UnitProbe, profile: Profile, name: string): Promise<RawValue | null> {
  const point = profile.points[name]!
  const { first, last } = extentOf(point)
  const words = await probe.words(point.functionCode ?? profile.functions[0]!, first, last - first + 1)
  if (!words) return null
  const wordOrder = typeof profile.wordOrder === 'string' ? profile.wordOrder : 'high-first'
  return decodePoint(
    point,
    wordAddresses(point, wordOrder).map((address) => words[address - first]!),
  )
}
