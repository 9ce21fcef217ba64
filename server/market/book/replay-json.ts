/** The order book's JSON lines: commands in, events and final states out. Prices have four decimals. */
import { defaultPriceDecimals, formatPrice, parsePrice, UnitError } from '../../../contracts/protocol/units.ts'
import { MarketError } from '../errors.ts'
import type { BookCommand, BookEvent, BookState, Level } from './forward-market.ts'

/**
 * Reads one line. Wrong sides, prices, energies and times in force pass, to be rejected by the market.
 * Throws `MarketError` `REPLAY_LINE` naming the line number for what is not a command.
 */
export function readBookCommand(line: string, lineNumber: number): BookCommand {
  const refuse = (reason: string): never => {
    throw new MarketError('REPLAY_LINE', `line ${lineNumber} is not a command: ${reason}`, {
      subject: String(lineNumber),
    })
  }
  const fields = parseObject(line) ?? refuse('it is not a JSON object')
  const text = (name: string): string => {
    const value = fields[name]
    return typeof value === 'string' ? value : refuse(`"${name}" is not a string`)
  }
  const optionalText = (name: string) => (fields[name] === undefined ? undefined : text(name))
  const { op } = fields
  switch (op) {
    case 'place':
      return {
        op,
        id: text('id'),
        account: text('account'),
        side: fields.side,
        ticks: ticksOf(fields.pricePerKwh),
        energyWh: fields.energyWh,
        timeInForce: fields.timeInForce,
        zone: optionalText('zone'),
        interval: optionalText('interval'),
      }
    case 'cancel':
      return { op, id: text('id') }
    case 'amend':
      if (fields.energyWh === undefined && fields.pricePerKwh === undefined)
        refuse('an amend needs "energyWh" or "pricePerKwh"')
      return {
        op,
        id: text('id'),
        energyWh: fields.energyWh,
        ...(fields.pricePerKwh !== undefined && { ticks: ticksOf(fields.pricePerKwh) }),
      }
    case 'close-gate':
      return { op, zone: optionalText('zone'), interval: optionalText('interval') }
    default:
      return refuse('"op" is none of place, cancel, amend, close-gate')
  }
}

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const json: unknown = JSON.parse(line)
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Record<string, unknown>) : null
  } catch {
    return null
  }
}

/** A price in ticks, or `null` for what is no price on the tick. */
function ticksOf(price: unknown): number | null {
  if (typeof price !== 'string') return null
  try {
    return parsePrice(price, defaultPriceDecimals)
  } catch (error) {
    if (error instanceof UnitError) return null
    throw error
  }
}

/** One event as a line of JSON, without the line break. */
export function eventLine(event: BookEvent): string {
  if (event.event !== 'trade' && event.event !== 'amended') return JSON.stringify(event)
  const pricePerKwh = formatPrice(event.ticks)
  if (event.event === 'amended') {
    return JSON.stringify({ event: event.event, id: event.id, energyWh: event.energyWh, pricePerKwh })
  }
  const { maker, taker, energyWh } = event
  return JSON.stringify({ event: event.event, maker, taker, pricePerKwh, energyWh })
}

/** One book's final state as a line of JSON, without the line break. */
export function stateLine({ zone, interval, bids, asks, hash }: BookState): string {
  const name = { event: 'state', zone, interval }
  return `${JSON.stringify(name).slice(0, -1)},"bids":${levelsText(bids)},"asks":${levelsText(asks)},"hash":"${hash}"}`
}

/** Written by hand since a level's energy may be beyond what a JSON number made by `JSON.stringify` holds exactly. */
function levelsText(levels: Level[]): string {
  const texts = levels.map(
    ({ ticks, energyWh, orders }) =>
      `{"pricePerKwh":"${formatPrice(ticks)}","energyWh":${energyWh},"orders":${orders}}`,
  )
  return `[${texts.join(',')}]`
}
