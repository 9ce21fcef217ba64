/** How areas are found: the name that an area has in addresses, and the words of a search. */
import { slugOf } from '../../contracts/protocol/slug.ts'
import type { AreaHandle } from '../areas/area-handle.ts'
import type { Areas } from './parts.ts'

type Named = Pick<AreaHandle, 'settings'>

/** Each area's name in addresses: its name's slug; the number where that says nothing, is a number itself or is another area's too. */
export function areaSlugs(areas: readonly Named[]): Map<number, string> {
  const slugs = areas.map(({ settings }) => slugOf(settings.name))
  return new Map(
    areas.map(({ settings: { area } }, index) => {
      const slug = slugs[index]!
      const isOwn = /[a-z]/.test(slug) && slugs.indexOf(slug) === slugs.lastIndexOf(slug)
      return [area, isOwn ? slug : String(area)]
    }),
  )
}

/** The area of an address: its number, or its slug; undefined where there is none. */
export function areaAt(areas: Areas, place: string): AreaHandle | undefined {
  if (/^\d{1,10}$/.test(place)) return areas.get(Number(place))
  const all = areas.all()
  const slugs = areaSlugs(all)
  return all.find(({ settings }) => slugs.get(settings.area) === place)
}

/** Whether every word of the search stands in the area's name, number or the names of its zones, whatever the case and accents. */
export function isFoundBy({ settings }: Named, search: string): boolean {
  const { area, name, zones } = settings
  const text = [name, String(area), ...zones.flatMap((zone) => [zone.name, zone.zone])].map(slugOf).join(' ')
  return slugOf(search)
    .split('-')
    .every((word) => text.includes(word))
}
