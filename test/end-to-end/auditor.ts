/**
 * An auditor of a month, who has the files that were handed out and a node: computes each batch again, checks statements, reports and
 * documents against it, and adds up what moved.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseMoney } from '../../contracts/protocol/units.ts'
import type { DocumentResource } from '../../server/api/document-resources.ts'
import { DaySum, lineHash } from '../../server/billing/line-proof.ts'
import { verifyFile } from '../../server/commands/verify-file.ts'
import { isoDay } from '../../server/exchange/instants.ts'
import type { TimeZone } from '../../server/exchange/time-zone.ts'
import { type CheckedRow, ReportReader } from '../../server/reports/verify-report.ts'
import { AreaFileReader } from '../../server/settlement/area-file.ts'
import { faultsOf } from '../billing/en16931.ts'

export interface Audit {
  batches: number
  statements: number
  rows: number
  documents: number
  /** In ledger units: what the fills of the month moved by the batches, and by the documents. */
  settled: { paid: bigint; received: bigint }
  billed: { paid: bigint; received: bigint }
  /** By seat, of all batches. */
  nets: Map<number, bigint>
}

const priceDecimals = 4
const day = 86_400

/** Throws what `verify` throws, and an error that names what does not agree. */
export async function auditMonth(
  folder: string,
  { rpcUrl, month, zone }: { rpcUrl: string; month: { from: number; to: number }; zone: TimeZone },
): Promise<Audit> {
  const node = { rpcUrl, firstBlock: 0 }
  const report = join(folder, 'reports', 'csv.csv')
  const batches = readdirSync(join(folder, 'batches'))
  const settled = { paid: 0n, received: 0n }
  const nets = new Map<number, bigint>()
  for (const name of batches) {
    const batch = join(folder, 'batches', name)
    const reader = new AreaFileReader()
    for (const line of readFileSync(batch, 'utf8').trimEnd().split('\n')) reader.take(line)
    for (const { seat, fills } of reader.finish().seats) {
      for (const [start, , , side, , amount] of fills) {
        const money = BigInt(amount)
        nets.set(seat, (nets.get(seat) ?? 0n) + (side === 'sell' ? money : -money))
        if (start < month.from || start >= month.to) continue
        if (side === 'sell') settled.received += money
        else settled.paid += money
      }
    }
  }
  // Each batch against the chain, and the rows of the report against the batches.
  await verifyFile(report, { ...node, batch: join(folder, 'batches') })
  await verifyFile(join(folder, 'reports', 'csv-excel.csv'), node)
  const statements = readdirSync(join(folder, 'statements'))
  for (const name of statements) await verifyFile(join(folder, 'statements', name), node)
  const rows = rowsOf(report)
  const { documents, billed } = auditDocuments(join(folder, 'documents'), rows, zone)
  return { batches: batches.length, statements: statements.length, rows: rows.length, documents, settled, billed, nets }
}

function rowsOf(path: string): CheckedRow[] {
  const reader = new ReportReader()
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line, i, all) => (i === all.length - 1 && line === '' ? [] : (reader.take(line) ?? [])))
}

/** Each line's hash is made anew from the rows of the report; what documents say was paid and received is added up. */
function auditDocuments(folder: string, rows: readonly CheckedRow[], zone: TimeZone) {
  const byPoint = new Map<string, { day: string; row: CheckedRow }[]>()
  for (const row of rows) {
    const own = byPoint.get(row.point) ?? []
    byPoint.set(row.point, own)
    own.push({ day: isoDay(Math.floor(zone.local(row.start) / day)), row })
  }
  const billed = { paid: 0n, received: 0n }
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  for (const name of names) {
    const document = JSON.parse(readFileSync(join(folder, name), 'utf8')) as DocumentResource
    const { number, kind, from, to, total, remainder } = document
    const side = kind === '380' ? 'paid' : kind === '389' ? 'received' : null
    if (side === null) continue
    for (const line of document.lines) {
      const own = (byPoint.get(line.point) ?? []).filter((each) => each.day >= from && each.day <= to)
      if (proofOf(own, side) !== line.proof) throw new Error(`${number} line ${line.line} is not what the report has`)
    }
    const faults = faultsOf(readFileSync(join(folder, `${number}.xml`), 'utf8'))
    if (faults.length > 0) throw new Error(`${number}: ${faults.join('; ')}`)
    billed[side] += parseMoney(total, priceDecimals) + parseMoney(remainder, priceDecimals)
  }
  return { documents: names.length, billed }
}

/** A row's money is in 10⁻⁹ tokens, a ledger unit is 10⁻⁷. */
const perUnit = 100n

function proofOf(own: readonly { day: string; row: CheckedRow }[], side: 'paid' | 'received'): string {
  const days = new Map<string, DaySum>()
  for (const { day: date, row } of own) {
    const energyWh = side === 'paid' ? row.boughtWh : row.soldWh
    if (energyWh === 0 || row.batch === null) continue
    const sum = days.get(date) ?? new DaySum()
    days.set(date, sum)
    const { start, batch, statementRoot } = row
    sum.add({ start, energyWh, amount: row[side] / perUnit, batch, statementRoot: statementRoot! })
  }
  return lineHash([...days].map(([date, sum]) => ({ day: date, hash: sum.finish().hash })))
}
