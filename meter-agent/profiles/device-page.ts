/** The page docs/devices.md: what the register maps say of themselves, for people who choose or connect a device. */

import type { Counting } from '../registers/device-sample.ts'
import type { Formula, Profile } from './profile.ts'

const countingInWords: Record<Counting, string> = {
  balanced: 'over all phases together',
  'per-phase': 'each phase by itself',
  'one-phase': 'one phase',
  unknown: 'not known',
}

const fields = [
  ['powerW', 'power at the grid'],
  ['importWh', 'energy taken'],
  ['exportWh', 'energy fed in'],
  ['productionW', 'production'],
  ['productionWh', 'yield'],
  ['batteryPowerW', 'battery power'],
  ['stateOfChargePercent', 'battery charge'],
] as const

/** The whole page. */
export function devicePage(profiles: Iterable<Profile>): string {
  const sorted = [...profiles].sort((a, b) => a.name.localeCompare(b.name))
  return `${[
    introduction,
    '| profile | devices | sells | unit | counts |',
    '| --- | --- | --- | --- | --- |',
    ...sorted.map(row),
    '',
    ...sorted.flatMap(section),
  ].join('\n')}`
}

const introduction = `# Devices

Made from the register maps by \`npm run docs:devices\`; what is wrong here is corrected there
([how](add-a-device.md)). Devices that speak SunSpec (SolarEdge, Fronius, SMA, KOSTAL and many others) need no map,
and neither do meters that send telegrams by themselves: [P1 and SML](agent.md#set-up).

## What is sold, and when

- Nothing is sold before the device has been recognised as one of its family, and before its counters and its power have told the same
  story over at least five steps of the counter and 5 Wh. A register that one weak source describes is shown and not sold.
- A device that does not say what it is, or that shows no power, sells once its owner has compared its counters with the meter's display
  and written \`confirmed = true\` beside it in the configuration.
- A meter that does not sit at the grid connection, by its own word, is no grid meter. Its owner can overrule it: \`--role grid\` for a
  single reading, \`role = "grid"\` with \`confirmed = true\` in the configuration. Where a device has several meters and does not say which
  is the grid's, \`meter = 2\` names the second.

## Phases

Most countries' meters balance the phases: 1,500 W fed in on one phase and 1,500 W drawn on another are nothing. A meter that counts each
phase by itself counts both, and would sell up to 36 kWh a day that the utility's meter never saw. The table says how each device counts.
The energy of one that counts each phase by itself is doubtful, and so is that of any meter whose two counters move at once while its
power says otherwise. If your utility has told you that its own meter counts each phase by itself, write this beside the meter:

\`\`\`toml
[[meter]]
name = "home-1"
utilityCounts = "per-phase"
\`\`\`

## All of them
`

function row(profile: Profile): string {
  const { name, covers, unit, otherUnits } = profile
  const units = otherUnits.length === 0 ? `${unit}` : `${unit} (${otherUnits.join(', ')})`
  return `| [\`${name}\`](#${name}) | ${covers} | ${sells(profile)} | ${units} | ${countingInWords[profile.counting]} |`
}

/** Whether its energy at the grid may be sold at all: a reading is for sale as a whole. */
function sells(profile: Profile): string {
  const { importWh, exportWh } = profile.reading
  const rests = (formula: Formula) => formula.verified && !evidenceOf(profile, [formula]).includes('?')
  const sides = [importWh, exportWh].filter((formulas) => formulas.length > 0)
  if (sides.length === 0) return 'no: it counts nothing at the grid'
  if (!sides.every((formulas) => formulas.some(rests))) return 'no: a counter rests on one source'
  return exportWh.length === 0 ? 'no: it does not count what is fed in' : 'yes'
}

function section(profile: Profile): string[] {
  const { name, covers, notes, knownFaults, recognition, otherPorts, functions } = profile
  const read = fields.flatMap(([field, words]) => {
    const formulas = profile.reading[field]
    if (formulas.length === 0) return []
    const addresses = [...new Set(formulas.flatMap((formula) => registersOf(profile, formula)))]
    return [`| ${words} | ${addresses.join(', ')} | ${evidenceOf(profile, formulas)} |`]
  })
  const list = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : [title, '', ...lines.map((line) => `- ${line}`), '']
  const others = recognition.others.map(({ is, profile: better }) => (better ? `${is} (\`${better}\`)` : is))
  return [
    `### ${name}`,
    '',
    `${covers}. Function ${functions.join(' or ')}${otherPorts.length > 0 ? `, also on port ${otherPorts.join(', ')}` : ''}.`,
    '',
    `How it is recognised: ${recognition.how}`,
    ...(others.length === 0 ? [] : ['', `Told from: ${[...new Set(others)].join('; ')}.`]),
    '',
    '| what is read | registers | checked by |',
    '| --- | --- | --- |',
    ...read,
    '',
    ...list('To know:', notes),
    ...list('Known to go wrong:', knownFaults),
  ]
}

function registersOf({ points }: Profile, { plus, minus }: Formula): string[] {
  return [...plus.map((name) => `${points[name]!.address}`), ...minus.map((name) => `−${points[name]!.address}`)]
}

/** The letters of all points that the formulas add up. */
function evidenceOf({ points }: Profile, formulas: readonly Formula[]): string {
  const names = formulas.flatMap(({ plus, minus }) => [...plus, ...minus])
  const letters = new Set(names.flatMap((name) => points[name]!.evidence.split(' ')))
  return [...letters].sort((a, b) => Number(a === '?') - Number(b === '?') || a.localeCompare(b)).join(' ')
}
