/** A seat's sums by quarter-hour, hour, day or month, its statement of a month, and what the chain says of a batch. */
import { z } from 'zod'
import {
  type LedgerUnits,
  parsePrice,
  type Ticks,
  type UtcSeconds,
  type Wh,
} from '../../../contracts/protocol/units.ts'
import type { AreaSettings } from '../../areas/settings.ts'
import { sides, stageNames } from '../../market/area/codes.ts'
import type { OtherPrices } from '../../statements/other-prices.ts'
import { requireKept } from '../../store/archives.ts'
import { batchEndingAt } from '../../store/queries.ts'
import {
  type BatchOfSeat,
  batchesOfSeat,
  seatOutcomes,
  seatTotals,
  type TotalsRow,
} from '../../store/queries-totals.ts'
import type { SeatKey } from '../../store/rows.ts'
import { seatSummary } from '../../store/seat-sums.ts'
import type { SettingsHistory } from '../area-tables.ts'
import { calendarParts, monthBounds, startsOf, zoneInput } from '../calendar.ts'
import { areaInput, timeInput } from '../paging.ts'
import { type ApiParts, areaOf } from '../parts.ts'
import type { OrderParts } from '../place-order.ts'
import { decimalPrice, isoTime, moneyIn, presentSummary, seatIdIn } from '../present.ts'
import { ApiError } from '../problem.ts'
import { addressSchema, seatId } from '../resources.ts'
import { type Route, route } from '../route.ts'
import {
  type BetterLimitsResource,
  betterLimitsSchema,
  type MonthLine,
  type MonthResource,
  monthSchema,
  type OtherPricesResource,
  otherPricesSchema,
  settledRootSchema,
  type TotalsResource,
  totalsSchema,
} from '../totals-resources.ts'
import { keyOf, visibilityOf } from '../visibility.ts'

/** A year of quarter-hours with its longest day, and no more. */
const longestSeconds = 367 * 86_400

const accountParams = z.object({ account: addressSchema })
const limitsInput = z
  .string()
  .max(200)
  .transform((text) => text.split(','))
  .refine((limits) => limits.length <= 12, 'name at most twelve prices')
const monthInput = z.string().regex(/^(20|21)\d\d-(0[1-9]|1[0-2])$/, 'a month such as 2026-11')

