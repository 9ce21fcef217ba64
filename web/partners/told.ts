/** Partners in words: how far away they are, and the one sentence that says most. */
import type { PartnerResource, PartnersResource } from '../../server/api/partner-resources.ts'
import { percentWords } from '../money/format.ts'
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

/** Of the whole, in whole percent: a tenth of one says nothing to people. */
export function shareWords(energyWh: number, allWh: number): string {
  return percentWords(Math.round((energyWh / allWh) * 100) * 100)
}

/** How much of it came from, or went to, the nearest of them; partners come with the nearest first. */
export function takeaway({ energyWh, partners }: PartnersResource['bought'], side: OrderSide): string {
  const nearest = partners[0]!
  const nearWh = partners
    .filter(({ levels }) => levels === nearest.levels)
    .reduce((sum, partner) => sum + partner.energyWh, 0)
  return partnerWords().takeaway[side](shareWords(nearWh, energyWh), awayWords(nearest))
}

/** The name as it is kept: without spaces around it and with single ones in it; null where there is none. */
export function keptName(text: string): string | null {
  const name = text.trim().replace(/\s+/gu, ' ')
  return name === '' ? null : name
}
