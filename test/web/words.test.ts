/** The page's plain words for outcomes and power. */
import { describe, expect, it } from 'vitest'
import { slugOf } from '../../contracts/protocol/slug.ts'
import type { TelemetryEvent } from '../../server/api/resources.ts'
import { sparkPath } from '../../web/charts/spark.tsx'
import { flowSentence, flowsOf } from '../../web/household/power-flow.tsx'
import { initials } from '../../web/page/person-switch.tsx'

describe('the power of a home', () => {
  const telemetry = (change: Partial<TelemetryEvent>): TelemetryEvent => ({
    seat: '1',
    time: '2026-07-01T12:00:00.000Z',
    powerW: null,
    productionW: null,
    batteryPowerW: null,
    stateOfChargePercent: null,
    ...change,
  })

  it('is what roof, battery and grid bring together', () => {
    const flows = flowsOf(telemetry({ powerW: -1200, productionW: 3000, batteryPowerW: -600 }))
    expect(flows).toEqual({ roofW: 3000, gridW: -1200, batteryW: -600, homeW: 1200, isBatteryHidden: false })
    expect(flowSentence(flows)).toBe(
      'The roof makes 3.00\u202fkW, the home uses 1.20\u202fkW, 1.20\u202fkW go to the grid, the battery takes 600\u202fW.',
    )
  })

  it('is that of home and battery where the battery tells how full it is and not what it does', () => {
    const flows = flowsOf(telemetry({ powerW: 0, productionW: 600, stateOfChargePercent: 40 }))
    expect(flows).toMatchObject({ homeW: 600, batteryW: null, isBatteryHidden: true })
    expect(flowSentence(flows)).toMatch(/home and battery use 600\u202fW/)
  })

  it('is not made up where the grid meter gives nothing', () => {
    expect(flowsOf(telemetry({ productionW: 3000 })).homeW).toBeNull()
    expect(flowSentence(flowsOf(telemetry({})))).toBe('No live values.')
  })
})

it('draws a trace with gaps, and nothing from nothing', () => {
  expect(sparkPath([])).toBe('')
  expect(sparkPath([null, null])).toBe('')
  expect(sparkPath([1, null, 3], 0).match(/M/g)).toHaveLength(2)
})

it('names people in addresses and circles', () => {
  expect(slugOf('Jürgen & Aylin 4')).toBe('jurgen-aylin-4')
  expect(['Larch Lane 4', 'Brook Farm', 'Bakery'].map(initials)).toEqual(['L4', 'BF', 'B'])
})
