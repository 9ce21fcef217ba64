/** The mandate of a home that joins: the limits that its owner chose, in the form that the account signs and in plain words. */
import type { Mandate } from '../../contracts/protocol/typed-data.ts'
import { formatPrice, type Ticks } from '../../contracts/protocol/units.ts'
import type { AreaResource, SeatResource } from '../../server/api/resources.ts'
import { energy, priceWords } from '../money/format.ts'
import { duration, localDate, localMoment } from '../time/clock.ts'
import { joiningWords } from './words.tsx'

/** The limits that an owner chooses. */
export interface Limits {
  /** The lowest price at which the home sells; null where it sells nothing. */
  sellFloorTicks: Ticks | null
  /** The highest price at which the home buys; null where it buys nothing. */
  buyCeilingTicks: Ticks | null
  /** The most power that the home's connection carries in either direction, in watts. */
  connectionW: number
}

const daySeconds = 86_400
/** How long a mandate runs, in days. */
const mandateDays = 365
const signatureLifeSeconds = 3_600
const mostWh = 2 ** 24 - 1

/** The most energy that a connection of this power carries in one interval, in Wh. */
function intervalWh({ intervalSeconds }: Pick<AreaResource, 'intervalSeconds'>, powerW: number): number {
  return Math.min(mostWh, Math.ceil((powerW * intervalSeconds) / 3_600))
}

/** The version of a meter's next mandate. It is above all versions that the account has signed for this meter in the area. */
export function nextVersion(seats: readonly Pick<SeatResource, 'mandate' | 'next'>[]): number {
  return 1 + Math.max(0, ...seats.flatMap(({ mandate, next }) => [mandate.version, next?.version ?? 0]))
}

/**
 * A mandate for a meter, from a boundary on, for a year of whole days. A side on which the owner does not trade has a maximum
 * of 0.
 */
export function mandateOf(
  area: AreaResource,
  home: { account: string; meter: string; startsAt: number; version: number },
  { sellFloorTicks, buyCeilingTicks, connectionW }: Limits,
  nowMs: number,
): Mandate {
  const mostEachWay = intervalWh(area, connectionW)
  return {
    ...{ account: home.account, meter: home.meter, rules: area.rules.hash },
    sellFloor: sellFloorTicks ?? 0,
    buyCeiling: buyCeilingTicks ?? 0,
    maxSellWh: sellFloorTicks === null ? 0 : mostEachWay,
    maxBuyWh: buyCeilingTicks === null ? 0 : mostEachWay,
    validFrom: home.startsAt,
    validUntil: (Math.floor(home.startsAt / daySeconds) + mandateDays) * daySeconds,
    version: home.version,
    deadline: Math.floor(nowMs / 1000) + signatureLifeSeconds,
  }
}

/** The content of the signature in plain words, one sentence for each part. */
export function mandateSentences(area: AreaResource, mandate: Mandate): string[] {
  const price = (ticks: Ticks) => priceWords(formatPrice(ticks, area.priceDecimals))
  const length = duration(area.intervalSeconds)
  const iso = (seconds: number) => new Date(seconds * 1000).toISOString()
  const said = joiningWords().sentences
  return [
    mandate.maxSellWh > 0 ? said.sell(price(mandate.sellFloor), energy(mandate.maxSellWh), length) : said.sellNothing,
    mandate.maxBuyWh > 0 ? said.buy(price(mandate.buyCeiling), energy(mandate.maxBuyWh), length) : said.buyNothing,
    said.span(localMoment(iso(mandate.validFrom)), localDate(iso(mandate.validUntil))),
    ...[said.supplier, said.pause, said.tax],
  ]
}
