/** Who is paired with whom: the laws, and a slow twin that pairs Wh by Wh. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  commonZone,
  type Partnership,
  type PartnersInput,
  type Party,
  pairPartners,
} from '../../server/market/partners.ts'

const seed = Number(process.env.SEED ?? 20_261_128)
const runs = { seed, numRuns: 300 }

/** Trees of up to seven zones, up to twelve seats whose two sides have the same sum, and some preferred pairs. */
const inputs: fc.Arbitrary<PartnersInput> = fc
  .record({
    above: fc.array(fc.nat(), { maxLength: 6 }),
    seats: fc.uniqueArray(
      fc.record({ seat: fc.integer({ min: 1, max: 99 }), zone: fc.nat(), isSelling: fc.boolean(), wh: fc.nat(40) }),
      { selector: ({ seat }) => seat, maxLength: 12 },
    ),
    preferred: fc.array(fc.record({ seller: fc.nat(), buyer: fc.nat() }), { maxLength: 5 }),
    turn: fc.nat(1_000_000),
  })
  .map(({ above, seats, preferred, turn }) => {
    const parent = [-1, ...above.map((place, zone) => place % (zone + 1))]
    const parties = seats.map(({ seat, zone, isSelling, wh }): Party => {
      return { seat, zone: zone % parent.length, soldWh: isSelling ? wh : 0, boughtWh: isSelling ? 0 : wh }
    })
    evenOut(parties)
    const at = (place: number) => parties[place % parties.length]!.seat
    return {
      ...{ parent, parties, turn },
      preferred:
        parties.length === 0 ? [] : preferred.map(({ seller, buyer }) => ({ seller: at(seller), buyer: at(buyer) })),
    }
  })

/** Takes the difference of both sides off the larger one. */
function evenOut(parties: Party[]): void {
  const sum = (side: 'soldWh' | 'boughtWh') => parties.reduce((all, party) => all + party[side], 0)
  const side = sum('soldWh') > sum('boughtWh') ? 'soldWh' : 'boughtWh'
  let over = Math.abs(sum('soldWh') - sum('boughtWh'))
  for (const party of parties) {
    const off = Math.min(over, party[side])
    party[side] -= off
    over -= off
  }
}

const sumBy = (pairs: readonly Partnership[], side: 'seller' | 'buyer', seat: number) =>
  pairs.reduce((sum, pair) => sum + (pair[side] === seat ? pair.energyWh : 0), 0)

describe(`partners (SEED=${seed})`, () => {
  test('have what they sold and bought, in whole Wh, in the nearest zone that holds both', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const pairs = pairPartners(input)
        for (const { seat, soldWh, boughtWh } of input.parties) {
          expect([sumBy(pairs, 'seller', seat), sumBy(pairs, 'buyer', seat)]).toEqual([soldWh, boughtWh])
        }
        const zoneOf = new Map(input.parties.map(({ seat, zone }) => [seat, zone]))
        for (const { seller, buyer, zone, energyWh } of pairs) {
          expect(Number.isInteger(energyWh) && energyWh > 0).toBe(true)
          expect(zone).toBe(commonZone(input.parent, zoneOf.get(seller)!, zoneOf.get(buyer)!))
        }
        expect(new Set(pairs.map(({ seller, buyer }) => `${seller} ${buyer}`)).size).toBe(pairs.length)
      }),
      runs,
    )
  })

  test('are what pairing Wh by Wh finds', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        expect(pairPartners(input)).toEqual(whByWh(input))
      }),
      runs,
    )
  })

  test('are the same in whichever order the input comes', () => {
    const shuffled = inputs.chain((input) =>
      fc.record({
        input: fc.constant(input),
        parties: fc.shuffledSubarray([...input.parties], { minLength: input.parties.length }),
        preferred: fc.shuffledSubarray([...input.preferred], { minLength: input.preferred.length }),
      }),
    )
    fc.assert(
      fc.property(shuffled, ({ input, parties, preferred }) => {
        expect(pairPartners({ ...input, parties, preferred })).toEqual(pairPartners(input))
      }),
      runs,
    )
  })

  test('that prefer each other come first: neither trades with others while the other one does', () => {
    const withOne = inputs.filter(({ preferred, parties }) =>
      preferred.some(({ seller, buyer }) => isSelling(parties, seller) && isBuying(parties, buyer)),
    )
    fc.assert(
      fc.property(withOne, ({ preferred, ...input }) => {
        const { seller, buyer } = preferred.find(
          (pair) => isSelling(input.parties, pair.seller) && isBuying(input.parties, pair.buyer),
        )!
        const pairs = pairPartners({ ...input, preferred: [{ seller, buyer }] })
        const { soldWh } = input.parties.find(({ seat }) => seat === seller)!
        const { boughtWh } = input.parties.find(({ seat }) => seat === buyer)!
        const own = pairs.find((pair) => pair.seller === seller && pair.buyer === buyer)
        expect(own?.energyWh).toBe(Math.min(soldWh, boughtWh))
      }),
      runs,
    )
  })

  test('come from further away only for what nobody nearer sold or needed', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const pairs = pairPartners({ ...input, preferred: [] })
        for (const zone of input.parent.keys()) {
          const isWithin = (seat: number) =>
            within(input.parent, input.parties.find((own) => own.seat === seat)!.zone, zone)
          const out = pairs.filter(({ seller, buyer }) => isWithin(seller) && !isWithin(buyer))
          const into = pairs.filter(({ seller, buyer }) => !isWithin(seller) && isWithin(buyer))
          expect(Math.min(out.length, into.length)).toBe(0)
        }
      }),
      runs,
    )
  })
})

