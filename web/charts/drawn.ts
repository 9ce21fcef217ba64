/** Numbers that are only drawn: nothing is computed from them. */

/** The height at which a price is drawn, in cents per kWh; this number serves drawing only. */
export function drawnCents(pricePerKwh: string | null): number | null {
  return pricePerKwh === null ? null : Number(pricePerKwh) * 100
}
