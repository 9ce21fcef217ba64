/** A chart in one sentence. */
import { energy } from '../money/format.ts'
import { chartWords } from './words.ts'

/** A sentence such as "Together sold 1.20 kWh · to supplier 340 Wh." that names every sum above zero. */
export function takeawayOf(sums: readonly { words: (energy: string) => string; wh: number }[]): string {
  const said = chartWords()
  const told = sums.filter(({ wh }) => wh > 0).map(({ words, wh }) => words(energy(wh)))
  return told.length === 0 ? said.nothingInAll : said.inAll(told.join(' · '))
}
