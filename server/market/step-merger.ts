/**
 * Steps of net supply: at price key `keys[i]` the supply rises by `energiesWh[i]`.
 *
 * Keys are doubled ticks: a sell order steps at 2 × limit, a buy order at 2 × limit + 1 (above its key it no longer
 * buys). The crossing of such a curve with a target is exactly "most welfare, then most energy", and one key holds
 * only sellers (even) or only buyers (odd).
 */
export interface Steps {
  keys: Int32Array
  energiesWh: Float64Array
}

/** Collects the steps of one zone and hands them back with equal keys joined, keys ascending; then starts afresh. */
export interface StepMerger {
  /** Adds `steps[from…to)`; steps outside the merger's range of keys are ignored. Returns the buy orders' energy added. */
  add(steps: Steps, from: number, to: number): number
  /** Writes the merged steps to the front of `merged` and returns their number. */
  drain(): number
  readonly merged: Steps
}

/** Above this many cells a price ladder costs more memory than it saves time. */
const mostLadderCells = 2 ** 24

/** The merger that suits the range of keys: a price ladder where ticks are few for the orders, sorted runs elsewhere. */
export function stepMergerFor(lowestKey: number, highestKey: number, orderCount: number): StepMerger {
  const cells = highestKey - lowestKey + 1
  const suitsLadder = cells <= Math.min(4 * orderCount + 4096, mostLadderCells)
  return suitsLadder ? new PriceLadder(lowestKey, cells) : new SortedSteps(lowestKey, highestKey)
}

/** One cell per key. A zone with few steps in a long ladder lists the cells it touched instead of scanning them all. */
class PriceLadder implements StepMerger {
  readonly merged: Steps
  private readonly lowestKey: number
  private readonly cells: Float64Array
  private readonly touched: Int32Array
  private touchedCount = 0

  constructor(lowestKey: number, cellCount: number) {
    this.lowestKey = lowestKey
    this.cells = new Float64Array(cellCount)
    this.touched = new Int32Array(cellCount)
    this.merged = { keys: new Int32Array(cellCount), energiesWh: new Float64Array(cellCount) }
  }

  add({ keys, energiesWh }: Steps, from: number, to: number): number {
    const { cells, touched, lowestKey } = this
    const cellCount = cells.length
    let { touchedCount } = this
    let boughtWh = 0
    for (let i = from; i < to; i++) {
      const key = keys[i]!
      const cell = key - lowestKey
      if (cell < 0 || cell >= cellCount) continue
      const energyWh = energiesWh[i]!
      const before = cells[cell]!
      if (before === 0) touched[touchedCount++] = cell
      cells[cell] = before + energyWh
      boughtWh += energyWh * (key & 1)
    }
    this.touchedCount = touchedCount
    return boughtWh
  }

  drain(): number {
    const { cells, touched, touchedCount, lowestKey, merged } = this
    this.touchedCount = 0
    if (touchedCount * 8 >= cells.length) return this.drainByScan()
    sortFront(touched, touchedCount)
    for (let i = 0; i < touchedCount; i++) {
      const cell = touched[i]!
      merged.keys[i] = cell + lowestKey
      merged.energiesWh[i] = cells[cell]!
      cells[cell] = 0
    }
    return touchedCount
  }

  private drainByScan(): number {
    const { cells, lowestKey } = this
    const { keys, energiesWh } = this.merged
    let count = 0
    for (let cell = 0; cell < cells.length; cell++) {
      const energyWh = cells[cell]!
      if (energyWh === 0) continue
      keys[count] = cell + lowestKey
      energiesWh[count++] = energyWh
      cells[cell] = 0
    }
    return count
  }
}

/** Sorts the first `count` numbers in place; a handful by insertion, which needs no view of the array. */
function sortFront(numbers: Int32Array, count: number): void {
  if (count > 40) {
    numbers.subarray(0, count).sort()
    return
  }
  for (let i = 1; i < count; i++) {
    const moved = numbers[i]!
    let at = i
    for (; at > 0 && numbers[at - 1]! > moved; at--) numbers[at] = numbers[at - 1]!
    numbers[at] = moved
  }
}

/** Sorts what it was given: 64-bit words of key (high half) and position (low half), sorted natively. */
class SortedSteps implements StepMerger {
  merged: Steps = { keys: new Int32Array(0), energiesWh: new Float64Array(0) }
  private readonly lowestKey: number
  private readonly highestKey: number
  private collected: Steps = { keys: new Int32Array(0), energiesWh: new Float64Array(0) }
  private count = 0

  constructor(lowestKey: number, highestKey: number) {
    this.lowestKey = lowestKey
    this.highestKey = highestKey
  }

  add({ keys, energiesWh }: Steps, from: number, to: number): number {
    this.collected = grownSteps(this.collected, this.count + to - from)
    const { collected } = this
    let boughtWh = 0
    for (let i = from; i < to; i++) {
      const key = keys[i]!
      if (key < this.lowestKey || key > this.highestKey) continue
      collected.keys[this.count] = key
      collected.energiesWh[this.count++] = energiesWh[i]!
      boughtWh += energiesWh[i]! * (key & 1)
    }
    return boughtWh
  }

  drain(): number {
    const { count, collected } = this
    this.count = 0
    const halves = new Uint32Array(2 * count)
    for (let i = 0; i < count; i++) {
      halves[2 * i + lowHalf] = i
      halves[2 * i + 1 - lowHalf] = collected.keys[i]! - this.lowestKey
    }
    new BigUint64Array(halves.buffer).sort()
    this.merged = grownSteps(this.merged, count)
    const { keys, energiesWh } = this.merged
    let last = -1
    for (let i = 0; i < count; i++) {
      const position = halves[2 * i + lowHalf]!
      const key = collected.keys[position]!
      if (last < 0 || keys[last] !== key) {
        keys[++last] = key
        energiesWh[last] = 0
      }
      energiesWh[last] = energiesWh[last]! + collected.energiesWh[position]!
    }
    return last + 1
  }
}

/** Which 32-bit half of a 64-bit word comes first in memory: 0 where the low half does. */
const lowHalf = new Uint32Array(new BigUint64Array([1n]).buffer)[0] === 1 ? 0 : 1

/** `steps` itself, or a larger copy of it, with room for at least `room` steps. */
export function grownSteps(steps: Steps, room: number): Steps {
  if (steps.keys.length >= room) return steps
  const size = Math.max(room, 2 * steps.keys.length)
  const grown = { keys: new Int32Array(size), energiesWh: new Float64Array(size) }
  grown.keys.set(steps.keys)
  grown.energiesWh.set(steps.energiesWh)
  return grown
}
