/** A household's statement checked against readings, mandate and chain. */
import { Wallet } from 'ethers'
import { beforeAll, expect, test } from 'vitest'
import { bytesOf, hexOf } from '../../contracts/protocol/hex.ts'
import { digestOf, signCompact, signFull } from '../../contracts/protocol/typed-data.ts'
import { chunksFor, hashBytes, siblingsOf, TreeBuilder } from '../../server/settlement/merkle.ts'
import { inLeafOrder, LeafHasher, type StatedFill, seatSeed, statementRoot } from '../../server/settlement/statement.ts'
import { readStatementFile, type StatementFile } from '../../server/settlement/statement-file.ts'
import type { SettledSeat } from '../../server/settlement/verify/settled.ts'
import { verifyStatement } from '../../server/settlement/verify/verify-statement.ts'

const domain = { chainId: 31337, escrow: `0x${'ee'.repeat(20)}` }
const start = 1_800_000_000
const end = start + 60
const stated = `0x${'5a'.repeat(32)}`
const wallet = new Wallet(`0x${'07'.repeat(32)}`)
const owner = new Wallet(`0x${'08'.repeat(32)}`)
const meter = wallet.address.toLowerCase()
const account = owner.address.toLowerCase()
const rules = `0x${'44'.repeat(32)}`
const secret = new Uint8Array(32).fill(3)

/** What seat 4 signed: to sell from 90 ticks, to buy up to 250, and to give its neighbour 5 Wh an interval for 100. */
const bounds = { account, meter, rules, market: 0, timeInForce: 0, start: start - 60, end, nonce: 1 }
const sale = { ...bounds, side: 1, limitPrice: 90, maxWh: 40 }
const purchase = { ...bounds, side: 0, limitPrice: 250, maxWh: 20 }
const gift = {
  ...{ seller: account, sellerMeter: meter, buyer: account, buyerMeter: `0x${'55'.repeat(20)}`, rules },
  ...{ kind: 0, amount: 5, price: 100, start: start - 60, end, noticeSeconds: 0, nonce: 1 },
}
const references = {
  sale: bytesOf(digestOf(domain, 'Order', sale)),
  purchase: bytesOf(digestOf(domain, 'Order', purchase)),
  gift: bytesOf(digestOf(domain, 'Agreement', gift)),
}

/** Seat 4 sells 25 and 20 Wh at 100 ticks, gives 5, and buys 10 Wh at 200; others are in the batch too. */
const own: StatedFill[] = [
  { start, stage: 'spot', reference: references.sale, side: 'sell', energyWh: 25, amount: 2_500 },
  { start, stage: 'agreements', reference: references.gift, side: 'sell', energyWh: 5, amount: 500 },
  { start: start + 10, stage: 'spot', reference: references.sale, side: 'sell', energyWh: 20, amount: 2_000 },
  { start: start + 20, stage: 'spot', reference: references.purchase, side: 'buy', energyWh: 10, amount: 2_000 },
]
const others: StatedFill[] = [
  { start, stage: 'spot', reference: Buffer.alloc(32, 3), side: 'buy', energyWh: 30, amount: 3_300 },
  { start: start + 10, stage: 'spot', reference: Buffer.alloc(32, 3), side: 'buy', energyWh: 20, amount: 2_200 },
]
const registers = [
  { time: start, importWh: 500, exportWh: 700 },
  { time: start + 10, importWh: 500, exportWh: 735 },
  { time: start + 20, importWh: 500, exportWh: 755 },
  { time: start + 30, importWh: 512, exportWh: 755 },
]

