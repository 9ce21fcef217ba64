/** The months for which documents are made. */

const shown = 13

/** The months before the one that holds `nowMs`, the newest first: "2026-10", … */
export function pastMonths(nowMs: number): string[] {
  const now = new Date(nowMs)
  return Array.from({ length: shown }, (_, i) => {
    const month = new Date(Date.UTC(now.getFullYear(), now.getMonth() - 1 - i, 1))
    return month.toISOString().slice(0, 7)
  })
}
