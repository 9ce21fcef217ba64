/**
 * The ways to sign in with one's own account: a passkey, a key on this device, the browser's wallet, or a key that stays in
 * this tab's memory.
 */

import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect, useId, useState } from 'react'
import type { AreaResource } from '../../server/api/resources.ts'
import { part } from '../api/part.ts'
import { Act } from '../page/act.tsx'
import { Card, Trouble, Waiting } from '../page/card.tsx'
import { formWords } from '../page/form-words.ts'
import { DeviceAccount } from './device-account.tsx'
import { hasPasskeys } from './kept-passkeys.ts'
import { PasskeyAccount } from './passkey-account.tsx'
import { useVisitor } from './session.tsx'
import { type FoundWallet, watchWallets } from './wallets.ts'
import { sessionWords } from './words.ts'

export default function OwnAccount({ area }: { area: AreaResource }) {
  const said = sessionWords()
  const { setOwn } = useVisitor()
  const fieldId = useId()
  const [wallets, setWallets] = useState<FoundWallet[]>([])
  useEffect(() => watchWallets(setWallets), [])
  const [text, setText] = useState('')
  const wallet = useMutation({
    mutationFn: async (found?: FoundWallet) =>
      (await part(() => import('./wallet.ts'))).identityOfWallet(found?.provider, area.chain.chainId),
    onSuccess: setOwn,
  })
  const key = useMutation({
    mutationFn: async () => (await part(() => import('./keys.ts'))).identityOfKey(text),
    onSuccess: (identity) => {
      setText('')
      setOwn(identity)
    },
  })
  const passkeys = useQuery({ queryKey: ['has-passkeys'], queryFn: hasPasskeys, staleTime: Number.POSITIVE_INFINITY })
  if (passkeys.isPending) return <Waiting />
  const offersPasskey = passkeys.data === true && area.chain.accounts !== undefined
  const others = (
    <>
      <DeviceAccount />
      <h3>{said.bringOne}</h3>
      <p>{said.signMessage}</p>
      <p className="wallets">
        {wallets.length === 0 && (
          <button type="button" onClick={() => wallet.mutate(undefined)} disabled={wallet.isPending}>
            {said.useWallet}
          </button>
        )}
        {wallets.map((found) => (
          <button key={found.id} type="button" onClick={() => wallet.mutate(found)} disabled={wallet.isPending}>
            {found.icon && <img src={found.icon} alt="" width="18" height="18" />}{' '}
            {found.name === null ? said.useWallet : said.namedWallet(found.name)}
          </button>
        ))}
      </p>
      <Trouble error={wallet.error} />
      <form
        className="amount-form"
        onSubmit={(event) => {
          event.preventDefault()
          key.mutate()
        }}
      >
        <label htmlFor={fieldId}>{said.pasteKey}</label>
        <div className="amount-row">
          <input
            id={fieldId}
            type="password"
            autoComplete="off"
            spellCheck={false}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <Act isSubmit isOff={text === '' || key.isPending} why={text === '' ? formWords().fillIn : null}>
            {said.signIn}
          </Act>
        </div>
        <p className="explain">{said.keyStays}</p>
      </form>
      <Trouble error={key.error} />
    </>
  )
  return (
    <Card title={said.myAccount} className="sign-in">
      {offersPasskey ? (
        <>
          <PasskeyAccount area={area} />
          <details className="inner-more">
            <summary>{said.others}</summary>
            {others}
          </details>
        </>
      ) : (
        others
      )}
    </Card>
  )
}
