/** A range in one piece: no line ends after its dash. */
export function dashed(from: string, to: string): string {
  return `${from}–\u2060${to}`
}
