/** Where money is sent and what is taken along: checked before anything is signed, and whole before it is saved. */
import { expect, test } from 'vitest'
import { readPayee } from '../../web/escrow/payee.ts'
import { intervalsCsv, isWhole, itemCount } from '../../web/leaving/take-along.ts'
import { area, intervalOf } from './resources.ts'

const checked = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'

test('an address is read with its checksum, and shown with it', () => {
  const read = { address: checked.toLowerCase(), shown: checked }
  expect(readPayee(` ${checked} `, area)).toEqual(read)
  expect(readPayee(checked.toLowerCase(), area)).toEqual(read)
  expect(readPayee(checked.replace('aA', 'AA'), area)).toEqual({ fault: 'form' })
  for (const text of ['0x12', checked.slice(2), `${checked}0`, 'somebody']) {
    expect(readPayee(text, area)).toEqual({ fault: 'form' })
  }
  expect(readPayee('', area)).toEqual({ fault: null })
})

test('nothing is sent to the market’s own addresses or to nobody', () => {
  for (const address of [area.chain.escrow, area.chain.token, `0x${'0'.repeat(40)}`]) {
    expect(readPayee(address, area)).toEqual({ fault: 'market' })
  }
})

test('what is taken along is whole or is not saved, and its intervals make a table', () => {
  const interval = intervalOf({ soldWh: 12, received: '0.0012' })
  const lines = [{ list: 'listSeats', item: {} }, { list: 'listSeatIntervals', item: interval }, { list: 'end' }]
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  expect([isWhole(text), itemCount(text)]).toEqual([true, 2])
  expect(isWhole(text.slice(0, -20))).toBe(false)
  const [header, row, rest] = intervalsCsv(text).split('\r\n')
  const cells = Object.fromEntries(header!.split(',').map((name, at) => [name, row!.split(',')[at]]))
  expect(cells).toMatchObject({ start: interval.start, soldWh: '12', received: '0.0012', pricePerKwh: '' })
  expect(rest).toBe('')
})
