/** The form "Use this device's fingerprint, face or PIN": it makes an account of a passkey, or opens the one that is there. */
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { AreaResource } from '../../server/api/resources.ts'
import { part } from '../api/part.ts'
import { Trouble, Waiting } from '../page/card.tsx'
import { later } from '../page/later.tsx'
import { askingPasskey, keptPasskeys } from './kept-passkeys.ts'
import { useVisitor } from './session.tsx'
import { sessionWords } from './words.ts'

const Recover = later(() => import('./recover.tsx'), Waiting)

export function PasskeyAccount({ area }: { area: AreaResource }) {
  const said = sessionWords()
  const { setOwn } = useVisitor()
  const [kept] = useState(keptPasskeys)
  const use = useMutation({
    mutationFn: async (way: 'make' | 'open' | 'find') => {
      const passkeys = await part(() => import('./passkey.ts'))
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
        {use.isPending ? said.waitingDevice : main === 'open' ? said.openWithDevice : said.useDevice}
      </button>
      <p className="explain">
        {main === 'open'
          ? said.isKept(`${kept[0]!.account.slice(0, 8)}…${kept[0]!.account.slice(-4)}`)
          : said.deviceKeeps}
      </p>
      <Trouble error={use.error} />
      <p className="explain">
        <button type="button" className="quiet" disabled={use.isPending} onClick={() => use.mutate('find')}>
          {said.havePasskey}
        </button>
        {main === 'open' && (
          <button type="button" className="quiet" disabled={use.isPending} onClick={() => use.mutate('make')}>
            {said.makeAnother}
          </button>
        )}
        <button type="button" className="quiet" aria-expanded={isLost} onClick={() => setIsLost(!isLost)}>
          {said.lostPasskey}
        </button>
      </p>
      {isLost && <Recover area={area} />}
    </>
  )
}
