/** What the page on settlement computes with: gas against the snapshot, which holds every call, and the worst case of a day. */
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
const pageAt = (path: string) => readFileSync(join(root, path), 'utf8').replace(/\s+/g, ' ')
const page = pageAt('docs/settlement.md')
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
    `| an entry of a meter that has had another key, of 100 | ${sum('settle: one of 100 entries with another key')} |`,
    `| changing a meter’s key | ${sum('rotateKey')} |`,
    `| changing a mandate, closing a seat | ${sum('changeMandate', 'closeSeat')} |`,
    `| revoking a meter, reporting two readings of one boundary | ${sum('revokeMeter', 'reportEquivocation')} |`,
    `| a new epoch of a meter | ${sum('startEpoch')} |`,
    `| opening an area; offering and accepting the operator’s office | ${sum('openArea')}; ${sum('offerOperator', 'acceptOperator')} |`,
    `| withdrawing the grid operator’s take, giving up a batch | ${sum('withdrawGrid', 'abandonBatch')} |`,
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
    `52 entries a year instead of 365, 52 × ${written(entry)} = ${written(52 * entry)}.`,
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
  expect(pageAt('docs/euro.md')).toContain(`A deposit by permit takes ${written(permit)} gas`)
})

test('the decision to compute every batch on chain rests on what follows from the gas snapshot', () => {
  // Of today's shape, and of the three that were measured on prototypes.
  const shapes = [entry, 8_700, 3_700, 600]
  const yearly = (gas: number) => days * gas
  const [, rows, calldata, blobs] = shapes as [number, number, number, number]
  // At which today's shape costs a household 1 € a year, in gwei.
  const worth = Number((1 / eurosOf(yearly(entry))).toFixed(3))
  const saved = (gas: number) => eurosOf((yearly(entry) - yearly(gas)) * worth).toFixed(2)
  const challenge = snapshot('settle: 1,100 entries')
  const sentences = [
    `against ${written(entry)} gas an entry today`,
    ...shapes.map((gas) => {
      const [layer2, layer1] = [eurosOf(yearly(gas) * 0.01), eurosOf(yearly(gas))].map((euros) => euros.toFixed(2))
      return `| ${written(gas)} | ${written(yearly(gas))} | ${layer2} € | ${layer1} € |`
    }),
    `the saving of ${written(entry - rows)} gas holds only`,
    `1,100 entries are ${written(challenge)} gas, ${eurosOf(challenge * 0.01).toFixed(2)} € at 0.01 gwei and ${eurosOf(challenge).toFixed(0)} € at 1 gwei`,
    `above 1 / ${eurosOf(yearly(entry)).toFixed(2)} = ${worth} gwei at the price above`,
    `a batch in calldata saves ${saved(calldata)} € and one in blobs ${saved(blobs)} € a household and year`,
    `divide today's cost by seven, ${eurosOf((yearly(entry) / 7) * worth).toFixed(2)} € at ${worth} gwei`,
  ]
  const decision = pageAt('docs/decisions/0013-every-batch-is-recomputed-on-chain.md')
  expect(sentences.filter((sentence) => !decision.includes(sentence))).toEqual([])
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

test('the worst case of a household and day is what the page computes, from the figures that the contracts are tested with', () => {
  const source = readFileSync(join(root, 'test/contracts/attacks/WorstCase.t.sol'), 'utf8')
  const figure = (name: string) =>
    Number(new RegExp(`constant ${name} = ([0-9_]+);`).exec(source)![1]!.replaceAll('_', ''))
  const [exported, imported] = [figure('EXPORT_WH') / 1_000, figure('IMPORT_WH') / 1_000]
  // In ticks of 0.0001.
  const [floor, ceiling, feedIn, retail] = ['FLOOR', 'CEILING', 'FEED_IN', 'RETAIL'].map(figure) as [
    number,
    number,
    number,
    number,
  ]
  const price = (ticks: number) => (ticks / 10_000).toFixed(2)
  const [below, above] = [feedIn - floor, ceiling - retail]
  const loss = (exported * below + imported * above) / 10_000
  const days = 1 + 3
  const sentences = [
    `*E* = ${exported} kWh, *I* = ${imported} kWh, *t* = ${price(feedIn)}, *r* = ${price(retail)}`,
    `With a floor of ${price(floor)} and a ceiling of ${price(ceiling)} that is ${exported} × ${price(below)} + ${imported} × ${price(above)} = ` +
      `${price(exported * below)} + ${price(imported * above)} = **${loss.toFixed(2)} a day**`,
    `at most ${days} × ${loss.toFixed(2)} = ${(days * loss).toFixed(2)} are at stake`,
    `(below ${2 * days} × ${loss.toFixed(2)} with the figures above, instead of ${days} ×)`,
  ]
  expect(sentences.filter((sentence) => !page.includes(sentence))).toEqual([])
})
