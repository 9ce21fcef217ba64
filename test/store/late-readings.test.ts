/** What the tables say of late readings is what going through all rows says. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ChainSeat, EpochRegisters, LateReading, MeterReading } from '../../server/market/area/area.ts'
import { qualities } from '../../server/market/area/codes.ts'
import type { Database } from '../../server/store/database.ts'
import { lateReadings } from '../../server/store/late-readings.ts'
import { seededDraws } from '../bench/measure.ts'
import { addressOf, intervalSeconds, reading, seat, t0 } from '../market/engine/street.ts'
import { openedArea, type ScratchArea, scratchArea } from './area.ts'
import { RandomStreet } from './random-journal.ts'
import { type ScratchServer, startScratchServer } from './scratch-database.ts'

let server: ScratchServer
beforeAll(async () => {
  server = await startScratchServer()
})
afterAll(() => server.stop())

type Asked = { reading: MeterReading; seat: number }

/** The slow twin: every row of the area, looked through for each reading. */
async function slowly(database: Database, asked: readonly Asked[]): Promise<LateReading[]> {
  const readings = await database`select readings.*, seats.meter from readings join seats using (area_id, seat)`
  const seats = await database`select * from seats`
  const intervals = await database`select * from intervals order by start, run`
  const zones = await database`select * from interval_zones`
  const rows = await database`select * from seat_intervals where current`
  return asked.map(({ reading: own, seat: number }): LateReading => {
    const chain = seats.find((row) => row.seat === number)?.chain as ChainSeat | undefined
    const stored = readings
      .filter((row) => row.meter === own.meter && row.epoch === own.epoch)
      .map((row) => ({ ...row, importWh: row.import_wh, exportWh: row.export_wh }) as never as EpochRegisters)
    const points = [...stored, ...(chain === undefined ? [] : [chain.epochStart, chain.base])]
      .filter(({ epoch }) => epoch === own.epoch)
      .map((point) => ({ quality: 0, ...point }))
      .sort((a, b) => a.time - b.time)
    const registers = (point: EpochRegisters | undefined) =>
      point === undefined
        ? null
        : { epoch: point.epoch, time: point.time, importWh: point.importWh, exportWh: point.exportWh }
    const valuesAt = (time: number) => {
      const point = points.find((each) => each.time === time)
      return point === undefined ? null : { importWh: point.importWh, exportWh: point.exportWh, quality: point.quality }
    }
    const standing = (start: number): LateReading['ending'] => {
      const newest = intervals.findLast((row) => row.start === start)
      const terms = chain?.terms.findLast(({ from }) => from <= start)
      if (newest === undefined || newest.status === 'missed' || terms === undefined) return null
      const row = rows.find((each) => each.start === start && each.seat === number)
      const ofInterval = zones.filter((zone) => zone.start === start)
      const zone = ofInterval.find(({ place }) => place === row?.zone)?.zone ?? terms.zone
      return {
        ...{ start, run: newest.run, hasRow: row !== undefined },
        zone: zone ?? ofInterval.find(({ flow_wh }) => flow_wh === null)!.zone,
        quality: row === undefined ? 'missing' : qualities[row.quality]!,
        ...{ importWh: row?.import_wh ?? 0, exportWh: row?.export_wh ?? 0 },
        ...{ boughtWh: row?.bought_wh ?? 0, soldWh: row?.sold_wh ?? 0 },
      }
    }
    return {
      ...{ reading: own, seat: number },
      before: registers(points.findLast(({ time }) => time < own.time)),
      same: valuesAt(own.time),
      after: registers(points.find(({ time }) => time > own.time)),
      startQuality: valuesAt(own.time - intervalSeconds),
      endQuality: valuesAt(own.time + intervalSeconds),
      ending: standing(own.time - intervalSeconds),
      starting: standing(own.time),
    }
  })
}

describe('on a random journal', () => {
  test.each([21, 22, 23, 24])(
    'for a hundred readings, of seats that are known and some that are not (seed %i)',
    async (seed) => {
      const draw = seededDraws(seed)
      const area = await scratchArea(server)
      const street = new RandomStreet(area.writer, draw)
      for (let step = 0; step < 300; step += 1) await street.step()
      await area.writer.commit()
      // Some the chain has settled without this journal.
      await area.database`update intervals set status = 'missed' where start % ${7 * intervalSeconds} = 0`
      const seats = await area.database`select seat, meter from seats order by seat`
      const newest = Math.floor(area.writer.state.nowMs / 1000 / intervalSeconds) * intervalSeconds
      const asked = Array.from({ length: 100 }, (): Asked => {
        const of = seats[draw(seats.length)]!
        const time = t0 - 2 * intervalSeconds + draw((newest - t0) / intervalSeconds + 4) * intervalSeconds
        return {
          reading: {
            ...reading(1, time, 1, 1),
            meter: draw(20) === 0 ? addressOf('b', 99) : of.meter,
            epoch: 1 + draw(2),
          },
          seat: draw(20) === 0 ? 0 : of.seat,
        }
      })
      const found = await area.store.late(asked)
      expect(found).toEqual(await slowly(area.database, asked))
      for (const field of ['before', 'same', 'after', 'startQuality', 'endQuality', 'ending', 'starting'] as const) {
        expect(found.filter((late) => late[field] !== null).length, field).toBeGreaterThan(5)
      }
      await area.close()
    },
  )
})

describe('a meter', () => {
  let area: ScratchArea
  beforeAll(async () => {
    area = await openedArea(server, [seat(1), seat(2)])
  })
  afterAll(() => area.close())

  test('that was silent for a year is found across the gap', async () => {
    const stretch = 128 * intervalSeconds
    const times = [t0 + 900, t0 + 1_800, t0 + 300 * stretch + 4 * intervalSeconds, t0 + 301 * stretch]
    for (const [index, time] of times.entries()) {
      await area.database`select make_months(array[${time}::bigint])`
      await area.database`
        insert into readings values (${area.areaId}, 1, ${time}, ${index}, ${index}, null, 1, 0, false, '\\xab')`
      await area.database`
        insert into reading_stretches values (${area.areaId}, 1, 1, ${Math.floor(time / stretch)})
        on conflict do nothing`
    }
    const at = (time: number) => ({ reading: reading(1, time, 0, 0), seat: 1 })
    const middle = t0 + 150 * stretch
    const [inGap, between, atOne, last] = await area.store.late([
      ...[at(middle), at(t0 + 300 * stretch + 20 * intervalSeconds)],
      ...[at(t0 + 1_800), at(t0 + 400 * stretch)],
    ])
    expect([inGap!.before?.time, inGap!.after?.time]).toEqual([times[1], times[2]])
    expect([between!.before?.time, between!.after?.time]).toEqual([times[2], times[3]])
    expect([atOne!.before?.time, atOne!.after?.time, atOne!.same?.importWh]).toEqual([times[0], times[2], 1])
    expect([last!.before?.time, last!.after]).toEqual([times[3], null])
  })

  test('makes as many queries with a hundred readings as with one', async () => {
    const counted = async (count: number) => {
      let queries = 0
      const counting = new Proxy(area.database, {
        apply(target, self, args) {
          queries += 1
          return Reflect.apply(target, self, args)
        },
      })
      const readings = Array.from({ length: count }, (_, index) => ({
        reading: reading(1 + (index % 2), t0 + (index + 1) * intervalSeconds, 0, 0),
        seat: 1 + (index % 2),
      }))
      await lateReadings(counting, area.areaId, { intervalSeconds, readings })
      return queries
    }
    expect(await counted(100)).toBe(await counted(1))
  })
})
