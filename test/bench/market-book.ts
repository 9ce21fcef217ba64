/** The forward book's speed side by side with nodejs-order-book: a million limit orders and 300,000 cancels over 1,000 ticks. */
import { PerformanceObserver } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { OrderBook as PeerBook, Side } from 'nodejs-order-book'
import { type BookCommand, ForwardMarket } from '../../server/market/book/forward-market.ts'
import { OrderBook, traded } from '../../server/market/book/order-book.ts'
import { collectGarbage, seededDraws } from './measure.ts'

export interface BookRow {
  name: string
  workload: string
  millionPerSecond: number
  /** How many times the peer's operations per second. */
  timesPeer: number
  p50Ns: number
  p99Ns: number
  p999Ns: number
  /** Garbage collections during one run, and the time they took. */
  collections: number
  collectionMs: number
  restingOrders: number
  /** `null` where too few rest for a meaningful share. */
  bytesPerRestingOrder: number | null
}

const orderCount = 1_000_000
const cancelCount = 300_000
const tickCount = 1000
const accountCount = 1000

/** Operations in columns; a cancel has −1 as its side and the cancelled order's number in `orders`. */
interface Workload {
  name: string
  sides: Int8Array
  orders: Int32Array
  ticks: Int32Array
  energiesWh: Int32Array
  accounts: Int32Array
}

/** An engine that has run for this long on one workload is not run again. */
const patienceSeconds = 15

/** Runs every engine on every workload, up to `rounds` times each and interleaved, and takes the fastest run. */
export async function benchBook(rounds = 7): Promise<BookRow[]> {
  const rows: BookRow[] = []
  for (const workload of [shallow(), deep()]) {
    const engines: [string, (workload: Workload) => Runner][] = [
      ['core: typed arrays', coreRunner],
      ['string ids, 24-byte journal', journaledRunner],
      ['nodejs-order-book 10', peerRunner],
    ]
    const seconds = engines.map((): number[] => [])
    for (let round = 0; round < rounds; round++) {
      for (const [i, [, make]] of engines.entries()) {
        const spent = seconds[i]!.reduce((sum, each) => sum + each, 0)
        if (spent < patienceSeconds) seconds[i]!.push(secondsOf(make(workload)))
      }
    }
    const operations = workload.sides.length
    const rates = seconds.map((each) => operations / Math.min(...each) / 1e6)
    for (const [i, [name, make]] of engines.entries()) {
      rows.push({
        name,
        workload: workload.name,
        millionPerSecond: rates[i]!,
        timesPeer: rates[i]! / rates[2]!,
        ...(await latenciesAndGarbage(make(workload), workload)),
      })
    }
  }
  return rows
}

/** Buyers bid high and sellers ask low, so nearly every order meets one and little rests. */
function shallow(): Workload {
  return workload('shallow', (draw, side) => (side === 1 ? tickCount * 0.45 : 0) + draw(tickCount * 0.55))
}

/** Buyers bid low and sellers ask high, with a tenth of the range in common, so most orders rest. */
function deep(): Workload {
  return workload('deep', (draw, side) =>
    side === 1 ? draw(tickCount * 0.55) : tickCount * 0.45 + draw(tickCount * 0.55),
  )
}

type Draw = (below: number) => number

function workload(name: string, price: (draw: Draw, side: number) => number): Workload {
  const draw = seededDraws(7)
  const count = orderCount + cancelCount
  const work: Workload = {
    name,
    sides: new Int8Array(count),
    orders: new Int32Array(count),
    ticks: new Int32Array(count),
    energiesWh: new Int32Array(count),
    accounts: new Int32Array(count),
  }
  let placed = 0
  for (let i = 0; i < count; i++) {
    const cancels = i - placed < cancelCount && (placed === orderCount || (placed > 0 && draw(13) < 3))
    work.sides[i] = cancels ? -1 : draw(2)
    work.orders[i] = cancels ? draw(placed) : placed++
    work.ticks[i] = Math.floor(price(draw, work.sides[i]!))
    work.energiesWh[i] = 1 + draw(100)
    work.accounts[i] = draw(accountCount)
  }
  return work
}

/** Carries out a workload, or one operation of it. Each engine has its own loop, so that none pays for another's types. */
interface Runner {
  runAll(): void
  run(operation: number): void
  restingOrders(): number
}

