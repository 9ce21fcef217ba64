/** What the page makes of documents by itself: which months it offers, and which documents a typed word finds. */
import { describe, expect, it } from 'vitest'
import type { IssuedDocumentResource } from '../../server/api/document-resources.ts'
import { found } from '../../web/documents/found.ts'
import { pastMonths } from '../../web/documents/months.ts'

describe('the months', () => {
  it('are those that have ended, the newest first', () => {
    const months = pastMonths(new Date(2027, 1, 1, 0, 30).getTime())
    expect(months.slice(0, 3)).toEqual(['2027-01', '2026-12', '2026-11'])
    expect(months.at(-1)).toBe('2026-01')
  })
})

describe('a document', () => {
  const document = (member: string, number: string, point: string) =>
    ({ member, number, account: `0x${'a'.repeat(40)}`, lines: [{ point }] }) as unknown as IssuedDocumentResource
  const all = [
    document('Jörg Müller', '7-000012', 'AT0010000000000000001000000000002'),
    document('Anna Mayr', '7-000013', 'AT0010000000000000001000000000003'),
    document('Flat 7', '7-000014', 'AT0010000000000000001000000000004'),
  ]

  it.each([
    ['', 3],
    ['flat 7', 1],
    ['7', 1],
    ['7-00', 3],
    ['an', 1],
    ['muller', 1],
    ['MÜLLER jörg', 1],
    ['000013', 1],
    ['00000002', 1],
    ['anna muller', 0],
  ])('is found by %s', (wanted, count) => {
    expect(found(all, wanted)).toHaveLength(count)
  })
})
