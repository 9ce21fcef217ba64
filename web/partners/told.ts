/** Partners in words: how far away they are, and the one sentence that says most. */
import type { PartnerResource, PartnersResource } from '../../server/api/partner-resources.ts'
import { shareWords } from '../money/format.ts'
import type { OrderSide } from '../orders/order.ts'
import { partnerWords } from './words.ts'

export function partnersOf(found: PartnersResource, side: OrderSide): PartnersResource['bought'] {
  return side === 'buy' ? found.bought : found.sold
}

export function awayWords({
  levels,
  isRoot,
  zoneName,
}: Pick<PartnerResource, 'levels' | 'isRoot' | 'zoneName'>): string {
  const said = partnerWords()
  if (isRoot) return said.area(zoneName)
  if (levels === 0) return said.ownLine(zoneName)
  return levels === 1 ? said.transformer(zoneName) : said.further(zoneName)
}

/** A sentence with the share of the energy that came from, or went to, the nearest partners. The list begins with the nearest. */
export function takeaway({ energyWh, partners }: PartnersResource['bought'], side: OrderSide): string {
  const nearest = partners[0]!
  const nearWh = partners
    .filter(({ levels }) => levels === nearest.levels)
    .reduce((sum, partner) => sum + partner.energyWh, 0)
  return partnerWords().takeaway[side](shareWords(nearWh, energyWh), awayWords(nearest))
}

/** A name as it is stored: without spaces around it and with single spaces inside; null where nothing is left. */
export function keptName(text: string): string | null {
  const name = text.trim().replace(/\s+/gu, ' ')
  return name === '' ? null : name
}
