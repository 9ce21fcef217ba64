/** "Use this device's fingerprint, face or PIN": makes an account of a passkey, or opens the one that is there. */
import { useMutation } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import type { AreaResource } from '../../server/api/resources.ts'
import { Trouble, Waiting } from '../page/card.tsx'
import { askingPasskey, keptPasskeys } from './kept-passkeys.ts'
import { useVisitor } from './session.tsx'

const Recover = lazy(() => import('./recover.tsx'))

export function PasskeyAccount({ area }: { area: AreaResource }) {
  const { setOwn } = useVisitor()
  const [kept] = useState(keptPasskeys)
  const use = useMutation({
    mutationFn: async (way: 'make' | 'open' | 'find') => {
      const passkeys = await import('./passkey.ts')
      if (way === 'make') return passkeys.makePasskeyAccount(area)
      return way === 'open' ? passkeys.identityOfPasskey(kept[0]!) : passkeys.findPasskeyAccount(area)
    },
    onSuccess: setOwn,
  })
  const [isLost, setIsLost] = useState(() => askingPasskey() !== null)
  const main = kept.length > 0 ? 'open' : 'make'
  return (
    <>
      <button type="button" className="primary" disabled={use.isPending} onClick={() => use.mutate(main)}>
        {use.isPending
          ? 'Waiting for the device…'
          : main === 'open'
            ? 'Open my account with fingerprint, face or PIN'
            : 'Use this device’s fingerprint, face or PIN'}
      </button>
      <p className="explain">
        {main === 'open'
          ? `The account ${kept[0]!.account.slice(0, 8)}…${kept[0]!.account.slice(-4)} is kept by this device.`
          : 'Your device keeps the account, asks for nothing to remember, and signs only when you say so. It asks once to make the account and once to sign in.'}
      </p>
      <Trouble error={use.error} />
      <p className="explain">
        <button type="button" className="quiet" disabled={use.isPending} onClick={() => use.mutate('find')}>
          I have a passkey already
        </button>
        {main === 'open' && (
          <button type="button" className="quiet" disabled={use.isPending} onClick={() => use.mutate('make')}>
            Make another account
          </button>
        )}
        <button type="button" className="quiet" aria-expanded={isLost} onClick={() => setIsLost(!isLost)}>
          I lost my passkey
        </button>
      </p>
      {isLost && (
        <Suspense fallback={<Waiting />}>
          <Recover area={area} />
        </Suspense>
      )}
    </>
  )
}
