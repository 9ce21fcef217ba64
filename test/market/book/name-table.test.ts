/** The table of names in the forward book. */
import { expect, test } from 'vitest'
import { NameTable } from '../../../server/market/book/name-table.ts'

test('names keep the serial numbers of their first mention', () => {
  const table = new NameTable()
  const serials = Array.from({ length: 20_000 }, (_, i) => table.add(`order-${i}`))
  expect(serials).toEqual(serials.map((_, i) => i))
  for (let i = 0; i < 20_000; i++) {
    expect(table.find(`order-${i}`)).toBe(i)
    expect(table.add(`order-${i}`)).toBe(i)
    expect(table.name(i)).toBe(`order-${i}`)
  }
  expect([table.find('order-20000'), table.find('')]).toEqual([-1, -1])
})

test('names chosen to collide are told apart all the same', () => {
  const names = collidingNames(7)
  expect(new Set(names).size).toBe(128)
  const table = new NameTable()
  for (const [i, name] of names.entries()) expect(table.add(name)).toBe(i)
  for (let i = 0; i < 5000; i++) table.add(`filler-${i}`)
  for (const [i, name] of names.entries()) expect(table.find(name)).toBe(i)
})

/** 2ⁿ names of one FNV-1a hash: n times a pair of blocks that lead from the same state to the same next state. */
function collidingNames(pairs: number): string[] {
  let names = ['']
  let state = 0x811c9dc5
  for (let i = 0; i < pairs; i++) {
    const seen = new Map<number, string>()
    for (let block = 0; ; block++) {
      const text = block.toString(36).padStart(6, '0')
      let next = state
      for (let k = 0; k < text.length; k++) next = Math.imul(next ^ text.charCodeAt(k), 0x01000193)
      const other = seen.get(next)
      if (other !== undefined) {
        names = names.flatMap((name) => [name + other, name + text])
        state = next
        break
      }
      seen.set(next, text)
    }
  }
  return names
}
