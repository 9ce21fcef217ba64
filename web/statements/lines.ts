/** The lines of a month's statement: what was traded by each rule, and what stayed with the supplier. */
import type { MonthResource } from '../../server/api/totals-resources.ts'

/** A line of the statement. Only energy traded with neighbours has an amount beside it; the supplier bills the rest. */
export interface StatementLine {
  name:
    | 'sell agreements'
    | 'sell forward'
    | 'sell spot'
    | 'sell imported'
    | 'sell coefficients'
    | 'buy agreements'
    | 'buy forward'
    | 'buy spot'
    | 'buy imported'
    | 'buy coefficients'
    | 'toSupplier'
    | 'fromSupplier'
    | 'ownUse'
  energyWh: number
  /** The amount received for a sale or paid for a purchase; null where the supplier bills. */
  amount: string | null
  /** The part of the amount that has been paid on the chain. */
  settledAmount: string | null
}

export function statementLines({ lines, summary }: MonthResource): StatementLine[] {
  const { importWh, exportWh, ownUseWh, boughtWh, soldWh } = summary
  const traded = (side: 'buy' | 'sell') =>
    lines
      .filter((line) => line.side === side)
      .map(({ stage, energyWh, amount, settledAmount }): StatementLine => {
        return { name: `${side} ${stage}`, energyWh, amount, settledAmount }
      })
  const supplier = (name: StatementLine['name'], energyWh: number): StatementLine[] =>
    energyWh === 0 ? [] : [{ name, energyWh, amount: null, settledAmount: null }]
  return [
    ...traded('sell'),
    ...supplier('toSupplier', exportWh - ownUseWh - soldWh),
    ...traded('buy'),
    ...supplier('fromSupplier', importWh - ownUseWh - boughtWh),
    ...supplier('ownUse', ownUseWh),
  ]
}

/** Whether the lines with neighbours add up to all that the month says was sold and bought. */
export function addsUp({ lines, summary }: MonthResource): boolean {
  const sum = (side: 'buy' | 'sell') =>
    lines.filter((line) => line.side === side).reduce((total, { energyWh }) => total + energyWh, 0)
  return sum('sell') === summary.soldWh && sum('buy') === summary.boughtWh
}
