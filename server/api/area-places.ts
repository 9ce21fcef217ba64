/** How areas are found: the name that an area has in addresses, and the words of a search. */
import { slugOf } from '../../contracts/protocol/slug.ts'
import type { AreaHandle } from '../areas/area-handle.ts'
import type { AreaSettings } from '../areas/settings.ts'
import type { Areas } from './parts.ts'

type Named = Pick<AreaHandle, 'settings'>

interface Words {
  slug: string
  /** The words in which a search looks. */
  text: string
}

/** Plain words take a while to make, and anybody may ask; settings are replaced where they change. */
const known = new WeakMap<AreaSettings, Words>()

function wordsOf({ settings }: Named): Words {
  const before = known.get(settings)
  if (before !== undefined) return before
  const { area, name, zones } = settings
  const text = [name, String(area), ...zones.flatMap((zone) => [zone.name, zone.zone])].map(slugOf).join(' ')
  const words = { slug: slugOf(name), text }
  known.set(settings, words)
  return words
}

/** Each area's name in addresses: its name's slug; the number where that says nothing, is a number itself or is another area's too. */
export function areaSlugs(areas: readonly Named[]): Map<number, string> {
  const counts = new Map<string, number>()
  for (const area of areas) counts.set(wordsOf(area).slug, (counts.get(wordsOf(area).slug) ?? 0) + 1)
  return new Map(
    areas.map((each) => {
      const { slug } = wordsOf(each)
      const isOwn = /[a-z]/.test(slug) && counts.get(slug) === 1
      return [each.settings.area, isOwn ? slug : String(each.settings.area)]
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

/** A test for areas: whether every word of the search stands in the name, number or zones, whatever the case and accents. */
export function foundBy(search: string): (area: Named) => boolean {
  const words = slugOf(search).split('-')
  return (area) => words.every((word) => wordsOf(area).text.includes(word))
}
