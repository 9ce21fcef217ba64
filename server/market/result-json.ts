/** Reads an auction's result back from its JSON form, so that it can be checked. */
import {
  formatMoney,
  formatPrice,
  parseMoney,
  parsePrice,
  type Ticks,
  UnitError,
} from '../../contracts/protocol/units.ts'
import type { AuctionResult } from './auction.ts'
import { MarketError } from './errors.ts'

/**
 * Reads the form that `resultToJson` writes, with prices of `decimals` decimals.
 * Throws `MarketError` `RESULT_SHAPE` naming the field.
 */
export function readResult(json: unknown, decimals: number): AuctionResult {
  const result = new Fields(json, 'the result', decimals)
  return {
    matchedWh: result.energy('matchedWh'),
    welfare: result.money('welfare'),
    zones: result.list('zones').map((zone) => ({
      zone: zone.text('id'),
      priceTicks: zone.priceOrNull('pricePerKwh'),
      lowestTicks: zone.priceOrNull('lowestPerKwh'),
      highestTicks: zone.priceOrNull('highestPerKwh'),
      soldWh: zone.energy('soldWh'),
      boughtWh: zone.energy('boughtWh'),
    })),
    flows: result.list('flows').map((flow) => ({
      zone: flow.text('zone'),
      exportWh: flow.energy('exportWh'),
      congestionTicks: flow.priceDifference('congestionPerKwh'),
    })),
    fills: result.list('fills').map((fill) => ({
      order: fill.text('order'),
      energyWh: fill.energy('energyWh'),
      priceTicks: fill.price('pricePerKwh'),
    })),
    gridFees: result.money('gridFees'),
    congestionRent: result.money('congestionRent'),
  }
}

/** The fields of one JSON object, each read in the one form it may have. */
class Fields {
  private readonly fields: Record<string, unknown>
  private readonly place: string
  private readonly decimals: number

  constructor(json: unknown, place: string, decimals: number) {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw new MarketError('RESULT_SHAPE', `${place} is not an object`)
    }
    this.fields = json as Record<string, unknown>
    this.place = place
    this.decimals = decimals
  }

  list(name: string): Fields[] {
    const value = this.fields[name]
    if (!Array.isArray(value)) return this.refuse(name, 'an array')
    return value.map((each, i) => new Fields(each, `${this.place}: ${name}[${i}]`, this.decimals))
  }

  text(name: string): string {
    const value = this.fields[name]
    return typeof value === 'string' ? value : this.refuse(name, 'a string')
  }

  energy(name: string): number {
    const value = this.fields[name]
    return typeof value === 'number' ? value : this.refuse(name, 'a number of Wh')
  }

  priceOrNull(name: string): Ticks | null {
    return this.fields[name] === null ? null : this.price(name)
  }

  price(name: string): Ticks {
    return this.exact(name, { parse: parsePrice, print: formatPrice, form: `a price with ${this.decimals} decimals` })
  }

  /** Two prices may lie further apart than one may lie from zero. */
  priceDifference(name: string): Ticks {
    const parse = (text: string, decimals: number) => Number(parseMoney(text, decimals - ledgerUnitDecimals))
    return this.exact(name, { parse, print: formatPrice, form: `a price with ${this.decimals} decimals` })
  }

  money(name: string): bigint {
    return this.exact(name, { parse: parseMoney, print: formatMoney, form: 'an exact decimal without trailing zeros' })
  }

  /** Parses a decimal that stands in exactly the form it would be printed in. */
  private exact<T>(name: string, edge: DecimalEdge<T>): T {
    const text = this.text(name)
    try {
      const value = edge.parse(text, this.decimals)
      return edge.print(value, this.decimals) === text ? value : this.refuse(name, edge.form)
    } catch (error) {
      if (error instanceof UnitError) return this.refuse(name, edge.form)
      throw error
    }
  }

  private refuse(name: string, form: string): never {
    throw new MarketError('RESULT_SHAPE', `${this.place}: "${name}" is not ${form}`)
  }
}

interface DecimalEdge<T> {
  parse: (text: string, decimals: number) => T
  print: (value: T, decimals: number) => string
  form: string
}

/** Money has three more decimals than a price, since energy is in Wh and prices are per kWh. */
const ledgerUnitDecimals = 3
