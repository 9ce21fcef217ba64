/** How the API shows what it reads. */
import { expect, test } from 'vitest'
import { presentSeatInterval } from '../../server/api/present.ts'
import type { SeatIntervalRow } from '../../server/store/rows.ts'
import { intervalSeconds, t0 } from '../market/engine/street.ts'
import { settings } from './people.ts'

test('a seat whose meter has moved to another one shows nothing of what is produced there', () => {
  const row: SeatIntervalRow = {
    ...{ area_id: 1, seat: 1, start: t0, run: 1, status: 'final', zone: 'north', quality: 'measured' },
    ...{ meter: `0x${'11'.repeat(20)}`, account: `0x${'22'.repeat(20)}`, outcomes: [], price_ticks: null },
    ...{ import_wh: 0, export_wh: 0, bought_wh: 0, sold_wh: 0, paid: '0', received: '0', deviation_wh: 0 },
  }
  const production = new Map([
    [t0, { epoch: 1, productionWh: 100 }],
    [t0 + intervalSeconds, { epoch: 1, productionWh: 350 }],
  ])
  expect(presentSeatInterval(settings, row, production).productionWh).toBe(250)
  expect(presentSeatInterval(settings, { ...row, quality: 'missing' }, production).productionWh).toBeNull()
})
