/** ValidatedMeteredData documents of a made-up Swiss distributor. */
import { isoSeconds } from '../../../server/exchange/instants.ts'
import { kwh, type Profile } from '../street.ts'

export interface SdatOptions {
  community?: string | null
  createdAt?: string
  prefix?: string
  unit?: string
  documentType?: string
  /** Changes the observations of a series, which are `[sequence, rest]`. */
  edit?: (observations: [sequence: number, rest: string][]) => unknown
}

export function sdatE66(registers: [product: string, profile: Profile][], options: SdatOptions = {}): string {
  const {
    community = 'CH-LEG-0000001',
    createdAt = '2026-04-16T01:12:00Z',
    unit = 'KWH',
    documentType = 'E66',
  } = options
  const prefix = options.prefix === undefined || options.prefix === '' ? '' : `${options.prefix}:`
  const declared = prefix === '' ? 'xmlns="http://www.strom.ch"' : `xmlns:${options.prefix}="http://www.strom.ch"`
  const element = (name: string, content: string, attributes = '') =>
    `<${prefix}${name}${attributes}>${content}</${prefix}${name}>`
  const series = registers.map(([product, profile]) => {
    const { start, values, point, direction } = profile
    const kind = direction === 'import' ? 'ConsumptionMeteringPoint' : 'ProductionMeteringPoint'
    const observations = values.map(({ wh, quality }, i): [number, string] => [
      i + 1,
      element('Volume', wh === null ? '' : kwh(wh)) + (quality === 'estimated' ? element('Condition', '21') : ''),
    ])
    options.edit?.(observations)
    return element(
      'MeteringData',
      element('DocumentID', 'd1') +
        element(
          'Interval',
          element('StartDateTime', isoSeconds(start)) + element('EndDateTime', isoSeconds(start + values.length * 900)),
        ) +
        element('Resolution', element('Resolution', '15') + element('Unit', 'MIN')) +
        element(kind, element('VSENationalID', point)) +
        element(
          'Product',
          element('ID', element(product.startsWith('8') ? 'ebIXCode' : 'VSENationalCode', product)) +
            element('MeasureUnit', unit),
        ) +
        (community === null ? '' : element('Community', element('CommunityID', community))) +
        observations
          .map(([sequence, rest]) =>
            element('Observation', element('Position', element('Sequence', String(sequence))) + rest),
          )
          .join('\n'),
    )
  })
  const instance =
    element('DocumentType', element('ebIXCode', documentType)) + element('Creation', createdAt) + element('Status', '9')
  const header = element('ValidatedMeteredData_HeaderInformation', element('InstanceDocument', instance))
  return `<?xml version="1.0"?>\n${element('ValidatedMeteredData_16', header + series.join('\n'), ` ${declared}`)}`
}
