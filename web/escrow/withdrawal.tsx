/**
 * The card for money out of the purse, in two steps: ask, wait for the delay, collect. Until it is collected, the request can
 * be taken back.
 */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { AreaResource, SeatResource } from '../../server/api/resources.ts'
import { part } from '../api/part.ts'
import { currencySign, exactMoney, moneyWords, signOf, typedAmount } from '../money/format.ts'
import { Act } from '../page/act.tsx'
import { TransactionLink, Trouble } from '../page/card.tsx'
import { useSession } from '../session/session.tsx'
import { duration, localMoment, useNow } from '../time/clock.ts'
import { AmountForm } from './amount-form.tsx'
import { checkAmount, endsBuying, mostToAsk, takesHeldBack, toBuyWith } from './purse.ts'
import { moneyTexts } from './words.tsx'

interface WithdrawalProps {
  area: AreaResource
  seat: SeatResource
  /** The name of the money here. */
  word: 'payout' | 'withdrawal'
}

export function WithdrawalCard({ area, seat, word }: WithdrawalProps) {
  const said = moneyTexts()
  /** The typed amount. Null stands for the largest possible amount, which grows while more is earned. */
  const [typed, setTyped] = useState<string | null>('')
  const { request, cancel, collect } = useWithdrawal(area, seat, () => setTyped(''))
  const most = mostToAsk(seat)
  const text = typed ?? typedAmount(most)
  const decimals = area.priceDecimals + 3
  const { amount, fault } = checkAmount(text, { decimals, most })
  const delay = duration(area.chain.withdrawalDelaySeconds)
  const isLast = amount !== null && endsBuying(seat, amount)
  const notes = [
    isLast && said.endsBuying,
    // Whoever takes all and buys is told in any case: what is held back comes and goes.
    amount !== null && (isLast || takesHeldBack(seat, amount)) && said.paidFirst,
    said.twoSteps(delay),
  ]
  return (
    <div className="withdrawal">
      {seat.withdrawal && (
        <Open
          area={area}
          seat={seat}
          open={seat.withdrawal}
          collect={{ press: () => collect.mutate(), isBusy: collect.isPending }}
          cancel={{ press: () => cancel.mutate(), isBusy: cancel.isPending }}
        />
      )}
      <AmountForm
        label={seat.withdrawal ? said.requestInstead : said.request(word)}
        unit={currencySign(area.currency)}
        text={text}
        setText={setTyped}
        problem={
          fault === null
            ? null
            : fault === 'form'
              ? said.notAnAmount(decimals)
              : said.moreThanPurse(exactMoney(most, area.currency))
        }
        note={notes.filter((note) => note !== false).join(' ')}
        act={isLast ? said.askAnyway : said.ask}
        isBusy={request.isPending}
        all={signOf(most) > 0 ? () => setTyped(null) : undefined}
        submit={() => amount !== null && request.mutate(amount)}
      />
      <Trouble error={request.error ?? cancel.error ?? collect.error} />
      {request.data && !request.isPending && (
        <p className="sent" role="status">
          {said.requestSent(<TransactionLink hash={request.data.transaction} />)}
        </p>
      )}
      {cancel.data && !cancel.isPending && seat.withdrawal === null && (
        <p className="sent" role="status">
          {said.takenBack}
        </p>
      )}
      {collect.data && (
        <p className="sent" role="status">
          {said.collected(<TransactionLink hash={collect.data.transaction} />)}
        </p>
      )}
    </div>
  )
}

interface Press {
  press: () => void
  isBusy: boolean
}

function Open({
  area,
  seat,
  open,
  collect,
  cancel,
}: {
  area: AreaResource
  seat: SeatResource
  open: NonNullable<SeatResource['withdrawal']>
  collect: Press
  cancel: Press
}) {
  const said = moneyTexts()
  const remaining = (Date.parse(open.claimableAt) - useNow()) / 1000
  const stopsBuying = seat.mandate.maxBuyWh > 0 && signOf(toBuyWith(seat)) === 0
  const whenId = useId()
  return (
    <div className="step" aria-live="polite">
      <p id={whenId}>
        {said.askedFor(<strong>{moneyWords(open.amount, area.currency)}</strong>)}{' '}
        {remaining > 0 ? said.collectAt(localMoment(open.claimableAt), duration(remaining)) : said.ready}
        {open.movesTo !== null ? ` ${said.movesOver}` : open.to !== seat.account && ` ${said.goesTo(open.to)}`}
        {stopsBuying && ` ${said.nothingToBuyWith}`}
      </p>
      <p className="step-acts">
        <Act className="primary" isOff={remaining > 0 || collect.isBusy} describedBy={whenId} press={collect.press}>
          {collect.isBusy ? said.sending : said.collect}
        </Act>{' '}
        <Act className="quiet" isOff={cancel.isBusy} press={cancel.press}>
          {cancel.isBusy ? said.signing : said.cancel}
        </Act>
      </p>
    </div>
  )
}

function useWithdrawal(area: AreaResource, seat: SeatResource, asked: () => void) {
  const session = useSession()
  const queries = useQueryClient()
  const renew = () => {
    void queries.invalidateQueries({ queryKey: ['seats', session.account] })
    void queries.invalidateQueries({ queryKey: ['wallet', session.account] })
  }
  const relay = () => part(() => import('./relay.ts'))
  const request = useMutation({
    mutationFn: async (amount: string) => (await relay()).requestWithdrawal(session, area, seat, { amount }),
    onSuccess: () => {
      asked()
      renew()
    },
  })
  const cancel = useMutation({
    // A new request replaces the one before it, so a request for nothing leaves none.
    mutationFn: async () => (await relay()).requestWithdrawal(session, area, seat, { amount: '0' }),
    onSuccess: () => {
      request.reset()
      renew()
    },
  })
  const collect = useMutation({
    mutationFn: async () => (await relay()).claim(session, seat),
    onSuccess: renew,
  })
  return { request, cancel, collect }
}
