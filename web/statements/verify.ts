/**
 * Verifies a month's statement in the browser. The list of trades of each payment is hashed again and must give the hash that
 * the chain holds, and all lists together must give the lines of the statement. This part is loaded only when somebody presses
 * the button.
 */
import { partsOfSeatId } from '../../contracts/protocol/entry.ts'
import { formatMoney } from '../../contracts/protocol/units.ts'
import type { MonthResource, SettledRootResource } from '../../server/api/totals-resources.ts'
import type { StatementFile } from '../../server/settlement/statement-file.ts'
import { statementRootOf } from './leaves.ts'

export interface Verified {
  /** The number of payments whose trades give the hash that the chain holds. */
  payments: number
  trades: number
  /** The number of payments in which the home traded nothing. */
  empty: number
  /** The payments that could not be checked, each with the reason. */
  unchecked: { end: string; because: string }[]
  /** The first fault that was found. */
  fault: { kind: 'other-root' | 'other-statement'; end: string } | { kind: 'other-sum'; line: MonthLineName } | null
  /** The server's nodes that said what the chain holds. */
  nodes: string[]
  /** The chain and the contract from which the settled hashes come. */
  chain: { chainId: number; escrow: string } | null
}

export type MonthLineName = Pick<MonthResource['lines'][number], 'side' | 'stage'>

export interface Sources {
  statement(end: string): Promise<StatementFile>
  settledRoot(end: string): Promise<SettledRootResource>
}

interface Verifying extends Sources {
  seat: string
  priceDecimals: number
  /** Called with the number of payments that are done. */
  progress(done: number): void
  signal: AbortSignal
}

export async function verifyMonth(month: MonthResource, verifying: Verifying): Promise<Verified> {
  const settled = month.batches.filter(({ status }) => status === 'settled')
  const { area, number } = partsOfSeatId(BigInt(verifying.seat))
  const from = Date.parse(month.summary.from) / 1000
  const to = Date.parse(month.summary.to) / 1000
  const done: Verified = { payments: 0, trades: 0, empty: 0, unchecked: [], fault: null, nodes: [], chain: null }
  const sums = new Map<string, { energyWh: number; amount: bigint }>()
  for (const [index, { end }] of settled.entries()) {
    verifying.signal.throwIfAborted()
    verifying.progress(index)
    let file: StatementFile
    let root: SettledRootResource
    try {
      ;[file, root] = await Promise.all([verifying.statement(end), verifying.settledRoot(end)])
    } catch (error) {
      done.unchecked.push({ end, because: (error as Error).message })
      continue
    }
    if (!done.nodes.includes(root.node)) done.nodes.push(root.node)
    done.chain = { chainId: root.chainId, escrow: root.escrow }
    if (file.area !== area || file.seat !== number || file.end * 1000 !== Date.parse(end) || root.end !== end) {
      return { ...done, fault: { kind: 'other-statement', end } }
    }
    if (file.leaves.length === 0) {
      done.empty += 1
      continue
    }
    if (file.seed === null || statementRootOf(file) !== root.statementRoot)
      return { ...done, fault: { kind: 'other-root', end } }
    done.payments += 1
    for (const { start, side, stage, energyWh, amount } of file.leaves) {
      if (start < from || start >= to) continue
      done.trades += 1
      const sum = sums.get(`${side} ${stage}`) ?? { energyWh: 0, amount: 0n }
      sums.set(`${side} ${stage}`, { energyWh: sum.energyWh + energyWh, amount: sum.amount + BigInt(amount) })
    }
  }
  if (done.unchecked.length === 0) done.fault = otherSum(month, sums, verifying.priceDecimals)
  return done
}

/** The first line whose paid part differs from the sum of the trades in the lists. */
function otherSum(
  { lines }: MonthResource,
  sums: ReadonlyMap<string, { energyWh: number; amount: bigint }>,
  priceDecimals: number,
): Verified['fault'] {
  const known = new Set(lines.map(({ side, stage }) => `${side} ${stage}`))
  for (const [key, { energyWh }] of sums) {
    const [side, stage] = key.split(' ') as [MonthLineName['side'], MonthLineName['stage']]
    if (!known.has(key) && energyWh > 0) return { kind: 'other-sum', line: { side, stage } }
  }
  for (const { side, stage, settledWh, settledAmount } of lines) {
    const { energyWh, amount } = sums.get(`${side} ${stage}`) ?? { energyWh: 0, amount: 0n }
    if (energyWh !== settledWh || formatMoney(amount, priceDecimals) !== settledAmount) {
      return { kind: 'other-sum', line: { side, stage } }
    }
  }
  return null
}
