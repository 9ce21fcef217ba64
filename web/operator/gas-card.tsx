/** The gas that is left to the keys that settle and relay, and how much of their allowance was spent for people. */
import type { OperationResource } from '../../server/api/operation-resources.ts'
import { count, typedAmount } from '../money/format.ts'
import { Card, Empty } from '../page/card.tsx'
import { paymentsLeft } from './state.ts'
import { operatorWords } from './words.ts'

interface GasProps {
  operation: Pick<OperationResource, 'keys' | 'relay'>
  gasOfPayment: number | null
}

/** How many decimals of the chain's coin are shown. */
const shownDecimals = 6

export function GasCard({ operation: { keys, relay }, gasOfPayment }: GasProps) {
  const said = operatorWords()
  return (
    <Card title={said.gas}>
      {keys.length === 0 && <Empty>{said.noKeys}</Empty>}
      {keys.map(({ address, does, coins, gasLeft }) => (
        <dl key={address} className="facts" aria-label={said.doing[does]}>
          <div className="wide-fact">
            <dt>
              {said.key}: {said.doing[does]}
            </dt>
            <dd>
              <code className="address">{address}</code>
            </dd>
          </div>
          <div>
            <dt>{said.has}</dt>
            <dd title={coins}>{typedAmount(shortened(coins))}</dd>
          </div>
          <div>
            <dt>{said.lasts}</dt>
            <dd>{lasting(gasLeft, does === 'settles' ? gasOfPayment : null)}</dd>
          </div>
        </dl>
      ))}
      {relay === null ? <p className="explain">{said.noRelay}</p> : <Relayed relay={relay} />}
    </Card>
  )
}

function Relayed({ relay: { spent, most } }: { relay: NonNullable<OperationResource['relay']> }) {
  const said = operatorWords()
  const of = (used: typeof spent.all, at: typeof spent.all) => (
    <dd>
      {said.relayedOf(count(used.transactions), count(at.transactions))}
      <small>{said.relayedGas(count(used.gas), count(at.gas))}</small>
    </dd>
  )
  return (
    <dl className="facts" aria-label={said.relayed}>
      <div>
        <dt>{said.relayed}</dt>
        {of(spent.all, most.all)}
      </div>
      <div>
        <dt>{said.ofGrid}</dt>
        {of(spent.grid, most.grid)}
      </div>
      <div>
        <dt>{said.ofAccount}</dt>
        <dd>{said.ofAccountIs(count(most.account.transactions), count(most.account.gas))}</dd>
      </div>
    </dl>
  )
}

/** Above this number of payments, the page says only that the gas lasts long. */
const manyPayments = 1_000_000n
/** A number of gas that no relayed transaction exceeds. */
const largestGas = 1_000_000n

function lasting(gasLeft: string | null, gasOfPayment: number | null): string {
  const said = operatorWords()
  if (gasLeft === null) return said.free
  const payments = paymentsLeft(gasLeft, gasOfPayment)
  if (payments === null) {
    return BigInt(gasLeft) > manyPayments * largestGas ? said.lastsLongGas : said.lastsGas(count(Number(gasLeft)))
  }
  if (payments > manyPayments) return said.lastsLong
  return said.lastsOf(count(Number(payments)), payments === 1n)
}

function shortened(amount: string): string {
  const [whole, decimals = ''] = amount.split('.') as [string, string?]
  return `${whole}.${decimals.slice(0, shownDecimals)}`
}