function coreRunner({ sides, orders, ticks, energiesWh, accounts }: Workload): Runner {
  const book = new OrderBook(1024)
  const { effects } = book
  const numberOf = new Int32Array(orderCount).fill(-1)
  const orderOf = new Int32Array(orderCount)
  const run = (i: number) => {
    const order = orders[i]!
    if (sides[i]! < 0) {
      const number = numberOf[order]!
      if (number < 0) return
      book.cancel(number)
      numberOf[order] = -1
      return
    }
    const number = book.place(sides[i]!, ticks[i]!, energiesWh[i]!, accounts[i]!)
    for (let k = 0; k < effects.count; k++) {
      if (effects.kinds[k] !== traded) numberOf[orderOf[effects.orders[k]!]!] = -1
    }
    if (number < 0) return
    numberOf[order] = number
    orderOf[number] = order
  }
  return {
    run,
    runAll() {
      for (let i = 0; i < sides.length; i++) run(i)
    },
    restingOrders: () => numberOf.reduce((count, number) => count + (number < 0 ? 0 : 1), 0),
  }
}

const journalRecordBytes = 24
const journalRecords = 4096

/** A binary journal of 24-byte records, kept in pages as they would be handed to a disk. */
class BinaryJournal {
  private readonly pages: DataView[] = []
  private view = new DataView(new ArrayBuffer(journalRecordBytes * journalRecords))
  private records = 0

  write(kind: number, order: number, account: number, ticks: number, energyWh: number): void {
    const at = this.records * journalRecordBytes
    this.view.setInt32(at, kind, true)
    this.view.setInt32(at + 4, order, true)
    this.view.setInt32(at + 8, account, true)
    this.view.setInt32(at + 12, ticks, true)
    this.view.setFloat64(at + 16, energyWh, true)
    if (++this.records < journalRecords) return
    this.pages.push(this.view)
    this.view = new DataView(new ArrayBuffer(journalRecordBytes * journalRecords))
    this.records = 0
  }
}

function journaledRunner({ sides, orders, ticks, energiesWh, accounts }: Workload): Runner {
  const market = new ForwardMarket()
  const journal = new BinaryJournal()
  const accountNames = Array.from({ length: accountCount }, (_, account) => `account-${account}`)
  const commands = Array.from(sides, (side, i): BookCommand => {
    const id = `order-${orders[i]}`
    if (side < 0) return { op: 'cancel', id }
    return {
      op: 'place',
      id,
      account: accountNames[accounts[i]!]!,
      side: side === 1 ? 'buy' : 'sell',
      ticks: ticks[i]!,
      energyWh: energiesWh[i]!,
    }
  })
  const run = (i: number) => {
    market.apply(commands[i]!)
    journal.write(sides[i]!, orders[i]!, accounts[i]!, ticks[i]!, energiesWh[i]!)
  }
  return {
    run,
    runAll() {
      for (let i = 0; i < sides.length; i++) run(i)
    },
    restingOrders: () => market.states().reduce((sum, { bids, asks }) => sum + restingIn(bids) + restingIn(asks), 0),
  }
}

function restingIn(levels: { orders: number }[]): number {
  return levels.reduce((sum, level) => sum + level.orders, 0)
}

function peerRunner({ sides, orders, ticks, energiesWh }: Workload): Runner {
  const book = new PeerBook()
  const ids = Array.from(orders, (order) => `order-${order}`)
  const requests = Array.from(sides, (side, i) => ({
    side: side === 1 ? Side.BUY : Side.SELL,
    id: ids[i]!,
    size: energiesWh[i]!,
    price: ticks[i]! + 1,
  }))
  const run = (i: number) => {
    if (sides[i]! < 0) book.cancel(ids[i]!)
    else book.limit(requests[i]!)
  }
  return {
    run,
    runAll() {
      for (let i = 0; i < sides.length; i++) run(i)
    },
    restingOrders: () => new Set(ids.filter((id) => book.order(id) !== undefined)).size,
  }
}

function secondsOf(runner: Runner): number {
  collectGarbage()
  const start = process.hrtime.bigint()
  runner.runAll()
  return Number(process.hrtime.bigint() - start) / 1e9
}

/**
 * One more run with a clock around every operation (whose own cost of some tens of ns is included), its garbage
 * collections, and what it holds per resting order at its end.
 */
async function latenciesAndGarbage(runner: Runner, { sides }: Workload) {
  const times = new Float64Array(sides.length)
  collectGarbage()
  let collections = 0
  let collectionMs = 0
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      collections++
      collectionMs += entry.duration
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  const before = heldBytes()
  for (let i = 0; i < sides.length; i++) {
    const start = performance.now()
    runner.run(i)
    times[i] = performance.now() - start
  }
  await setTimeout(50)
  observer.disconnect()
  collectGarbage()
  const heldAfter = heldBytes() - before
  const restingOrders = runner.restingOrders()
  times.sort()
  const nanoseconds = (part: number) => Math.round(times[Math.floor(times.length * part)]! * 1e6)
  return {
    p50Ns: nanoseconds(0.5),
    p99Ns: nanoseconds(0.99),
    p999Ns: nanoseconds(0.999),
    collections,
    collectionMs,
    restingOrders,
    bytesPerRestingOrder: restingOrders < 1000 ? null : heldAfter / restingOrders,
  }
}

function heldBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
