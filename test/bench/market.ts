/** The market's benchmarks: prints tables, or with `--json` one JSON document. Run by `node test/bench/run.js market`. */
import { benchAuction } from './market-auction.ts'
import { benchBook } from './market-book.ts'

const auction = benchAuction()
const book = await benchBook()

if (process.argv.includes('--json')) {
  process.stdout.write(`${JSON.stringify({ auction, book })}\n`)
} else {
  const rounded = (value: number) => Number(value.toPrecision(3))
  console.log('Spot auction: milliseconds for one clearing')
  console.table(
    auction.rows.map(({ name, orders, coldMs, warmMs, memoryMb, timesOneZone }) => ({
      name,
      orders,
      'cold ms': rounded(coldMs),
      'warm ms': rounded(warmMs),
      'memory MB': rounded(memoryMb),
      '× one zone': rounded(timesOneZone),
    })),
  )
  console.log('Forward book: 1,000,000 limit orders and 300,000 cancels over 1,000 ticks')
  console.table(
    book.map((row) => ({
      name: row.name,
      workload: row.workload,
      'M ops/s': rounded(row.millionPerSecond),
      '× peer': rounded(row.timesPeer),
      'p50 ns': row.p50Ns,
      'p99 ns': row.p99Ns,
      'p99.9 ns': row.p999Ns,
      'GC runs': row.collections,
      'GC ms': rounded(row.collectionMs),
      resting: row.restingOrders,
      'bytes each': row.bytesPerRestingOrder === null ? null : rounded(row.bytesPerRestingOrder),
    })),
  )
}
