/**
 * The columns that a chart draws for many parts of a time: no more than a screen has room for, each as high as the highest part
 * in it.
 */
import type { TotalsResource } from '../../server/api/totals-resources.ts'

type Heights = [x: number[], ...ys: number[][]]

interface DrawnColumns {
  /**
   * The first part of each column, then lists of heights. Each list is the sum of the values that it shows and that cover it,
   * the tallest list first.
   */
  data: Heights
  /** The part that a column stands for: the one with the most energy in it. */
  partAt: (column: number) => number
  /** The column in which a part lies. */
  columnAt: (part: number) => number
}

interface Drawing {
  /** Energy into the home is drawn downwards (−1) beside energy out of it, and upwards (1) where the chart shows nothing else. */
  importSign: 1 | -1
  /** The largest number of columns. Up to this many parts, each part has its own column. */
  most: number
}

export function drawnColumns(totals: TotalsResource, { importSign, most }: Drawing): DrawnColumns {
  const { starts, importWh, exportWh, ownUseWh, soldWh, boughtWh, usedAtOnceWh } = totals
  const perColumn = Math.max(1, Math.ceil(starts.length / most))
  const count = Math.ceil(starts.length / perColumn)
  const list = () => new Array<number>(count).fill(0)
  const [first, out, soldAndUsed, used, into, bought, peak] = [list(), list(), list(), list(), list(), list(), list()]
  const highest = new Array<number>(count).fill(-1)
  for (let part = 0; part < starts.length; part++) {
    const column = Math.floor(part / perColumn)
    const usedWh = usedAtOnceWh[part] ?? 0
    const outWh = usedWh + exportWh[part]! - ownUseWh[part]!
    const intoWh = importWh[part]! - ownUseWh[part]!
    out[column] = Math.max(out[column]!, outWh)
    soldAndUsed[column] = Math.max(soldAndUsed[column]!, usedWh + soldWh[part]!)
    used[column] = Math.max(used[column]!, usedWh)
    into[column] = Math.max(into[column]!, intoWh)
    bought[column] = Math.max(bought[column]!, boughtWh[part]!)
    if (outWh + intoWh <= highest[column]!) continue
    highest[column] = outWh + intoWh
    peak[column] = part
  }
  for (let column = 0; column < count; column++) {
    first[column] = column * perColumn
    into[column]! *= importSign
    bought[column]! *= importSign
  }
  return {
    data: [first, out, soldAndUsed, used, into, bought],
    partAt: (column) => peak[column]!,
    columnAt: (part) => Math.floor(part / perColumn),
  }
}
