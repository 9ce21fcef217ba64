/** Follows rows that come point by point, each point's in order of time. */
import { ReportError, type ReportRow } from './row.ts'

export class PointOrder {
  #point = ''
  #exportPoint = ''
  #end = Number.NEGATIVE_INFINITY
  readonly #before = new Set<string>()

  /**
   * Whether another point begins with this row. Throws `REPORT_REPEATED` for a point whose rows had ended before, as that of
   * a second meter, and for a row that overlaps the one before it.
   */
  begins({ facts, start, end }: ReportRow): boolean {
    const { point, exportPoint } = facts
    const isNew = point !== this.#point || exportPoint !== this.#exportPoint
    if (isNew) {
      const names = JSON.stringify([point, exportPoint])
      if (this.#before.has(names)) {
        throw new ReportError('REPORT_REPEATED', `another meter of ${point} is in the report already`)
      }
      this.#before.add(names)
    } else if (start < this.#end) {
      throw new ReportError('REPORT_REPEATED', 'the interval is in the report already')
    }
    this.#point = point
    this.#exportPoint = exportPoint
    this.#end = end
    return isNew
  }
}
