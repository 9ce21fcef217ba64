/** Daily budgets: the most that a home's energy from neighbours may cost in a local day, and what it has cost so far. */
import { z } from 'zod'
import type { AreaSettings } from '../../areas/settings.ts'
import { dayEnd, dayStart } from '../../market/area/clock.ts'
import { type BudgetRow, budgetsOfSeats, seatBudgets, spentBetween } from '../../store/budget-store.ts'
import { budgetDaySchema, type DailyBudgetResource, dailyBudgetSchema } from '../budget-resources.ts'
import { pageOfRows, pageQuery, placeForm, readCursor, timeInput } from '../paging.ts'
import type { OrderParts } from '../place-order.ts'
import { isoTime, moneyIn, seatIdIn } from '../present.ts'
import { addressSchema, pageOf, seatId } from '../resources.ts'
import { type Route, route } from '../route.ts'
import { setDailyBudget } from '../set-budget.ts'
import { signedBudgetSchema } from '../signed-requests.ts'
import { keyOf, visibilityOf } from '../visibility.ts'

const tag = 'Daily budgets'

export function budgetRoutes(parts: OrderParts): Route[] {
  const { database, tables } = parts
  const { readable } = visibilityOf(parts)
  const settingsOf = (row: { area_id: number }) => tables.areaWith(row.area_id).settings
  const { number, ms, arrival } = placeForm
  const place = z.object({ acceptedAtMs: ms, arrival, area: number })
  const params = z.object({ account: addressSchema })

  return [
    route({
      id: 'setDailyBudget',
      method: 'post',
      path: '/budgets',
      tag,
      summary:
        'Sets the most that the energy a meter’s home gets from neighbours may cost in a local day, fees included; it counts from the next interval on, until another one is set. An amount of 0 lifts it. Only the account itself can sign it',
      keyed: true,
      isGated: true,
      body: signedBudgetSchema,
      answers: { 201: dailyBudgetSchema, 200: dailyBudgetSchema },
      async handle({ body, network, member }) {
        const { area, row, isKnown } = await setDailyBudget(parts, body, { network, account: member })
        return { status: isKnown ? 200 : 201, body: presentBudget(area.settings, row) }
      },
    }),
    route({
      id: 'listDailyBudgets',
      method: 'get',
      path: '/accounts/:account/budgets',
      tag,
      summary: 'The daily budgets that the account signed, newest first',
      private: true,
      params,
      query: z.object({ seat: seatId.optional(), ...pageQuery }),
      answers: { 200: pageOf(dailyBudgetSchema) },
      async handle({ params: { account }, query: { seat, limit, cursor }, session }) {
        const seats = (await readable(await session(), account, { what: 'budgets', seat })).seats.map(keyOf)
        const before = readCursor('budgets', place, cursor)
        const rows = await budgetsOfSeats(database, { seats, before, limit: limit + 1 })
        const item = (row: BudgetRow) => presentBudget(settingsOf(row), row)
        const placeOf = ({ accepted_at, arrival: own, area_id: area }: BudgetRow) => ({
          ...{ acceptedAtMs: accepted_at.getTime(), arrival: own, area },
        })
        return { status: 200, body: pageOfRows('budgets', rows, { limit, item, place: placeOf }) }
      },
    }),
    route({
      id: 'getBudgetDay',
      method: 'get',
      path: '/accounts/:account/budget-day',
      tag,
      summary:
        'The local day of the area that holds a moment, by default now: the daily budget of a seat, and what of it is spent',
      private: true,
      params,
      query: z.object({ seat: seatId, at: timeInput.optional() }),
      answers: { 200: budgetDaySchema },
      async handle({ params: { account }, query: { seat, at = Math.floor(Date.now() / 1000) }, session }) {
        const [row] = (await readable(await session(), account, { what: 'budgets', seat })).seats
        const { clock, ...settings } = settingsOf(row!)
        const [from, to] = [dayStart(clock, at), dayEnd(clock, at)]
        const { counting, newest } = await seatBudgets(database, keyOf(row!), at)
        const isSet = counting !== null && counting.amount > 0
        return {
          status: 200,
          body: {
            ...{ seat, dayStart: isoTime(from), dayEnd: isoTime(to) },
            budget: isSet ? moneyIn(settings, BigInt(counting.amount)) : null,
            paid: moneyIn(settings, await spentBetween(database, keyOf(row!), { from, to })),
            newest: newest === null ? null : presentBudget(settings, newest),
          },
        }
      },
    }),
  ]
}

function presentBudget(
  settings: Pick<AreaSettings, 'area' | 'priceDecimals'>,
  { id, seat, amount, activeFrom, accepted_at }: BudgetRow,
): DailyBudgetResource {
  return {
    ...{ budget: id, seat: seatIdIn(settings, seat) },
    amount: amount === 0 ? null : moneyIn(settings, BigInt(amount)),
    ...{ acceptedAt: accepted_at.toISOString(), effectiveFrom: isoTime(activeFrom) },
  }
}
