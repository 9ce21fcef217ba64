/** Where a device's meter sits, for people. */
import type { MeterPlace } from '../registers/device-sample.ts'

/** In a few words. */
export function placeInWords({ role, says }: MeterPlace): string {
  const said = says === null ? '' : ` (the device says ${JSON.stringify(says)})`
  if (role === 'grid') return `at the grid connection${says === null ? ', as far as is known' : said}`
  if (role === 'elsewhere') return `not at the grid connection${said}`
  return role === 'unknown' ? 'several, and none says which is the grid’s' : 'none'
}
