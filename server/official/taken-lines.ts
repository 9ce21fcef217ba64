/** What became of a file of official values, in lines for people: what was taken, and what was refused and why. */
import { formatMicroWh } from '../exchange/decimal.ts'
import { isoSeconds } from '../exchange/instants.ts'
import type { OfficialDifference } from '../store/official-store.ts'
import type { TakenFile } from './take-file.ts'

/** `refused` names each part that was not taken; `said` is for those who want to know more. */
export function takenLines(path: string, taken: TakenFile): { said: string[]; refused: string[] } {
  const { file, format, kept, verdicts, warnings, refusals, refused, differences } = taken
  if (file === null) return { said: [`${path}: the same content was taken before; nothing has changed`], refused: [] }
  const { counts, replaced, conflict, same, older, missing } = verdicts
  const parts = [
    `${counts} new`,
    ...[`${replaced} replace others`, `${conflict} in conflict`, `${same} as before`].filter((part) => part[0] !== '0'),
    ...[`${older} beside what counts`, `${missing} missing`].filter((part) => part[0] !== '0'),
  ]
  return {
    said: [
      `${path}: ${format}, ${kept} values kept: ${parts.join(', ')}`,
      ...warnings.map((warning) => `${path}: note: ${warning}`),
      ...differences.map((difference) => `${path}: ${sentenceOf(difference)}`),
    ],
    refused: [
      ...refusals.map(({ place, reason }) => `${path}: ${place}: ${reason}`),
      ...(refused > refusals.length ? [`${path}: and ${refused - refusals.length} more refusals`] : []),
    ],
  }
}

/** `AT… import 2026-10-25T00:00:00Z: 125.25 Wh measured replaces 125 Wh estimated of october.xml`. */
function sentenceOf({ point, direction, channel, start, kind, before, after }: OfficialDifference): string {
  const shown = ({ energyMicroWh, quality }: OfficialDifference['before']) =>
    energyMicroWh === null ? quality : `${formatMicroWh(energyMicroWh)} Wh ${quality}`
  const place = `${point} ${direction}${channel === 'total' ? '' : ` ${channel}`} ${isoSeconds(start)}`
  const how = kind === 'replaced' ? 'replaces' : 'is no newer than, and contradicts,'
  return `${place}: ${shown(after)} ${how} ${shown(before)} of ${before.file}`
}
