/**
 * The rules of the two XML formats for what a settlement report has in them, in our words: which elements follow one another inside
 * which, and what a value may be. From NAESB REQ.21 (ESPI 4.0) in Atom (RFC 4287), and IEC 62325-451-4, EnergyAccount_MarketDocument 4.1.
 * Their schemas may not be handed on with the project, and no kept package of the registry brings them.
 */
import { type Element, elementOf } from '../billing/en16931.ts'

/** Of an element by its name: its children in their order (`?` may lack, `+` one or more, `*` any number), or its text. */
type Rules = Record<string, string | RegExp>

const [uint32, int48, utc] = [/^\d{1,10}$/, /^-?\d{1,15}$/, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/]
const uuid = /^urn:uuid:[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/

export const espiRules: Rules = {
  feed: 'id title updated link+ entry*',
  id: uuid,
  title: /\S/,
  updated: utc,
  published: utc,
  link: /^$/,
  entry: 'id link+ title content published updated',
  content:
    '(espi:LocalTimeParameters|espi:ReadingType|espi:UsagePoint|espi:MeterReading|espi:IntervalBlock|espi:UsageSummary)',
  'espi:LocalTimeParameters': 'espi:dstEndRule espi:dstOffset espi:dstStartRule espi:tzOffset',
  'espi:dstEndRule': /^[0-9A-F]{8}$/,
  'espi:dstStartRule': /^[0-9A-F]{8}$/,
  'espi:dstOffset': /^-?\d+$/,
  'espi:tzOffset': /^-?\d+$/,
  'espi:ReadingType':
    'espi:accumulationBehaviour? espi:commodity? espi:currency? espi:flowDirection? espi:intervalLength? espi:kind? ' +
    'espi:powerOfTenMultiplier? espi:uom?',
  'espi:accumulationBehaviour': /^4$/,
  'espi:commodity': /^1$/,
  'espi:currency': /^\d{1,3}$/,
  'espi:flowDirection': /^(1|4|19)$/,
  'espi:intervalLength': uint32,
  'espi:kind': /^\d+$/,
  'espi:powerOfTenMultiplier': /^-?\d+$/,
  'espi:uom': /^72$/,
  'espi:UsagePoint': 'espi:ServiceCategory? espi:isVirtual?',
  'espi:ServiceCategory': 'espi:kind',
  'espi:isVirtual': /^(true|false)$/,
  'espi:MeterReading': /^$/,
  'espi:IntervalBlock': 'espi:interval? espi:IntervalReading*',
  'espi:interval': 'espi:duration espi:start',
  'espi:IntervalReading': 'espi:cost? espi:ReadingQuality* espi:timePeriod? espi:value?',
  'espi:cost': int48,
  'espi:ReadingQuality': 'espi:quality',
  'espi:quality': /^([0789]|1\d)$/,
  'espi:timePeriod': 'espi:duration espi:start',
  'espi:duration': uint32,
  'espi:start': /^\d+$/,
  'espi:value': int48,
}

const [minute, quantity] = [/^\d{4}-\d\d-\d\dT\d\d:\d\dZ$/, /^\d+(\.\d+)?$/]

export const energyAccountRules: Rules = {
  EnergyAccount_MarketDocument:
    'mRID revisionNumber type docStatus process.processType process.classificationType ' +
    'sender_MarketParticipant.mRID sender_MarketParticipant.marketRole.type receiver_MarketParticipant.mRID ' +
    'receiver_MarketParticipant.marketRole.type createdDateTime period.timeInterval domain.mRID? TimeSeries+',
  mRID: /^.{1,60}$/,
  revisionNumber: /^[1-9]\d{0,2}$/,
  type: /^A(11|12|45)$/,
  docStatus: 'value',
  value: /^A0[12]$/,
  'process.processType': /^A06$/,
  'process.classificationType': /^A02$/,
  'sender_MarketParticipant.mRID': /^.{1,16}$/,
  'receiver_MarketParticipant.mRID': /^.{1,16}$/,
  'sender_MarketParticipant.marketRole.type': /^A(08|11|12|18)$/,
  'receiver_MarketParticipant.marketRole.type': /^A(08|11|12|18)$/,
  createdDateTime: utc,
  'period.timeInterval': 'start end',
  timeInterval: 'start end',
  start: minute,
  end: minute,
  'domain.mRID': /^.{1,18}$/,
  TimeSeries:
    'mRID businessType product objectAggregation curveType area_Domain.mRID marketParticipant.mRID? ' +
    'measurement_Unit.name currency_Unit.name? marketEvaluationPoint.mRID? Period+',
  businessType: /^A(01|02|04|07)$/,
  product: /^8716867000030$/,
  objectAggregation: /^A02$/,
  curveType: /^A01$/,
  'area_Domain.mRID': /^.{1,18}$/,
  'marketParticipant.mRID': /^.{1,16}$/,
  'measurement_Unit.name': /^KWH$/,
  'currency_Unit.name': /^[A-Z]{3}$/,
  'marketEvaluationPoint.mRID': /^.{1,35}$/,
  Period: 'timeInterval resolution Point+',
  resolution: /^P(T\d+M|1D|1M)$/,
  Point:
    'position in_Quantity.quantity in_Quantity.quality? out_Quantity.quantity out_Quantity.quality? price.amount? Reason*',
  position: /^[1-9]\d{0,5}$/,
  'in_Quantity.quantity': quantity,
  'out_Quantity.quantity': quantity,
  'in_Quantity.quality': /^A0\d$/,
  'out_Quantity.quality': /^A0\d$/,
  'price.amount': /^-?\d+(\.\d+)?$/,
}

/** Each thing that a file has and the rules do not allow. */
export function faultsOf(xml: string, rules: Rules): string[] {
  const faults: string[] = []
  const look = (element: Element) => {
    const { name, children, text } = element
    const rule = rules[name]
    if (rule === undefined) faults.push(`${name} is no element of the format`)
    else if (typeof rule === 'string') {
      const names = children.map((child) => `${child.name} `).join('')
      if (!inOrder(rule).test(names)) faults.push(`${name} holds ${names}, not ${rule}`)
      if (text.trim() !== '') faults.push(`${name} holds text`)
    } else if (children.length > 0 || !rule.test(text)) faults.push(`${name} is ${JSON.stringify(text)}`)
    for (const child of children) look(child)
  }
  look(elementOf(xml))
  return [...new Set(faults)]
}

function inOrder(rule: string): RegExp {
  const parts = rule.split(' ').map((part) => {
    const [, name, often = ''] = /^(.*?)([?+*]?)$/.exec(part)!
    return `(${name!.replaceAll('.', '\\.')} )${often}`
  })
  return new RegExp(`^${parts.join('')}$`)
}
