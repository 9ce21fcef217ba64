/** MSCONS interchanges of a made-up network operator. */
import { kwh, type Profile } from '../street.ts'

const qualifiers = { measured: '220', substituted: '67', estimated: 'Z18', missing: '20' }

export interface MsconsMessage {
  registers: [obis: string, profile: Profile][]
  /** CCYYMMDDHHMM of DTM+137. */
  createdAt?: string
  checkNumber?: string
}

export interface MsconsOptions {
  advice?: boolean
  decimalSign?: '.' | ','
  /** What stands between two segments. */
  between?: string
  /** Changes the segments of all messages before they are counted. */
  edit?: (segments: string[]) => void
}

const stamp = (seconds: number) => new Date(seconds * 1000).toISOString().replace(/[-T:]/g, '').slice(0, 12)

export function mscons(messages: MsconsMessage[], options: MsconsOptions = {}): string {
  const { advice = true, decimalSign = '.', between = '\n' } = options
  const all: string[] = ['UNB+UNOC:3+9900357000004:14+4012345000023:14+260415:0030+CW1++TL']
  for (const [number, { registers, createdAt = '202604150030', checkNumber = '13025' }] of messages.entries()) {
    const segments = [
      `UNH+${number + 1}+MSCONS:D:04B:UN:2.4c`,
      `BGM+7+CW${number}+9`,
      `DTM+137:${createdAt}?+00:303`,
      `RFF+Z13:${checkNumber}`,
      `NAD+MS+9900357000004::293`,
      `CTA+IC+:P O?'NEIL ?+ S?:OHN ??`,
      'UNS+D',
      'NAD+DP',
    ]
    let location = ''
    for (const [obis, { point, start, values }] of registers) {
      if (point !== location) segments.push(`LOC+172+${point}`)
      location = point
      segments.push('LIN+1', `PIA+5+${obis.replace(':', '?:')}:SRW`)
      for (const [i, { wh, quality }] of values.entries()) {
        const text = wh === null ? '0' : kwh(wh, 6).replace('.', decimalSign)
        segments.push(
          `QTY+${qualifiers[quality]}:${text}:KWH`,
          `DTM+163:${stamp(start + i * 900)}?+00:303`,
          `DTM+164:${stamp(start + (i + 1) * 900)}?+00:303`,
          ...(quality === 'substituted' ? ['STS+Z32'] : []),
        )
      }
    }
    options.edit?.(segments)
    segments.push(`UNT+${segments.length + 1}+${number + 1}`)
    all.push(...segments)
  }
  all.push(`UNZ+${messages.length}+CW1`)
  return `${advice ? `UNA:+${decimalSign}? '` : ''}${all.map((segment) => `${segment}'`).join(between)}`
}