export function totalsRoutes(parts: OrderParts & Pick<ApiParts, 'statements'>): Route[] {
  const { database, areas, tables, servicesOf, statements } = parts
  /** The same question of a seat is worked on once, however often it is asked meanwhile. */
  const working = new Map<string, Promise<OtherPrices>>()
  function otherPricesOf(query: Parameters<typeof statements.otherPrices>[0]): Promise<OtherPrices> {
    const key = JSON.stringify(query)
    let answer = working.get(key)
    if (answer === undefined) {
      answer = statements.otherPrices(query).finally(() => working.delete(key))
      working.set(key, answer)
    }
    return answer
  }
  const { readable } = visibilityOf(parts)
  return [
    route({
      id: 'getTotals',
      method: 'get',
      path: '/accounts/:account/totals',
      tag: 'Accounts',
      summary:
        'Sums over the intervals of a seat that start in [from, to), by the quarter-hours, hours, days or months of a time zone',
      private: true,
      params: accountParams,
      query: z.object({ seat: seatId, from: timeInput, to: timeInput, by: z.enum(calendarParts), timeZone: zoneInput }),
      answers: { 200: totalsSchema },
      async handle({ params: { account }, query: { seat, from, to, by, timeZone }, session }) {
        requireRange(from, to)
        const read = await readable(await session(), account, { what: 'intervals', seat, from, to })
        const [row] = read.seats
        const range = { from: read.from!, to: read.to! }
        const { settings } = tables.areaWith(row!.area_id)
        await requireKept(database, row!.area_id, range.from)
        const starts = startsOf(by, timeZone, range)
        const history = await tables.history(tables.areaWith(row!.area_id))
        const sums = await sumsOf(keyOf(row!), [...starts, range.to], history)
        const name = { seat: seatIdIn(settings, row!.seat), ...isoRange(range), by, timeZone: timeZone.id }
        return { status: 200, body: presentTotals(settings, name, starts, sums) }
      },
    }),
    route({
      id: 'getMonth',
      method: 'get',
      path: '/accounts/:account/months/:month',
      isSlow: true,
      tag: 'Accounts',
      summary: 'A seat’s statement of a month: what each stage gave to each side, and the batches that settled it',
      private: true,
      params: accountParams.extend({ month: monthInput }),
      query: z.object({ seat: seatId, timeZone: zoneInput }),
      answers: { 200: monthSchema },
      async handle({ params: { account, month }, query: { seat, timeZone }, session }) {
        const range = monthBounds(timeZone, month)
        const read = await readable(await session(), account, { what: 'intervals', seat, ...range })
        if (read.from !== range.from || read.to !== range.to) {
          throw new ApiError('GRANT_COARSER', `the grant does not hold all of ${month}`)
        }
        const [row] = read.seats
        const { settings } = tables.areaWith(row!.area_id)
        await requireKept(database, row!.area_id, range.from)
        const history = await tables.history(tables.areaWith(row!.area_id))
        const key = keyOf(row!)
        const batches = await batchesOfSeat(database, { ...key, ...range })
        const [sums, periodsOfRange] = await Promise.all([
          sumsOf(key, [range.from, range.to], history),
          Promise.all(
            history.within(range.from, range.to).map(async ({ settings: own, ...period }) => {
              return { settings: own, row: await seatSummary(database, { ...key, ...period }) }
            }),
          ),
        ])
        const body: MonthResource = {
          ...{ month, timeZone: timeZone.id },
          summary: presentSummary(settings, periodsOfRange, { seat: row!.seat, ...range }),
          intervals: sums.reduce((sum, each) => sum + each.row.intervals, 0),
          provisional: sums.reduce((sum, each) => sum + each.row.provisional, 0),
          lines: await linesOf(settings, key, range, batches),
          batches: batches.map((batch) => ({ ...batch, start: isoTime(batch.start), end: isoTime(batch.end) })),
        }
        return { status: 200, body }
      },
    }),
    route({
      id: 'getOtherPrices',
      method: 'get',
      path: '/accounts/:account/other-prices',
      isSlow: true,
      tag: 'Accounts',
      summary: 'What a seat would have sold or bought over the last weeks at other prices: its auctions cleared again',
      private: true,
      params: accountParams,
      query: z.object({ seat: seatId, side: z.enum(sides), from: timeInput, to: timeInput, limits: limitsInput }),
      answers: { 200: otherPricesSchema },
      async handle({ params: { account }, query: { seat, side, from, to, limits }, session }) {
        requireRange(from, to)
        const own = await session()
        if (own.account !== account) throw new ApiError('ACCOUNT_FOREIGN', 'only the account itself may ask this')
        const [row] = (await readable(own, account, { what: 'intervals', seat, from, to })).seats
        const { settings } = tables.areaWith(row!.area_id)
        await requireKept(database, row!.area_id, from)
        const ticks = limits.map((limit) => ticksOf(limit, settings))
        const found = await otherPricesOf({ area: settings.area, seat: row!.seat, side, from, to, limits: ticks })
        const { span, at, ...counts } = found
        const body: OtherPricesResource = {
          ...{ seat: seatIdIn(settings, row!.seat), side },
          from: span && isoTime(span.first),
          to: span && isoTime(span.last + settings.rules.intervalSeconds),
          ...counts,
          at: at.map(({ limitTicks, tradedWh, amount, withSupplier }) => ({
            limitPerKwh: decimalPrice(settings, limitTicks),
            tradedWh,
            amount: moneyIn(settings, amount),
            withSupplier: moneyIn(settings, withSupplier),
          })),
        }
        return { status: 200, body }
      },
    }),
    route({
      id: 'getBetterLimits',
      method: 'get',
      path: '/accounts/:account/better-limits',
      isSlow: true,
      tag: 'Accounts',
      summary: 'Which price would have sold or bought more in one interval: its auction cleared again',
      private: true,
      params: accountParams,
      query: z.object({ seat: seatId, side: z.enum(sides), start: timeInput }),
      answers: { 200: betterLimitsSchema },
      async handle({ params: { account }, query: { seat, side, start }, session }) {
        const own = await session()
        if (own.account !== account) throw new ApiError('ACCOUNT_FOREIGN', 'only the account itself may ask this')
        const wanted = { what: 'intervals', seat, from: start, to: start + 1 } as const
        const [row] = (await readable(own, account, wanted)).seats
        const { settings } = tables.areaWith(row!.area_id)
        await requireKept(database, row!.area_id, start)
        const found = await statements.betterLimits({ area: settings.area, seat: row!.seat, side, start })
        const body: BetterLimitsResource = {
          ...{ seat: seatIdIn(settings, row!.seat), side, start: isoTime(start) },
          found: found && {
            ...{ offeredWh: found.offeredWh, tradedWh: found.tradedWh },
            limitPerKwh: decimalPrice(settings, found.limitTicks),
            better: found.better.map(({ limitTicks, tradedWh }) => {
              return { limitPerKwh: decimalPrice(settings, limitTicks), tradedWh }
            }),
          },
        }
        return { status: 200, body }
      },
    }),
    route({
      id: 'getSettledRoot',
      method: 'get',
      path: '/areas/:area/batches/:end/settled-root',
      tag: 'Market areas',
      summary: 'The root of a settled batch’s statement as the chain has it, asked now of the server’s node',
      params: z.object({ area: areaInput, end: timeInput }),
      asksNode: true,
      answers: { 200: settledRootSchema },
      async handle({ params: { area: number, end } }) {
        const area = areaOf(areas, number)
        const batch = await batchEndingAt(database, await tables.idOf(area), end)
        if (batch?.block == null)
          throw new ApiError('BATCH_UNKNOWN', `the chain has settled no batch that ends at ${isoTime(end)}`)
        const said = await servicesOf(number).settledRoot(number, end, batch.block)
        return { status: 200, body: { area: number, end: isoTime(end), ...said } }
      },
    }),
  ]

  /** Sums between bounds, split where the tariffs change. */
  async function sumsOf(key: SeatKey, bounds: readonly UtcSeconds[], history: SettingsHistory) {
    const changes = history.within(bounds[0]!, bounds.at(-1)!)
    const parts = [...new Set([...bounds, ...changes.map(({ from }) => from)])].sort((a, b) => a - b)
    const { intervalSeconds } = history.at(bounds[0]!).rules
    const rows = await seatTotals(database, { ...key, bounds: parts, intervalSeconds })
    return rows.map((row) => ({ start: parts[row.place]!, settings: history.at(parts[row.place]!), row }))
  }

  async function linesOf(
    settings: AreaSettings,
    key: SeatKey,
    range: { from: UtcSeconds; to: UtcSeconds },
    batches: readonly BatchOfSeat[],
  ): Promise<MonthLine[]> {
    const settled = batches.filter(({ status }) => status === 'settled')
    const sums = new Map(
      stageNames.flatMap((stage) => sides.map((side): [string, LineSums] => [`${side} ${stage}`, noSums(side, stage)])),
    )
    let batch = 0
    for await (const page of seatOutcomes(database, { ...key, ...range })) {
      for (const { start, outcomes } of page) {
        while (settled[batch] !== undefined && settled[batch]!.end <= start) batch += 1
        const isSettled = settled[batch] !== undefined && settled[batch]!.start <= start
        for (const { stage, side, filledWh, amount } of outcomes) {
          const sum = sums.get(`${side} ${stage}`)!
          sum.starts.add(start)
          sum.energyWh += filledWh
          sum.amount += amount
          sum.settledWh += isSettled ? filledWh : 0
          sum.settledAmount += isSettled ? amount : 0n
        }
      }
    }
    return [...sums.values()]
      .filter(({ starts }) => starts.size > 0)
      .map(({ starts, amount, settledAmount, ...line }) => ({
        ...line,
        intervals: starts.size,
        amount: moneyIn(settings, amount),
        settledAmount: moneyIn(settings, settledAmount),
      }))
  }
}

