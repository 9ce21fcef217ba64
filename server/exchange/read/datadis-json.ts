/** Spain: the answer of Datadis' programming interface, a list of hours. */
import { floatForm, readEnergy, unitPowers } from '../decimal.ts'
import { ExchangeError } from '../error.ts'
import { JsonReader } from '../json.ts'
import type { OfficialValues } from '../official-values.ts'
import type { TimeZone } from '../time-zone.ts'
import { SpanishHours } from './spanish-hours.ts'

const texts = ['cups', 'date', 'time', 'obtainMethod'] as const
const energies = ['consumptionKWh', 'surplusEnergyKWh'] as const
const mostLeftOut = 100
type Text = (typeof texts)[number]
type Energy = (typeof energies)[number]

/** Reads an answer. Throws `ExchangeError`. */
export function readDatadisJson(bytes: Buffer, zone: TimeZone): OfficialValues {
  const json = new JsonReader(bytes)
  const hours = new SpanishHours(zone, (index) => `$[${index}]`)
  const leftOut = new Set<string>()
  json.array((index) => {
    const text = new Map<Text, string>()
    const energy = new Map<Energy, number | null>()
    json.object((key) => {
      if (texts.includes(key as Text)) text.set(key as Text, textOf(json))
      else if (energies.includes(key as Energy)) energy.set(key as Energy, energyOf(json))
      else if (json.kind() === 'null') json.skip()
      else {
        leftOut.add(key)
        if (leftOut.size > mostLeftOut) throw json.refusal('VALUES_TOO_LARGE', `more than ${mostLeftOut} unknown keys`)
        json.skip()
      }
    })
    const place = () => `$[${index}]`
    const missing = ['cups', 'date', 'time', 'consumptionKWh'].find(
      (key) => !text.has(key as Text) && !energy.has(key as Energy),
    )
    if (missing !== undefined) throw new ExchangeError('VALUES_SYNTAX', place(), `${missing} is missing`)
    hours.add({
      cups: text.get('cups')!,
      date: text.get('date')!,
      hour: text.get('time')!,
      method: text.get('obtainMethod') ?? '',
      importMicroWh: energy.get('consumptionKWh')!,
      exportMicroWh: energy.get('surplusEnergyKWh') ?? null,
      place,
      source: index,
    })
  })
  json.end()
  const { series, warnings } = hours.finish()
  const notRead = [...leftOut].map((key) => `${key} left out: it is not measured at the boundary to the grid`)
  return { createdAt: null, series, warnings: [...warnings, ...notRead] }
}

/** A method may be null, which is as good as empty. */
function textOf(json: JsonReader): string {
  if (json.kind() !== 'null') return json.string()
  json.skip()
  return ''
}

function energyOf(json: JsonReader): number | null {
  const { kind, text } = json.scalar()
  if (kind === 'null') return null
  if (kind !== 'number') throw json.refusal('VALUES_NUMBER', `${kind} where a number was expected`)
  return readEnergy(text, unitPowers.kWh, floatForm, () => json.place())
}