let file: StatementFile
let chain: SettledSeat
beforeAll(async () => {
  const hasher = new LeafHasher(1)
  const chunks = new Map<string, Uint8Array>()
  const tree = new TreeBuilder((level, chunk, hashes) => chunks.set(`${level} ${chunk}`, hashes))
  const stands = [
    { seat: 4, fills: inLeafOrder([...own]) },
    { seat: 5, fills: inLeafOrder([...others]) },
  ]
  for (const { seat, fills } of stands) {
    hasher.beginSeat(seat, seatSeed(secret, 1, seat))
    for (const fill of fills) tree.add(hasher.next(fill))
  }
  const count = own.length + others.length
  const range = { first: 0, length: own.length }
  const root = statementRoot({ area: 1, end, count }, tree.finish(), bytesOf(stated))
  expect(chunksFor(count, range).length).toBe(1)
  const siblings = siblingsOf(count, range, (level, chunk) => chunks.get(`${level} ${chunk}`)!)
  const readings = await Promise.all(
    registers.slice(1).map(async (values) => {
      const reading = { epoch: 1, quality: 0, ...values }
      return { ...reading, signature: await signCompact(wallet, domain, 'Reading', { meter, ...reading }) }
    }),
  )
  const orders = await Promise.all(
    [sale, purchase].map(async (order) => {
      return { order, signature: await signFull(owner, domain, 'Order', order), session: null }
    }),
  )
  const word = await signFull(owner, domain, 'Agreement', gift)
  file = readStatementFile({
    ...domain,
    ...{ area: 1, end, seat: 4, count, first: 0, seed: hexOf(seatSeed(secret, 1, 4)), stated, readings },
    leaves: stands[0]!.fills.map((fill) => ({ ...fill, reference: hexOf(fill.reference) })),
    siblings: Array.from({ length: siblings.length / hashBytes }, (_, place) => {
      return hexOf(siblings.subarray(place * hashBytes, (place + 1) * hashBytes))
    }),
    orders: orders.sort((a, b) => (digestOf(domain, 'Order', a.order) < digestOf(domain, 'Order', b.order) ? -1 : 1)),
    agreements: [{ agreement: gift, sellerSignature: word, buyerSignature: word }],
    chances: { wanted: 6, passedOver: 0 },
  })
  const terms = {
    ...{ from: start - 100, sellFloor: 90, buyCeiling: 250, maxSellWh: 40, maxBuyWh: 15, validUntil: end + 86_400 },
    ...{ version: 1, zone: null, nameplateWh: 35, grade: 1, closed: false },
  }
  chain = {
    ...{ area: 1, end, seat: 4, statementRoot: root, meter, keys: [], terms: [terms] },
    rules: { intervalSeconds: 10, confirmation: 2, settlingGrade: 1 },
    base: { epoch: 1, ...registers[0]! },
    entries: [{ epoch: 1, ...registers[3]!, soldWh: 50, boughtWh: 10, paid: 2_000n, received: 5_000n }],
  }
})

test('a statement that fits readings, mandate and chain is right', () => {
  expect(verifyStatement(file, chain)).toBeNull()
})

test('whoever traded in an interval was not passed over in it', () => {
  const chances = { wanted: 6, passedOver: 6 }
  expect(verifyStatement({ ...file, chances }, chain)).toMatch(/is said to have been passed over in 6 of 6/)
})

type Change = { file?: (file: StatementFile) => void; chain?: (chain: SettledSeat) => void }
const notSettled = /are not of the statement that was settled/
const changes: [string, RegExp, Change][] = [
  ['a changed amount', notSettled, { file: (f) => (f.leaves[0]!.amount += 1) }],
  ['another root', notSettled, { chain: (c) => (c.statementRoot = stated) }],
  ['other facts that nobody signs', notSettled, { file: (f) => (f.stated = rules) }],
  ['a leaf listed twice', /each once/, { file: (f) => f.leaves.push(f.leaves[3]!) }],
  ['a fill left out', notSettled, { file: (f) => f.leaves.splice(1, 1) }],
  ['a forged reading', /is not signed by the meter/, { file: (f) => (f.readings[0]!.exportWh += 1) }],
  ['a missing reading', /which the chain settled to, is missing/, { file: (f) => f.readings.pop() }],
  ['other registers on chain', /other registers/, { chain: (c) => (c.entries[0]!.exportWh += 1) }],
  ['a fill above the ceiling', /above the mandate's ceiling/, { chain: (c) => (c.terms[0]!.buyCeiling = 199) }],
  ['a fill below the floor', /below the mandate's floor/, { chain: (c) => (c.terms[0]!.sellFloor = 101) }],
  ['more than the nameplate', /more energy than the mandate allows/, { chain: (c) => (c.terms[0]!.nameplateWh = 29) }],
  ['a meter of another grade', /not of the grade that settles/, { chain: (c) => (c.terms[0]!.grade = 0) }],
  ['an expired mandate', /no mandate was in force/, { chain: (c) => (c.terms[0]!.validUntil = start + 15) }],
  [
    'more than was measured',
    /30 Wh traded, but beyond its own use the meter measured 29 Wh/,
    { chain: (c) => (c.base.exportWh += 6) },
  ],
  ['an unmeasured interval', /no measured reading at both ends/, { file: (f) => f.readings.shift() }],
  ['a forged order', /an order is not signed by/, { file: (f) => (f.orders[0]!.order.maxWh += 1) }],
  ['a forged agreement', /is not signed by/, { file: (f) => (f.agreements[0]!.agreement.price += 1) }],
  [
    'another payment on chain',
    /ledger units for energy bought, the chain settled 2001/,
    { chain: (c) => (c.entries[0]!.paid = 2_001n) },
  ],
]
test.each(changes)('%s is named', (_, message, change) => {
  const changed = structuredClone({ file, chain })
  change.file?.(changed.file)
  change.chain?.(changed.chain)
  expect(verifyStatement(changed.file, changed.chain)).toMatch(message)
})

test('a file that is no statement is refused with what is wrong', () => {
  expect(() => readStatementFile({ ...file, count: -1 })).toThrow(
    expect.objectContaining({ code: 'SETTLEMENT_STATEMENT', message: expect.stringContaining('count') }),
  )
})
