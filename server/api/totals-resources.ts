/** The JSON of a seat's sums by hour, day or month, and of its monthly statement. */
import { z } from 'zod'
import { sides, stageNames } from '../market/area/codes.ts'
import { hex32Form, uint32 } from '../settlement/signed-forms.ts'
import { calendarParts } from './calendar.ts'
import { seatId, summarySchema } from './resources.ts'

const time = z.iso.datetime()
const whs = z.array(z.int().min(0))
const counts = z.array(z.int().min(0))
const money = (of: string) => z.string().meta({ description: `Tokens, decimal: ${of}` })
const moneys = z.array(z.string()).meta({ description: 'Tokens, decimal' })

/** Columns of equal length, one place for each period: a year of quarter-hours is one answer. */
export const totalsSchema = z
  .object({
    seat: seatId,
    from: time,
    to: time,
    by: z.enum(calendarParts),
    timeZone: z.string(),
    /** Where each period begins; it ends where the next one does, the last one at `to`. */
    starts: z.array(time),
    intervals: counts.meta({ description: 'Intervals of the seat that have a result' }),
    provisional: counts.meta({ description: 'Those of them that may still change' }),
    importWh: whs,
    exportWh: whs,
    ownUseWh: whs.meta({ description: 'Imported and exported within one interval, and told by no one' }),
    boughtWh: whs,
    soldWh: whs,
    productionWh: z.array(z.int().min(0).nullable()).meta({ description: 'Null where no interval’s is known' }),
    usedAtOnceWh: z.array(z.int().min(0).nullable()).meta({
      description: 'Produced beyond what was exported, over the intervals whose production is known',
    }),
    producing: counts.meta({ description: 'Intervals whose production is known' }),
    paid: moneys,
    received: moneys,
    soldAtFeedIn: moneys,
    boughtAtRetail: moneys,
  })
  .meta({ id: 'Totals' })
export type TotalsResource = z.infer<typeof totalsSchema>

/** What one stage gave to one side in a month. */
const monthLineSchema = z
  .object({
    side: z.enum(sides),
    stage: z.enum(stageNames),
    intervals: z.int(),
    energyWh: z.int().min(0),
    amount: money('paid (buy) or received (sell)'),
    settledWh: z.int().min(0).meta({ description: 'Of the energy, what lies in batches that the chain has settled' }),
    settledAmount: money('of the amount, what lies in batches that the chain has settled'),
  })
  .meta({ id: 'MonthLine' })
export type MonthLine = z.infer<typeof monthLineSchema>

export const monthSchema = z
  .object({
    month: z.string(),
    timeZone: z.string(),
    summary: summarySchema,
    /** Intervals that have a result, and those of them that may still change. */
    intervals: z.int(),
    provisional: z.int(),
    lines: z.array(monthLineSchema),
    /** That net something for the seat and hold intervals of the month, the oldest first. */
    batches: z.array(
      z.object({
        start: time,
        end: time,
        status: z.enum(['cut', 'submitted', 'settled']),
        transaction: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'Month' })
export type MonthResource = z.infer<typeof monthSchema>

/** What a seat would have traded at other prices, every other order being as it was. */
export const otherPricesSchema = z
  .object({
    seat: seatId,
    side: z.enum(sides),
    /** From the oldest to the newest interval that was cleared again; null where there is none. */
    from: time.nullable(),
    to: time.nullable(),
    intervals: z.int().meta({ description: 'Intervals that were cleared again' }),
    leftOut: z.int().meta({ description: 'Intervals in which more than prices decided, which are in no sum' }),
    offeredWh: z.int(),
    at: z.array(
      z.object({
        limitPerKwh: z.string().meta({ description: 'Tokens per kWh, decimal' }),
        tradedWh: z.int(),
        amount: money('received from neighbours (sell) or paid to them (buy)'),
        withSupplier: money('for the rest, at the feed-in (sell) or retail (buy) tariff of its time'),
      }),
    ),
  })
  .meta({ id: 'OtherPrices' })
export type OtherPricesResource = z.infer<typeof otherPricesSchema>

/** Which limits would have traded more in one interval, every other order being as it was. */
export const betterLimitsSchema = z
  .object({
    seat: seatId,
    side: z.enum(sides),
    start: time,
    /** Null where more than prices decided, or nothing was offered. */
    found: z
      .object({
        limitPerKwh: z.string().meta({ description: 'As it was: tokens per kWh, decimal' }),
        offeredWh: z.int(),
        tradedWh: z.int(),
        better: z
          .array(
            z.object({ limitPerKwh: z.string().meta({ description: 'Tokens per kWh, decimal' }), tradedWh: z.int() }),
          )
          .meta({ description: 'The first that trades more and the first that trades all; empty where no price does' }),
      })
      .nullable(),
  })
  .meta({ id: 'BetterLimits' })
export type BetterLimitsResource = z.infer<typeof betterLimitsSchema>

/** What the chain says of a batch, asked now. */
export const settledRootSchema = z
  .object({
    area: uint32,
    end: time,
    statementRoot: hex32Form,
    transaction: z.string(),
    block: z.int(),
    chainId: z.int(),
    escrow: z.string(),
    /** The server’s node that was asked, without what may be secret in its address. */
    node: z.string(),
  })
  .meta({ id: 'SettledRoot' })
export type SettledRootResource = z.infer<typeof settledRootSchema>
