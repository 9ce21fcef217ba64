/** When a request left and its answer had arrived, in `performance.now()`. */
export interface ReplyTimes {
  requestedAtMs: number
  repliedAtMs: number
}

/** Counters that were read further apart than this are no sample. */
const farthestApartMs = 2_000
export const readApart = 'the counters were read more than 2 s apart: they are no sample'

/** From the first request to the last answer. */
export function outerTimes(times: readonly ReplyTimes[]): ReplyTimes {
  return {
    requestedAtMs: Math.min(...times.map(({ requestedAtMs }) => requestedAtMs)),
    repliedAtMs: Math.max(...times.map(({ repliedAtMs }) => repliedAtMs)),
  }
}

/** Whether what the requests gave can stand for one moment: the middles of request and answer lie within 2 s. */
export function isOneMoment(times: readonly ReplyTimes[]): boolean {
  const middles = times.map(({ requestedAtMs, repliedAtMs }) => (requestedAtMs + repliedAtMs) / 2)
  return Math.max(...middles) - Math.min(...middles) <= farthestApartMs
}
