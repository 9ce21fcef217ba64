/** Money into the purse: the account signs a permit for exactly this amount, and the server sends it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { AreaResource, SeatResource } from '../../server/api/resources.ts'
import { part } from '../api/part.ts'
import { walletOf, walletQuery } from '../api/queries.ts'
import { currencySign, exactMoney, moneyWords } from '../money/format.ts'
import { TransactionLink, Trouble } from '../page/card.tsx'
import { useSession } from '../session/session.tsx'
import { AmountForm } from './amount-form.tsx'
import { checkAmount } from './purse.ts'
import { moneyTexts } from './words.tsx'

export function Deposit({ area, seat }: { area: AreaResource; seat: SeatResource }) {
  const said = moneyTexts()
  const session = useSession()
  const queries = useQueryClient()
  const [text, setText] = useState('')
  const wallet = useQuery(walletQuery(session, area.area))
  const send = useMutation({
    mutationFn: async (amount: string) => {
      // The permit must carry the nonce that the token expects next.
      const current = await walletOf(session, area.area)
      return (await part(() => import('./relay.ts'))).deposit(session, area, seat, current, amount)
    },
    onSuccess: () => {
      setText('')
      void queries.invalidateQueries({ queryKey: ['seats', session.account] })
      void queries.invalidateQueries({ queryKey: ['wallet', session.account] })
    },
  })
  const decimals = area.chain.tokenDecimals
  const { amount, fault } = checkAmount(text, { decimals, most: wallet.data?.tokens })
  const inWallet = (words: typeof moneyWords) =>
    wallet.data === undefined ? '' : said.inWallet(words(wallet.data.tokens, area.currency))
  return (
    <>
      <AmountForm
        label={said.add}
        unit={currencySign(area.currency)}
        text={text}
        setText={setText}
        problem={
          fault === null
            ? null
            : fault === 'form'
              ? said.notAnAmount(decimals)
              : `${inWallet(exactMoney)}${said.moreThanWallet}`
        }
        note={`${inWallet(moneyWords)}${said.thisAmountOnly}`}
        act={said.deposit}
        isBusy={send.isPending}
        submit={() => amount !== null && send.mutate(amount)}
      />
      <Trouble error={send.error ?? wallet.error} />
      {send.data && !send.isPending && (
        <p className="sent" role="status">
          {said.depositSent(<TransactionLink hash={send.data.transaction} />)}
        </p>
      )}
    </>
  )
}
