/** The gas that the documents name against the snapshot. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/settlement.md'), 'utf8').replace(/\s+/g, ' ')
const gas = JSON.parse(readFileSync(join(root, 'test/contracts/gas/gas.json'), 'utf8')) as Record<string, string>
const snapshot = (call: string) => Number(gas[call])
const written = (value: number) => value.toLocaleString('en')

/** What the page computes with. */
const homes = 10_000
const days = 365
const withdrawals = 4
const eurosOf = (gwei: number) => gwei * 1e-9 * 3_000

const [entry, part] = [snapshot('settle: one of 200 entries'), snapshot('settle: one of 100 entries of a part')]
const [request, claim] = [snapshot('requestWithdrawal'), snapshot('claim')]
const [open, confirm, permit] = [snapshot('openSeat'), snapshot('confirmMeter'), snapshot('depositWithPermit')]
const settling = days * entry
const leaving = withdrawals * (request + claim)
const year = settling + leaving
const calldata = days * 96
const chain = days * (96 + 32)
const execution = eurosOf(year * 0.01)
const data = eurosOf(calldata + 2_000)
const together = Number((execution + data).toFixed(2))

test('the page on settlement says what follows from the gas snapshot', () => {
  const sentences = [
    `| an entry of a batch of 200 | ${written(entry)} |`,
    `| an entry of one of several parts, of 100 | ${written(part)} |`,
    `| opening a seat, confirming a meter | ${written(open)} + ${written(confirm)} |`,
    `| deposit by permit | ${written(permit)} |`,
    `| withdrawal: request, claim | ${written(request)} + ${written(claim)} |`,
    `365 × ${written(entry)} + 4 × (${written(request)} + ${written(claim)}) = ${written(settling)} + ${written(leaving)} = **${written(year)} gas a year**`,
    `once ${written(open + confirm)} more for opening and confirmation`,
    `${written(settling)} + 4 × ${written(permit)} = ${written(settling + 4 * permit)}.`,
    `${written(entry)} / 96 = ${Math.round(entry / 96)} gas for an interval`,
    `365 × 96 = ${written(calldata)} bytes a year`,
    `1,100 entries (${written(snapshot('settle: 1,100 entries'))} gas)`,
    `1,100 × ${written(86_400 / 5)} = ${Math.round((1_100 * 86_400) / 5 / 1e6)} million households a day`,
    `365 × 128 = ${written(chain)} bytes per household and year, ${((chain * homes) / 1e9).toFixed(2)} GB for ${written(homes)} homes`,
    `4 × 300 / ${written(homes)} = **${((4 * 300) / homes).toFixed(2)} € per household and year**`,
    `${written(year)} × 0.01 × 10⁻⁹ × 3,000 € = ${execution.toFixed(2)} €`,
    `(${written(calldata)} + some 2,000 for withdrawals) × 10⁻⁹ × 3,000 € = ${data.toFixed(2)} €`,
    `together **${together.toFixed(2)} € per household and year**; at ten times these prices ${(10 * together).toFixed(2)} €`,
    `${written(year)} × 10⁻⁹ × 3,000 € = ${eurosOf(year).toFixed(2)} € a year`,
  ]
  expect(sentences.filter((sentence) => !page.includes(sentence))).toEqual([])
})
