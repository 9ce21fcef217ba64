/** How the page says from whom energy came: distances in words, whole shares, and the sentence above the list. */
import { afterEach, expect, it } from 'vitest'
import type { PartnerResource } from '../../server/api/partner-resources.ts'
import { shareWords } from '../../web/money/format.ts'
import { awayWords, keptName, takeaway } from '../../web/partners/told.ts'
import { chooseLanguage } from '../../web/words/language.ts'

const partner = (change: Partial<PartnerResource>): PartnerResource => ({
  ...{ who: 'others', neighbour: null, name: null, zone: 'north', zoneName: 'North feeder' },
  ...{ levels: 0, isRoot: false, energyWh: 100, ...change },
})
const plain = (text: string) => text.replaceAll('\u202f', ' ')

afterEach(() => chooseLanguage('en'))

it('names the line, the transformer, what lies between and the neighbourhood', () => {
  expect([
    awayWords(partner({})),
    awayWords(partner({ levels: 1, zoneName: 'Mill Lane' })),
    awayWords(partner({ levels: 2, zoneName: 'East' })),
    awayWords(partner({ levels: 3, zoneName: 'Sunfield', isRoot: true })),
  ]).toEqual([
    'on your line, North feeder',
    'at the same transformer, Mill Lane',
    'within East',
    'in the neighbourhood, Sunfield',
  ])
})

it('says first how much was nearest', () => {
  const partners = [
    partner({ who: 'neighbour', name: 'Mia', energyWh: 300 }),
    partner({ energyWh: 450 }),
    partner({ levels: 1, isRoot: true, energyWh: 250 }),
  ]
  expect(plain(takeaway({ energyWh: 1_000, partners }, 'buy'))).toBe(
    '75 % of what you bought came from homes on your line, North feeder.',
  )
  chooseLanguage('de')
  expect(plain(takeaway({ energyWh: 1_000, partners }, 'sell'))).toBe(
    '75 % von dem, was Sie verkauft haben, blieben an Ihrer Leitung, North feeder.',
  )
  expect(plain(shareWords(1, 3))).toBe('33 %')
})

it('keeps a name without needless spaces, and none where there is none', () => {
  expect([keptName('  Mia   of number 4 '), keptName(' ')]).toEqual(['Mia of number 4', null])
})
