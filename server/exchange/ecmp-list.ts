/**
 * A roster as Austrian grid operators and communities send it to each other: ECMPList (ebutilities.at, 01p10) with points,
 * directions, validity and keys.
 */
import { pointForm } from './decimal.ts'
import { ExchangeError } from './error.ts'
import type { DayNumber } from './instants.ts'
import type { EnergyDirection } from './official-values.ts'
import { inQuotes, shortened } from './quote.ts'
import { type Roster, RosterBuilder, type RosterEntry } from './roster.ts'
import { readRosterDay, readShare } from './roster-csv.ts'
import { readXml } from './xml.ts'

const directions = new Map<string, EnergyDirection>([
  ['CONSUMPTION', 'import'],
  ['GENERATION', 'export'],
])
const openEnd = '9999-12-31'
const models = new Map<string, 'static' | 'dynamic'>([
  ['S', 'static'],
  ['D', 'dynamic'],
])

export interface EcmpList extends Roster {
  community: string
  model: 'static' | 'dynamic'
}

/**
 * Reads a document. Throws `VALUES_SYNTAX` or `VALUES_UNSAFE` for what is no whole document, `ROSTER_FORMAT` for another
 * one; single points are refused in the result.
 */
export function readEcmpList(bytes: Buffer): EcmpList {
  const builder = new RosterBuilder('AT')
  let [root, community, model, point] = ['', '', '', '']
  let fields = new Map<string, string>()
  readXml(bytes, (place) => ({
    open(name, _attribute, path) {
      if (path.length === 1) root = name
      if (name === 'MPListData') point = ''
      if (name === 'MPTimeData') fields = new Map()
    },
    close(name, text, path) {
      const parent = path.at(-2)
      if (parent === 'MPTimeData') fields.set(name, text)
      else if (name === 'ECID') community = text
      else if (name === 'ECDisModel') model = text
      else if (name === 'MeteringPoint' && parent === 'MPListData') point = text
      else if (name === 'MPTimeData') {
        const [row, its] = [{ point, community }, fields]
        builder.admit(`${shortened(point)}, ${place()}`, () => readEntry(row, its))
      }
    },
  }))
  const known = models.get(model)
  if (root !== 'ECMPList' || community === '' || known === undefined) {
    throw new ExchangeError('ROSTER_FORMAT', root, 'no ECMPList with ECID and ECDisModel S or D')
  }
  return { ...builder.finish(), community, model: known }
}

function readEntry(
  { point, community }: { point: string; community: string },
  fields: Map<string, string>,
): RosterEntry {
  const refuse = (reason: string): never => {
    throw new ExchangeError('ROSTER_FIELD', '', reason)
  }
  const field = (name: string) => fields.get(name) ?? ''
  const direction = directions.get(field('EnergyDirection'))
  if (direction === undefined)
    throw new ExchangeError('ROSTER_FIELD', '', `EnergyDirection ${inQuotes(field('EnergyDirection'))}`)
  const factor = Number(/^\d{1,3}$/.exec(field('ECPartFact'))?.[0])
  if (!(factor >= 1 && factor <= 100))
    refuse(`ECPartFact ${inQuotes(field('ECPartFact'))} is no percentage from 1 to 100`)
  const share = field('ECShare')
  // A point that was activated later, or deactivated earlier, than the list says counts only in between.
  const begins = ['DateFrom', 'DateActivate']
    .filter((name) => field(name) !== '')
    .map((name) => readRosterDay(field(name)))
  const ends = ['DateTo', 'DateDeactivate'].filter((name) => field(name) !== '').map((name) => endOf(field(name)))
  if (field('DateFrom') === '' || field('DateTo') === '') refuse('DateFrom or DateTo is missing')
  return {
    member: null,
    point,
    direction,
    community,
    supplier: null,
    balanceGroup: null,
    factorPercent: factor,
    shareMillionths: share === '' ? null : readShare(share, pointForm),
    fromDay: Math.max(...begins),
    endDay: Math.min(...ends),
  }
}

function endOf(text: string): DayNumber {
  return text === openEnd ? Number.POSITIVE_INFINITY : readRosterDay(text) + 1
}
