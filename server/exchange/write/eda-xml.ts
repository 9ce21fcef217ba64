/**
 * Austria: a ConsumptionRecord document (ebutilities.at, 01p41) out of series of one metering point, so that programs of
 * communities take a market's outcome as they take the grid operator's.
 */
import type { UtcSeconds } from '../../../contracts/protocol/units.ts'
import { edaCode } from '../eda-codes.ts'
import { ExchangeError } from '../error.ts'
import { isoSeconds } from '../instants.ts'
import type { OfficialSeries } from '../official-values.ts'
import { inQuotes } from '../quote.ts'
import { TimeZone } from '../time-zone.ts'
import { xmlText } from '../xml-text.ts'
import { edaDecimal, edaMark, edaUnits, quarterHours } from './eda-values.ts'

const records = 'http://www.ebutilities.at/schemata/customerprocesses/consumptionrecord/01p41'
const types = 'http://www.ebutilities.at/schemata/customerprocesses/common/types/01p20'
const vienna = new TimeZone('Europe/Vienna')

/** Who sends what to whom; numbers are the sender's. */
export interface EdaEnvelope {
  sender: string
  receiver: string
  messageId: string
  conversationId: string
  createdAt: UtcSeconds
}

/**
 * Writes the document. The series are of one point and one period, with codes of ebutilities.at and every quarter-hour;
 * `VALUES_POINT`, `VALUES_CODE` or `VALUES_COUNT` otherwise.
 */
export function writeEdaXml(envelope: EdaEnvelope, series: readonly OfficialSeries[]): string {
  const first = series[0]
  if (first === undefined)
    throw new ExchangeError('VALUES_COUNT', '', 'a document needs a metering point, and in that time there is none')
  const { point, community } = first
  const registers = series.map((one) => {
    if (one.point !== point || one.community !== community) {
      throw new ExchangeError('VALUES_POINT', '', 'a document is about one point in one community')
    }
    if (one.code === null || edaCode(one.code) === undefined) {
      throw new ExchangeError(
        'VALUES_CODE',
        `point ${inQuotes(point)}`,
        `meter code ${inQuotes(one.code ?? '')} is not known`,
      )
    }
    return { code: one.code, values: quarterHours(one) }
  })
  const period = registers[0]!.values
  const [start, end] = [period[0]!.start, period.at(-1)!.start + 900]
  if (registers.some(({ values }) => values[0]!.start !== start || values.length !== period.length)) {
    throw new ExchangeError('VALUES_COUNT', `point ${inQuotes(point)}`, 'registers are of different periods')
  }
  const data = registers.map(({ code, values }) => {
    const energies = values.map(({ start: from, energyMicroWh, quality }) => {
      if (energyMicroWh === null) {
        throw new ExchangeError('VALUES_COUNT', `point ${inQuotes(point)} ${code}`, `no value at ${isoSeconds(from)}`)
      }
      return (
        `<cp:EP><cp:DTF>${local(from)}</cp:DTF><cp:DTT>${local(from + 900)}</cp:DTT>` +
        `<cp:MM>${edaMark(quality)}</cp:MM><cp:BQ>${edaDecimal(edaUnits(energyMicroWh))}</cp:BQ></cp:EP>`
      )
    })
    return `<cp:EnergyData MeterCode="${code}" UOM="KWH">\n${energies.join('\n')}\n</cp:EnergyData>`
  })
  const { sender, receiver, messageId, conversationId, createdAt } = envelope
  const address = (name: string, text: string) =>
    `<ct:${name} AddressType="ECNumber"><ct:MessageAddress>${xmlText(text)}</ct:MessageAddress></ct:${name}>`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<cp:ConsumptionRecord xmlns:cp="${records}" xmlns:ct="${types}">`,
    '<cp:MarketParticipantDirectory DocumentMode="PROD" Duplicate="false" SchemaVersion="01.41">',
    `<ct:RoutingHeader>${address('Sender', sender)}${address('Receiver', receiver)}`,
    `<ct:DocumentCreationDateTime>${isoSeconds(createdAt)}</ct:DocumentCreationDateTime></ct:RoutingHeader>`,
    '<ct:Sector>01</ct:Sector><cp:MessageCode>DATEN_CRMSG</cp:MessageCode>',
    '</cp:MarketParticipantDirectory>',
    `<cp:ProcessDirectory><ct:MessageId>${xmlText(messageId)}</ct:MessageId>`,
    `<ct:ConversationId>${xmlText(conversationId)}</ct:ConversationId>`,
    `<ct:ProcessDate>${local(createdAt).slice(0, 10)}</ct:ProcessDate>`,
    community === null ? '' : `<cp:ECID>${xmlText(community)}</cp:ECID>`,
    `<ct:MeteringPoint>${xmlText(point)}</ct:MeteringPoint>`,
    '<cp:Energy><cp:MeteringReason>00</cp:MeteringReason>',
    `<cp:MeteringPeriodStart>${local(start)}</cp:MeteringPeriodStart><cp:MeteringPeriodEnd>${local(end)}</cp:MeteringPeriodEnd>`,
    `<cp:MeteringIntervall>QH</cp:MeteringIntervall><cp:NumberOfMeteringIntervall>${period.length}</cp:NumberOfMeteringIntervall>`,
    ...data,
    '</cp:Energy></cp:ProcessDirectory></cp:ConsumptionRecord>',
    '',
  ].join('\n')
}

/** A moment by Austrian clocks, such as `2026-04-14T00:00:00+02:00`. */
function local(instant: UtcSeconds): string {
  const shown = vienna.local(instant)
  const offset = (shown - instant) / 3600
  return `${isoSeconds(shown).slice(0, -1)}+${String(offset).padStart(2, '0')}:00`
}