test('over many intervals everybody in a zone is paired with everybody pro rata', () => {
  const parties = [
    ...[30, 10, 20].map((soldWh, at) => ({ seat: at + 1, zone: 0, soldWh, boughtWh: 0 })),
    ...[15, 45].map((boughtWh, at) => ({ seat: at + 4, zone: 0, soldWh: 0, boughtWh })),
  ]
  const sums = new Map<string, number>()
  for (let turn = 0; turn < 1_000; turn++) {
    for (const { seller, buyer, energyWh } of pairPartners({ parent: [-1], parties, preferred: [], turn })) {
      sums.set(`${seller} ${buyer}`, (sums.get(`${seller} ${buyer}`) ?? 0) + energyWh / 1_000)
    }
  }
  for (const { seat, soldWh } of parties.filter((party) => party.soldWh > 0)) {
    expect(sums.get(`${seat} 4`)).toBeCloseTo((soldWh * 15) / 60, 0)
    expect(sums.get(`${seat} 5`)).toBeCloseTo((soldWh * 45) / 60, 0)
  }
})

const isSelling = (parties: readonly Party[], seat: number) =>
  parties.some((own) => own.seat === seat && own.soldWh > 0)
const isBuying = (parties: readonly Party[], seat: number) =>
  parties.some((own) => own.seat === seat && own.boughtWh > 0)

function within(parent: readonly number[], zone: number, other: number): boolean {
  return zone === other || (zone >= 0 && within(parent, parent[zone]!, other))
}

/** The twin: every Wh is a thing by itself, with the seat that sold or bought it written on it. */
function whByWh({ parent, parties, preferred, turn }: PartnersInput): Partnership[] {
  const depth = (zone: number): number => (parent[zone]! < 0 ? 0 : 1 + depth(parent[zone]!))
  const zoneOf = (seat: number) => parties.find((own) => own.seat === seat)!.zone
  const ascending = (list: number[]) => list.sort((a, b) => a - b)
  const units = (side: 'soldWh' | 'boughtWh') => parties.flatMap((own) => Array<number>(own[side]).fill(own.seat))
  let [sold, bought] = [ascending(units('soldWh')), ascending(units('boughtWh'))]
  const sums = new Map<string, number>()
  const pair = (seller: number, buyer: number) => {
    sums.set(`${seller} ${buyer}`, (sums.get(`${seller} ${buyer}`) ?? 0) + 1)
    sold = sold.toSpliced(sold.indexOf(seller), 1)
    bought = bought.toSpliced(bought.indexOf(buyer), 1)
  }
  const deepestFirst = [...parent.keys()].sort((a, b) => depth(b) - depth(a))
  for (const level of new Set(deepestFirst.map(depth))) {
    for (const seller of new Set(sold)) {
      for (const zone of parent.keys()) {
        const buyers = preferred
          .filter((wish) => wish.seller === seller && bought.includes(wish.buyer))
          .map(({ buyer }) => buyer)
          .filter((buyer) => depth(zone) === level && commonZone(parent, zoneOf(seller), zoneOf(buyer)) === zone)
        const lacking = bought.filter((seat) => buyers.includes(seat))
        for (const buyer of chosen(lacking, sold.filter((seat) => seat === seller).length)) pair(seller, buyer)
      }
    }
  }
  for (const zone of deepestFirst) {
    const here = (seat: number) => within(parent, zoneOf(seat), zone)
    const [sellers, buyers] = [sold.filter(here), bought.filter(here)]
    const [from, to] = [chosen(sellers, buyers.length), chosen(buyers, sellers.length)]
    const shift = Math.floor(from.length * ((Math.imul(turn, 0x9e37_79b9) >>> 0) / 2 ** 32))
    for (const [at, seller] of from.entries()) pair(seller, to[(at + shift) % to.length]!)
  }
  return [...sums]
    .map(([names, energyWh]) => {
      const [seller, buyer] = names.split(' ').map(Number)
      return { seller: seller!, buyer: buyer!, zone: commonZone(parent, zoneOf(seller!), zoneOf(buyer!)), energyWh }
    })
    .sort((a, b) => a.seller - b.seller || a.buyer - b.buyer)
}

/** As many of the units as are wanted, of each seat pro rata: what is floored away goes to the largest remainders, the lower seats first. */
function chosen(units: readonly number[], wanted: number): number[] {
  if (wanted >= units.length) return [...units]
  const shares = [...new Set(units)].map((seat) => {
    const product = wanted * units.filter((own) => own === seat).length
    return { seat, wh: Math.floor(product / units.length), rest: product % units.length }
  })
  const left = wanted - shares.reduce((sum, { wh }) => sum + wh, 0)
  for (const share of shares.toSorted((a, b) => b.rest - a.rest || a.seat - b.seat).slice(0, left)) share.wh += 1
  return shares.flatMap(({ seat, wh }) => Array<number>(wh).fill(seat))
}