interface LineSums {
  side: (typeof sides)[number]
  stage: (typeof stageNames)[number]
  starts: Set<UtcSeconds>
  energyWh: Wh
  amount: LedgerUnits
  settledWh: Wh
  settledAmount: LedgerUnits
}

function noSums(side: LineSums['side'], stage: LineSums['stage']): LineSums {
  return { side, stage, starts: new Set(), energyWh: 0, amount: 0n, settledWh: 0, settledAmount: 0n }
}

/** Throws `REQUEST_INVALID` for what is no price of the area. */
function ticksOf(limit: string, { priceDecimals }: AreaSettings): Ticks {
  try {
    return parsePrice(limit, priceDecimals)
  } catch (cause) {
    throw new ApiError('REQUEST_INVALID', `limits: ${(cause as Error).message}`, { cause })
  }
}

function requireRange(from: UtcSeconds, to: UtcSeconds): void {
  if (from >= to) throw new ApiError('RANGE_EMPTY', 'the range ends before it begins')
  if (to - from > longestSeconds) throw new ApiError('RANGE_TOO_LONG', 'ask for a year at most')
}

function isoRange({ from, to }: { from: UtcSeconds; to: UtcSeconds }) {
  return { from: isoTime(from), to: isoTime(to) }
}

/** A period in which the tariffs changed has several sums. */
function presentTotals(
  settings: AreaSettings,
  name: Pick<TotalsResource, 'seat' | 'from' | 'to' | 'by' | 'timeZone'>,
  starts: readonly UtcSeconds[],
  sums: readonly { start: UtcSeconds; settings: AreaSettings; row: TotalsRow }[],
): TotalsResource {
  const zeros = () => starts.map(() => 0)
  const units = () => starts.map(() => 0n)
  const whole = {
    ...{ intervals: zeros(), provisional: zeros(), importWh: zeros(), exportWh: zeros(), ownUseWh: zeros() },
    ...{ boughtWh: zeros(), soldWh: zeros(), productionWh: zeros(), usedAtOnceWh: zeros(), producing: zeros() },
  }
  const money = { paid: units(), received: units(), soldAtFeedIn: units(), boughtAtRetail: units() }
  let place = 0
  for (const { start, settings: own, row } of sums) {
    while (place + 1 < starts.length && starts[place + 1]! <= start) place += 1
    const add = (name: keyof typeof whole, value: number) => {
      whole[name][place]! += value
    }
    const addMoney = (name: keyof typeof money, value: LedgerUnits) => {
      money[name][place]! += value
    }
    add('intervals', row.intervals)
    add('provisional', row.provisional)
    add('importWh', row.import_wh)
    add('exportWh', row.export_wh)
    add('ownUseWh', own.ownUse === 'net' ? row.own_use_wh : 0)
    add('boughtWh', row.bought_wh)
    add('soldWh', row.sold_wh)
    add('productionWh', row.produced_wh)
    add('usedAtOnceWh', row.used_at_once_wh)
    add('producing', row.producing)
    addMoney('paid', BigInt(row.paid))
    addMoney('received', BigInt(row.received))
    addMoney('soldAtFeedIn', BigInt(own.feedInTicks) * BigInt(row.sold_wh))
    addMoney('boughtAtRetail', BigInt(own.retailTicks) * BigInt(row.bought_wh))
  }
  const known = (values: readonly number[]) =>
    values.map((value, index) => (whole.producing[index]! > 0 ? value : null))
  const tokens = (values: readonly LedgerUnits[]) => values.map((value) => moneyIn(settings, value))
  return {
    ...name,
    starts: starts.map(isoTime),
    ...whole,
    productionWh: known(whole.productionWh),
    usedAtOnceWh: known(whole.usedAtOnceWh),
    paid: tokens(money.paid),
    received: tokens(money.received),
    soldAtFeedIn: tokens(money.soldAtFeedIn),
    boughtAtRetail: tokens(money.boughtAtRetail),
  }
}
