/** Daily budgets as the API shows them. */
import { z } from 'zod'
import { hex32Form } from '../settlement/signed-forms.ts'
import { money, seatId } from './resources.ts'

const time = z.iso.datetime()

/** A daily budget that was signed. */
export const dailyBudgetSchema = z
  .object({
    /** The budget's EIP-712 digest. */
    budget: hex32Form,
    seat: seatId,
    /** The most that a local day may cost; null where it lifts the budget before. */
    amount: money.nullable(),
    acceptedAt: time,
    /** The first interval for which it counts. */
    effectiveFrom: time,
  })
  .meta({ id: 'DailyBudget' })
export type DailyBudgetResource = z.infer<typeof dailyBudgetSchema>

/** A local day of a seat: what may be spent, and what is, in the intervals that have a result. */
export const budgetDaySchema = z
  .object({
    seat: seatId,
    dayStart: time,
    dayEnd: time,
    /** What the budget allows that counts at the moment that was asked about; null where none does. */
    budget: money.nullable(),
    /** What energy of the day has cost, fees included, as its intervals stand. */
    paid: money,
    /** The one that was signed last, whenever it counts; null where there was none. */
    newest: dailyBudgetSchema.nullable(),
  })
  .meta({ id: 'BudgetDay' })
export type BudgetDayResource = z.infer<typeof budgetDaySchema>
