/** Numbers for drawing, of which nothing is computed. */

/** A price as a height to draw; drawing is all this number is for. */
export function drawnCents(pricePerKwh: string | null): number | null {
  return pricePerKwh === null ? null : Number(pricePerKwh) * 100
}
