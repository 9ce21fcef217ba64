/** Long enough to cost nothing, short enough that a loop over a stretch is soon called often. */
const stretchLength = 2 ** 10

/**
 * Walks `0…count` in stretches. A loop over all orders of a market is called once per auction, so the compiler would have
 * to replace it in mid-flight, time and again; a loop over a stretch is compiled as a whole after a few calls.
 */
export function inStretches(count: number, walk: (from: number, to: number) => void): void {
  for (let from = 0; from < count; from += stretchLength) walk(from, Math.min(from + stretchLength, count))
}
