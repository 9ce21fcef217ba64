/**
 * Ways for money besides those between one's own wallet and purse: in from elsewhere, out to another address, and out of a
 * passkey's wallet.
 */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getAddress, parseUnits } from 'ethers'
import { type ReactNode, useId, useState } from 'react'
import { renderSVG } from 'uqr'
import { tokenTransfer } from '../../contracts/protocol/passkey-account.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { part } from '../api/part.ts'
import { walletQuery } from '../api/queries.ts'
import { currencySign, exactMoney, moneyWords, signOf } from '../money/format.ts'
import { Act } from '../page/act.tsx'
import { Card, TransactionLink, Trouble } from '../page/card.tsx'
import { NumberField } from '../page/fields.tsx'
import { formWords } from '../page/form-words.ts'
import type { SeatViewProps } from '../page/seat-view.ts'
import { useSession } from '../session/session.tsx'
import { duration } from '../time/clock.ts'
import { actTexts } from './act-words.tsx'
import { readPayee } from './payee.ts'
import { checkAmount, mostToAsk } from './purse.ts'
import '../agreements/agreements.css'
import './money-ways.css'

export default function MoneyWays({ area, seat }: SeatViewProps) {
  const said = actTexts()
  const session = useSession()
  return (
    <Card title={said.waysTitle} className="money-ways">
      <Receive area={area} account={session.account} />
      <PayOut area={area} seat={seat} />
      {session.identity.passkey && <SendOn area={area} />}
    </Card>
  )
}

function Receive({ area, account }: { area: AreaResource; account: string }) {
  const said = actTexts()
  const [isCopied, setIsCopied] = useState(false)
  const address = getAddress(account)
  return (
    <section>
      <h3>{said.inTitle}</h3>
      <p className="explain">{said.inText(area.chain.tokenName, area.chain.chainId)}</p>
      <div className="receive">
        <img src={`data:image/svg+xml,${encodeURIComponent(renderSVG(address, { border: 2 }))}`} alt={said.qr} />
        <p>
          <code className="whole-address">{address}</code>{' '}
          <button
            type="button"
            className="quiet"
            onClick={() => void navigator.clipboard?.writeText(address).then(() => setIsCopied(true))}
          >
            {said.copy}
          </button>{' '}
          <span role="status">{isCopied && said.copied}</span>
        </p>
      </div>
    </section>
  )
}

function PayOut({ area, seat }: SeatViewProps) {
  const said = actTexts()
  const session = useSession()
  const queries = useQueryClient()
  const most = mostToAsk(seat)
  const ask = useMutation({
    mutationFn: async (payment: Payment) =>
      (await part(() => import('./relay.ts'))).requestWithdrawal(session, area, seat, payment),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['seats', session.account] }),
  })
  return (
    <section>
      <h3>{said.outTitle}</h3>
      <p className="explain">
        {said.outText(duration(area.chain.withdrawalDelaySeconds))} {seat.withdrawal && said.replaces}
      </p>
      <PaymentForm
        area={area}
        limits={{
          decimals: area.priceDecimals + 3,
          most,
          tooMuch: said.moreThanPurse(exactMoney(most, area.currency)),
        }}
        words={{ amount: said.outAmount, act: said.outAct }}
        pay={ask}
        done={(transaction) => said.outSent(<TransactionLink hash={transaction} />)}
      />
    </section>
  )
}

/**
 * Sends on the tokens that a passkey's account holds itself. Nobody else can move them, and the account has nothing to pay gas
 * with.
 */
function SendOn({ area }: { area: AreaResource }) {
  const said = actTexts()
  const session = useSession()
  const queries = useQueryClient()
  const { token, tokenDecimals: decimals } = area.chain
  const send = useMutation({
    mutationFn: async ({ amount, to }: Payment) => {
      const { execute } = await part(() => import('../session/execute.ts'))
      return execute(session, area, tokenTransfer(token, to, parseUnits(amount, decimals)))
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ['wallet', session.account] }),
  })
  // The sent money shows as soon as the chain has recorded it.
  const wallet = useQuery({ ...walletQuery(session, area.area), refetchInterval: send.data ? 3_000 : false }).data
  if (wallet === undefined || (signOf(wallet.tokens) === 0 && !send.data)) return null
  const held = moneyWords(wallet.tokens, area.currency)
  return (
    <section>
      <h3>{said.sendTitle}</h3>
      <p className="explain">{said.sendText}</p>
      <PaymentForm
        area={area}
        limits={{
          decimals,
          most: wallet.tokens,
          tooMuch: said.moreThanWallet(exactMoney(wallet.tokens, area.currency)),
        }}
        words={{ amount: `${said.sendAmount} (${held})`, act: said.sendAct }}
        pay={send}
        done={(transaction) => said.sent(<TransactionLink hash={transaction} />)}
      />
    </section>
  )
}

interface Payment {
  amount: string
  to: string
}

interface PaymentFormProps {
  area: AreaResource
  limits: { decimals: number; most: string; tooMuch: string }
  words: { amount: string; act: string }
  pay: {
    mutate: (payment: Payment, options: { onSuccess: () => void }) => void
    isPending: boolean
    error: Error | null
    data?: { transaction: string } | undefined
  }
  done: (transaction: string) => ReactNode
}

function PaymentForm({ area, limits, words, pay, done }: PaymentFormProps) {
  const said = actTexts()
  const ids = { to: useId(), note: useId(), amount: useId() }
  const [text, setText] = useState('')
  const [to, setTo] = useState('')
  const { amount, fault } = checkAmount(text, limits)
  const payee = readPayee(to, area)
  const isReady = amount !== null && 'address' in payee && !pay.isPending
  const amountProblem = fault === null ? null : fault === 'form' ? said.notAnAmount(limits.decimals) : limits.tooMuch
  const payeeProblem =
    'address' in payee || payee.fault === null ? null : payee.fault === 'form' ? said.notAnAddress : said.notThere
  const isEmpty = text.trim() === '' || to.trim() === ''
  const why = [amountProblem, payeeProblem, isEmpty && formWords().fillAll].filter(Boolean).join(' ') || null
  return (
    <form
      className="agreement-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        // The fields are emptied, so that the same transfer cannot be sent twice.
        const empty = () => {
          setText('')
          setTo('')
        }
        if (isReady) pay.mutate({ amount, to: payee.address }, { onSuccess: empty })
      }}
    >
      <NumberField
        label={`${words.amount}, ${currencySign(area.currency)}`}
        text={text}
        setText={setText}
        isWrong={fault !== null}
        describedBy={ids.amount}
      />
      <p className="field wide-field">
        <label htmlFor={ids.to}>{said.outTo}</label>
        <input
          id={ids.to}
          autoComplete="off"
          spellCheck={false}
          placeholder="0x…"
          value={to}
          onChange={(event) => setTo(event.target.value)}
          aria-invalid={payeeProblem !== null}
          aria-describedby={ids.note}
        />
      </p>
      <div className="wide-field" aria-live="polite">
        <p id={ids.amount} className={amountProblem === null ? 'explain' : 'explain wrong'}>
          {amountProblem}
        </p>
        <p id={ids.note} className={payeeProblem === null ? 'explain' : 'explain wrong'}>
          {payeeProblem ?? ('shown' in payee && said.compare(payee.shown))}
        </p>
      </div>
      <Act isSubmit isOff={!isReady} why={why}>
        {pay.isPending ? said.signing : words.act}
      </Act>
      <Trouble error={pay.error} />
      {pay.data && !pay.isPending && (
        <p className="sent wide-field" role="status">
          {done(pay.data.transaction)}
        </p>
      )}
    </form>
  )
}
