/** The gas that the documents name against the snapshot, which holds every call. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Interface } from 'ethers'
import { expect, test } from 'vitest'
import {
  accountInterface,
  accountsInterface,
  escrowInterface,
  revocationsInterface,
} from '../../contracts/build/deploy.ts'

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
const signature = snapshot("settle: a watcher's signature")
const sum = (...calls: string[]) => calls.map((call) => written(snapshot(call))).join(' + ')
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
    `grid operator’s office, showing that it is there | ${sum('offerGrid', 'acceptGrid')}; ${sum('showPresence')} |`,
    `| a successor’s claim, dismissing an operator | ${sum('claimSuccession', 'dismissOperator')} |`,
    `| moving a purse to another seat: request, claim | ${sum('requestMove', 'claim: a purse that moves')} |`,
    `announcing a batch, refusing one | ${written(signature)}; ${sum('announceBatch', 'refuseBatch')} |`,
    `taking back what was granted | ${sum('accounts.open', 'revocations.revoke')} |`,
    `asking for a withdrawal, an approval | ${sum('openSeat: with a passkey')}; ${sum('requestWithdrawal: with a passkey')}; ${sum('account.execute: an approval')} |`,
    `| its recovery: request, objection or end; another passkey | ${sum('account.requestRecovery')}; ${sum('account.vetoRecovery')} or ${sum('account.finishRecovery')}; ${sum('account.changeOwner')} |`,
    `each signature of a batch costs ${written(signature)} gas more`,
    `Two signatures are ${written(2 * signature)} a batch: of 200 entries with ${written(entry)} each ${((100 * 2 * signature) / (200 * entry)).toFixed(1)} %`,
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

test('every call that changes something is in the gas snapshot', () => {
  const calls = (face: Interface, prefix = '') =>
    face.fragments.flatMap((own) => {
      const changes = own.type === 'function' && !/ (view|pure) /.test(own.format('full'))
      return changes ? [`${prefix}${(own as unknown as { name: string }).name}`] : []
    })
  const all = [
    ...calls(escrowInterface),
    ...calls(accountsInterface, 'accounts.'),
    ...calls(accountInterface, 'account.'),
    ...calls(revocationsInterface, 'revocations.'),
  ]
  expect(all.length).toBeGreaterThan(30)
  const kept = Object.keys(gas).map((name) => name.split(':')[0])
  // The factory opens an account with its own call.
  expect(all.filter((call) => !kept.includes(call))).toEqual(['account.open'])
})
