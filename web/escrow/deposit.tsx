/** Money into the escrow: the account signs a permit for exactly this amount, and the server sends it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { AreaResource, SeatResource } from '../../server/api/resources.ts'
import { walletQuery } from '../api/queries.ts'
import { exceeds, moneyWords, readAmount } from '../money/format.ts'
import { TransactionLink, Trouble } from '../page/card.tsx'
import { useSession } from '../session/session.tsx'
import { moneyTexts } from './words.tsx'

export function Deposit({ area, seat }: { area: AreaResource; seat: SeatResource }) {
  const said = moneyTexts()
  const session = useSession()
  const queries = useQueryClient()
  const fieldId = useId()
  const [text, setText] = useState('')
  const wallet = useQuery(walletQuery(session, area.area))
  const send = useMutation({
    mutationFn: async (amount: string) => {
      // The permit's nonce must be the token's newest.
      const current = await queries.fetchQuery({ ...walletQuery(session, area.area), staleTime: 0 })
      return (await import('./relay.ts')).deposit(session, area, seat, current, amount)
    },
    onSuccess: () => {
      setText('')
      void queries.invalidateQueries({ queryKey: ['seats', session.account] })
      void queries.invalidateQueries({ queryKey: ['wallet', session.account] })
    },
  })
  const amount = readAmount(text, area.chain.tokenDecimals)
  const tooMuch = amount !== null && wallet.data !== undefined && exceeds(amount, wallet.data.tokens)
  return (
    <form
      className="amount-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (amount && !tooMuch) send.mutate(amount)
      }}
    >
      <label htmlFor={fieldId}>{said.add}</label>
      <div className="amount-row">
        <input
          id={fieldId}
          inputMode="decimal"
          autoComplete="off"
          placeholder="0.00"
          value={text}
          onChange={(event) => setText(event.target.value)}
          aria-invalid={(text !== '' && amount === null) || tooMuch}
        />
        <span className="amount-unit">{area.currency}</span>
        <button type="submit" disabled={amount === null || tooMuch || send.isPending}>
          {send.isPending ? said.signing : said.deposit}
        </button>
      </div>
      <p className="explain">
        {wallet.data && said.inWallet(moneyWords(wallet.data.tokens, area.currency))}
        {tooMuch ? said.moreThanWallet : said.thisAmountOnly}
      </p>
      <Trouble error={send.error ?? wallet.error} />
      {send.data && !send.isPending && (
        <p className="sent" role="status">
          {said.depositSent(<TransactionLink hash={send.data.transaction} />)}
        </p>
      )}
    </form>
  )
}
