/** "Continue with this device": makes an account here, or opens the one that was made before. */
import { useMutation } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { Trouble } from '../page/card.tsx'
import { saveFile } from '../page/save-file.ts'
import { readSealedKey, type SealedKey, savedAccount, shortestPassphrase } from './saved-account.ts'
import { useVisitor } from './session.tsx'

export function DeviceAccount() {
  const [kept, setKept] = useState(savedAccount)
  return kept === null ? <NewAccount onFile={setKept} /> : <KeptAccount kept={kept} forget={() => setKept(null)} />
}

function NewAccount({ onFile }: { onFile: (kept: SealedKey) => void }) {
  const { setOwn } = useVisitor()
  const ids = { passphrase: useId(), hint: useId(), file: useId() }
  const [passphrase, setPassphrase] = useState('')
  const [isNoFile, setIsNoFile] = useState(false)
  const isLong = passphrase.length >= shortestPassphrase
  const make = useMutation({
    mutationFn: async () => (await import('./device-key.ts')).makeAccount(passphrase),
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
        <label htmlFor={ids.passphrase}>Choose a passphrase</label>
        <div className="amount-row">
          <input
            id={ids.passphrase}
            type="password"
            autoComplete="new-password"
            aria-describedby={ids.hint}
            value={passphrase}
            onChange={(event) => setPassphrase(event.target.value)}
          />
          <button type="submit" className="primary" disabled={!isLong || make.isPending}>
            {make.isPending ? 'Making the account…' : 'Continue with this device'}
          </button>
        </div>
        <p className="explain" id={ids.hint}>
          {isLong || passphrase === ''
            ? `At least ${shortestPassphrase} characters. It protects your account on this device, and nobody can give it back to you.`
            : `${shortestPassphrase - passphrase.length} more ${passphrase.length === shortestPassphrase - 1 ? 'character' : 'characters'}.`}
        </p>
      </form>
      <Trouble error={make.error} />
      <p className="explain">
        <label htmlFor={ids.file}>Or open an account that you saved as a file: </label>
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
          This file holds no account. Choose the one that was saved from this page.
        </p>
      )}
    </>
  )
}

function KeptAccount({ kept, forget }: { kept: SealedKey; forget: () => void }) {
  const { setOwn } = useVisitor()
  const fieldId = useId()
  const [passphrase, setPassphrase] = useState('')
  const open = useMutation({
    mutationFn: async () => (await import('./device-key.ts')).openAccount(kept, passphrase),
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
        <label htmlFor={fieldId}>
          Passphrase of the account {kept.account.slice(0, 8)}…{kept.account.slice(-4)}
        </label>
        <div className="amount-row">
          <input
            id={fieldId}
            type="password"
            autoComplete="current-password"
            value={passphrase}
            onChange={(event) => setPassphrase(event.target.value)}
          />
          <button type="submit" className="primary" disabled={passphrase === '' || open.isPending}>
            {open.isPending ? 'Opening…' : 'Open my account'}
          </button>
        </div>
      </form>
      <Trouble error={open.error} />
      <p className="explain">
        <button
          type="button"
          className="quiet"
          onClick={() => saveFile(JSON.stringify(kept), 'commonwatt-account.json', 'application/json')}
        >
          Save it as a file
        </button>{' '}
        <button type="button" className="quiet" onClick={forget}>
          Use another account
        </button>
      </p>
    </>
  )
}
