/** The journal of an area that shares by a key, or by what its grid operator declares: one batch of four intervals. */
import { digestOf, hashRules } from '../../contracts/protocol/typed-data.ts'
import { contentOf, type Declared, kindOfDeclared } from '../../server/market/area/declarations.ts'
import {
  batchSeconds,
  boundary,
  config,
  face,
  following,
  reading,
  rules,
  seat,
  t0,
  terms,
} from '../market/engine/street.ts'
import type { ScratchArea } from '../store/area.ts'
import { identity } from '../store/area.ts'

const signature = `0x${'1'.repeat(128)}`
const evidence = `0x${'e'.repeat(64)}`

/**
 * Seats 1 and 2 feed in, 3 to 5 draw; seat 5 has little money, and seat 4 is left out of the batch. In an area that settles on
 * `billing` meters (grade 1) all of them are such, which are read when the batch is over; one value of seat 3 is an estimate.
 */
export async function playShared({ writer }: ScratchArea, allocation: 1 | 2, grade: 0 | 1 = 0): Promise<void> {
  const own = { ...rules, allocation, settlingGrade: grade }
  const rulesHash = hashRules(own)
  const sharing = { price: { type: 'fixed' as const, ticks: 1_200 }, waitMs: 0 }
  const zones = config.zones.map((zone) => ({ ...zone, capacityWh: null }))
  writer.run({
    ...{ type: 'configure', atMs: t0 * 1000 - 5_000, face },
    config: { ...config, rules: own, rulesHash, zones, sharing },
  })
  const seats = [1, 2, 3, 4, 5].map((number) => {
    const limits = terms({ zone: number % 2 === 0 ? 'south' : 'north', grade })
    return seat(number, { terms: [limits], ...(number === 5 && { balance: 400_000n }) })
  })
  writer.run(following(t0 * 1000 - 4_000, seats))
  const declare = (atMs: number, body: Declared, stretch: { start: number; end: number; version: number }) => {
    const declaration = { kind: kindOfDeclared(body), ...stretch, content: contentOf(body), evidence }
    const id = digestOf(identity, 'Declaration', { rules: rulesHash, ...declaration })
    writer.passTime(atMs)
    return writer.run({ type: 'declare', atMs, id, declaration, body, signature, forgotten: [] })
  }
  const end = t0 + batchSeconds
  if (allocation === 2) {
    const rounds = [
      {
        ofMillionths: 600_000,
        key: { type: 'static' as const, sharesMillionths: [500_000, 300_000, 200_000], repeated: false },
      },
      { ofMillionths: 400_000, key: { type: 'proportional' as const } },
    ]
    const key: Declared = { type: 'key', consumers: [3, 4, 5], producers: [1, 2], steps: [{ from: t0, rounds }] }
    declare(t0 * 1000 - 3_000, key, { start: t0, end: end + 365 * 86_400, version: 1 })
  }
  for (let interval = 0; interval < 4; interval += 1) {
    const atMs = grade === 1 ? end * 1000 + 1_000 + interval : boundary(interval + 1) * 1000 + 1_000
    writer.passTime(atMs)
    const sums = interval + 1
    const readings = [1, 2, 3, 4, 5].map((number) => {
      const wh = (100 * number + 37) * sums
      const [importWh, exportWh] = number < 3 ? [0, wh * 2] : [wh, 0]
      const quality = grade === 1 && number === 3 && sums === 4 ? 1 : 0
      return reading(number, boundary(sums), importWh, exportWh, { signature, quality })
    })
    writer.run({ type: 'readings', atMs, readings })
  }
  if (allocation === 1) {
    const intervals = [0, 1, 2, 3].map((number) => ({
      start: boundary(number),
      seats: [
        { seat: 1, allocatedWh: 0, sharedWh: 200 },
        { seat: 2, allocatedWh: 0, sharedWh: 300 + number },
        { seat: 3, allocatedWh: 150, sharedWh: 0 },
        { seat: 4, allocatedWh: 250, sharedWh: 0 },
        { seat: 5, allocatedWh: 100 + number, sharedWh: 0 },
      ],
    }))
    declare(end * 1000 + 2_000, { type: 'quantities', intervals }, { start: t0, end, version: 1 })
    const newer: Declared = { type: 'quantities', intervals: [{ ...intervals[1]!, seats: intervals[2]!.seats }] }
    declare(end * 1000 + 3_000, newer, { start: boundary(1), end: boundary(2), version: 2 })
  }
  writer.passTime(end * 1000 + 400_000)
  writer.run({ type: 'leave-out', atMs: end * 1000 + 401_000, end, number: 1, seats: [4] })
  writer.passTime(end * 1000 + 402_000)
  if (allocation === 1) {
    // After the batch was cut: reported, and nothing of it moves.
    const late: Declared = {
      type: 'quantities',
      intervals: [
        {
          start: t0,
          seats: [
            { seat: 1, allocatedWh: 0, sharedWh: 90 },
            { seat: 5, allocatedWh: 90, sharedWh: 0 },
          ],
        },
      ],
    }
    declare(end * 1000 + 403_000, late, { start: t0, end: boundary(1), version: 3 })
  }
  await writer.commit()
}
