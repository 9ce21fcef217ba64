/** ConsumptionRecord documents of a made-up network operator. */
import { TimeZone } from '../../../server/exchange/time-zone.ts'
import { isoLocal, kwh, type Profile } from '../street.ts'

const vienna = new TimeZone('Europe/Vienna')
const marks = { measured: 'L1', substituted: 'L2', estimated: 'L3', missing: 'L1' }

export interface EdaDocument {
  /** By meter code. */
  registers: [code: string, profile: Profile][]
  community?: string
  createdAt?: string
  prefix?: string
  number?: number
  unit?: string
  sector?: string
  schema?: string
}

export function edaXml(document: EdaDocument): string {
  const { registers, community, createdAt = '2026-04-16T01:12:00.5391430Z', sector = '01', unit = 'KWH' } = document
  const prefix = document.prefix === undefined || document.prefix === '' ? '' : `${document.prefix}:`
  const namespace = `http://www.ebutilities.at/schemata/customerprocesses/consumptionrecord/${document.schema ?? '01p41'}`
  const declared = prefix === '' ? `xmlns="${namespace}"` : `xmlns:${document.prefix}="${namespace}"`
  const element = (name: string, content: string, attributes = '') =>
    `<${prefix}${name}${attributes}>${content}</${prefix}${name}>`
  const { start, intervalSeconds, values, point } = registers[0]![1]
  const at = (index: number) => isoLocal(vienna, endOf(start, intervalSeconds, index))
  const data = registers.map(([code, profile]) =>
    element(
      'EnergyData',
      profile.values
        .map(({ wh, quality }, i) =>
          element(
            'EP',
            element('DTF', at(i)) +
              element('DTT', at(i + 1)) +
              element('MM', marks[quality]) +
              element('BQ', wh === null ? '' : kwh(wh, 6)),
          ),
        )
        .join('\n'),
      ` MeterCode="${code}" UOM="${unit}"`,
    ),
  )
  const energy =
    element('MeteringReason', '00') +
    element('MeteringPeriodStart', at(0)) +
    element('MeteringPeriodEnd', at(values.length)) +
    element('MeteringIntervall', intervalSeconds === 900 ? 'QH' : 'D') +
    element('NumberOfMeteringIntervall', String(document.number ?? values.length)) +
    data.join('\n')
  const directory =
    element('RoutingHeader', element('DocumentCreationDateTime', createdAt)) +
    element('Sector', sector) +
    element('MessageCode', 'DATEN_CRMSG')
  const process =
    element('MessageId', 'M1') +
    (community === undefined ? '' : element('ECID', community)) +
    element('MeteringPoint', point) +
    element('Energy', energy)
  const content = element('MarketParticipantDirectory', directory) + element('ProcessDirectory', process)
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('ConsumptionRecord', content, ` ${declared}`)}\n`
}

/** Days end where the zone's days do. */
function endOf(start: number, intervalSeconds: number, index: number): number {
  if (intervalSeconds < 86_400) return start + index * intervalSeconds
  return vienna.startOfDay(Math.floor(vienna.local(start) / 86_400) + index)
}
