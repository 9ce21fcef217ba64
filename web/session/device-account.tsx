/** The form "Continue with this device": it makes an account here, or opens the one that was made before. */

import { useMutation } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { part } from '../api/part.ts'
import { Act } from '../page/act.tsx'
import { Trouble } from '../page/card.tsx'
import { formWords } from '../page/form-words.ts'
import { saveFile } from '../page/save-file.ts'
import { readSealedKey, type SealedKey, savedAccounts, shortestPassphrase } from './saved-account.ts'
import { useVisitor } from './session.tsx'
import { sessionWords } from './words.ts'

export function DeviceAccount() {
  const [accounts, setAccounts] = useState(savedAccounts)
  const [isNew, setIsNew] = useState(accounts.length === 0)
  if (!isNew) return <KeptAccounts accounts={accounts} another={() => setIsNew(true)} />
  const onFile = (kept: SealedKey) => {
    setAccounts([kept, ...accounts.filter(({ account }) => account !== kept.account)])
    setIsNew(false)
  }
  return <NewAccount onFile={onFile} />
}

function NewAccount({ onFile }: { onFile: (kept: SealedKey) => void }) {
  const said = sessionWords()
  const { setOwn } = useVisitor()
  const ids = { passphrase: useId(), hint: useId(), file: useId() }
  const [passphrase, setPassphrase] = useState('')
  const [isNoFile, setIsNoFile] = useState(false)
  const isLong = passphrase.length >= shortestPassphrase
  const make = useMutation({
    mutationFn: async () => (await part(() => import('./device-key.ts'))).makeAccount(passphrase),
    onSuccess: setOwn,
  })
  return (
    <>
      <form
        className="amount-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (isLong) make.mutate()
        }}
      >
        <label htmlFor={ids.passphrase}>{said.choosePassphrase}</label>
        <div className="amount-row">
          <input
            id={ids.passphrase}
            type="password"
            autoComplete="new-password"
            aria-describedby={ids.hint}
            value={passphrase}
            onChange={(event) => setPassphrase(event.target.value)}
          />
          <Act isSubmit className="primary" isOff={!isLong || make.isPending} describedBy={ids.hint}>
            {make.isPending ? said.making : said.continueHere}
          </Act>
        </div>
        <p className="explain" id={ids.hint}>
          {isLong || passphrase === ''
            ? said.passphraseHint(shortestPassphrase)
            : said.more(shortestPassphrase - passphrase.length)}
        </p>
      </form>
      <Trouble error={make.error} />
      <p className="explain">
        <label htmlFor={ids.file}>{said.openFile}</label>
        <input
          id={ids.file}
          type="file"
          accept="application/json"
          onChange={async (event) => {
            const text = await event.target.files?.[0]?.text()
            const kept = text === undefined ? null : readSealedKey(text)
            setIsNoFile(text !== undefined && kept === null)
            if (kept !== null) onFile(kept)
          }}
        />
      </p>
      {isNoFile && (
        <p className="trouble" role="alert">
          {said.noFile}
        </p>
      )}
    </>
  )
}

function KeptAccounts({ accounts, another }: { accounts: readonly SealedKey[]; another: () => void }) {
  const said = sessionWords()
  const { setOwn } = useVisitor()
  const fieldId = useId()
  const choiceId = useId()
  const [chosen, setChosen] = useState(0)
  const kept = accounts[chosen]!
  const [passphrase, setPassphrase] = useState('')
  const open = useMutation({
    mutationFn: async () => (await part(() => import('./device-key.ts'))).openAccount(kept, passphrase),
    onSuccess: setOwn,
  })
  return (
    <>
      <form
        className="amount-form"
        onSubmit={(event) => {
          event.preventDefault()
          open.mutate()
        }}
      >
        {accounts.length > 1 && (
          <p className="field">
            <label htmlFor={choiceId}>{said.account}</label>
            <select id={choiceId} value={chosen} onChange={(event) => setChosen(Number(event.target.value))}>
              {accounts.map((each, index) => (
                <option key={each.account} value={index}>
                  {shortAccount(each)}
                </option>
              ))}
            </select>
          </p>
        )}
        <label htmlFor={fieldId}>{said.passphraseOf(shortAccount(kept))}</label>
        <div className="amount-row">
          <input
            id={fieldId}
            type="password"
            autoComplete="current-password"
            value={passphrase}
            onChange={(event) => setPassphrase(event.target.value)}
          />
          <Act
            isSubmit
            className="primary"
            isOff={passphrase === '' || open.isPending}
            why={passphrase === '' ? formWords().fillIn : null}
          >
            {open.isPending ? said.opening : said.open}
          </Act>
        </div>
      </form>
      <Trouble error={open.error} />
      <p className="explain">
        <button
          type="button"
          className="quiet"
          onClick={() => saveFile(JSON.stringify(kept), 'commonwatt-account.json', 'application/json')}
        >
          {said.save}
        </button>{' '}
        <button type="button" className="quiet" onClick={another}>
          {said.another}
        </button>
      </p>
    </>
  )
}

function shortAccount({ account }: SealedKey): string {
  return `${account.slice(0, 8)}…${account.slice(-4)}`
}
