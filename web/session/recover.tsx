/** The form "I lost my passkey": a new passkey of this device asks for the account, and takes it over after the delay. */

import { useMutation, useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { AreaResource } from '../../server/api/resources.ts'
import { part } from '../api/part.ts'
import { Act } from '../page/act.tsx'
import { Trouble } from '../page/card.tsx'
import { AddressField } from '../page/fields.tsx'
import { formWords } from '../page/form-words.ts'
import { duration, localMoment, useNow } from '../time/clock.ts'
import { careWords } from './care-words.tsx'
import { askingPasskey, type KeptPasskey } from './kept-passkeys.ts'
import { useVisitor } from './session.tsx'

const lookEveryMs = 3_000

export default function Recover({ area }: { area: AreaResource }) {
  const said = careWords()
  const ids = { key: useId(), hint: useId() }
  const [account, setAccount] = useState('')
  const [key, setKey] = useState('')
  const [waiting, setWaiting] = useState(askingPasskey)
  const ask = useMutation({
    mutationFn: async () =>
      (await part(() => import('./recovery.ts'))).askForAccount(area, { account, key: key.trim() === '' ? null : key }),
    onSuccess: () => {
      setKey('')
      setWaiting(askingPasskey())
    },
  })
  return (
    <>
      <form
        className="agreement-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (account.trim() !== '' && !ask.isPending) ask.mutate()
        }}
      >
        <AddressField label={said.account} address={account} setAddress={setAccount} />
        <p className="field">
          <label htmlFor={ids.key}>{said.recoveryKey}</label>
          <input
            id={ids.key}
            type="password"
            autoComplete="off"
            spellCheck={false}
            aria-describedby={ids.hint}
            value={key}
            onChange={(event) => setKey(event.target.value)}
          />
        </p>
        <p className="explain" id={ids.hint}>
          {said.hint(duration(area.chain.accounts?.recoveryDelaySeconds ?? 0))}
        </p>
        <Act
          isSubmit
          className="primary"
          isOff={account.trim() === '' || ask.isPending}
          why={account.trim() === '' ? formWords().fillIn : null}
        >
          {ask.isPending ? said.signing : said.ask}
        </Act>
      </form>
      <Trouble error={ask.error} />
      {waiting !== null && <Asked area={area} kept={waiting} />}
    </>
  )
}

function Asked({ area, kept }: { area: AreaResource; kept: KeptPasskey }) {
  const said = careWords()
  const { account } = kept
  const whenId = useId()
  const { setOwn } = useVisitor()
  const nowMs = useNow()
  const state = useQuery({
    queryKey: ['passkey-account', account],
    queryFn: async () => (await part(() => import('./passkey.ts'))).passkeyAccountAt(area.area, account),
    refetchInterval: lookEveryMs,
  })
  const take = useMutation({
    mutationFn: async () => (await part(() => import('./recovery.ts'))).takeAccountOver(area, kept),
    onSuccess: setOwn,
  })
  const from = state.data?.recoverableFrom ?? null
  if (from === null) return null
  return (
    <div className="effect" role="status">
      <p id={whenId}>{said.asked(account.slice(0, 8), localMoment(from))}</p>
      <Act isOff={Date.parse(from) > nowMs || take.isPending} describedBy={whenId} press={() => take.mutate()}>
        {take.isPending ? said.moment : said.takeOver}
      </Act>
      <Trouble error={take.error} />
    </div>
  )
}
