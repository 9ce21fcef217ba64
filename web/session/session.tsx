/** The session of the account that the page's address names: that of a person of the demo, or the visitor's own. */
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useState } from 'react'
import { slugOf } from '../../contracts/protocol/slug.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { type Asker, peopleQuery } from '../api/queries.ts'
import { useAddress } from '../page/address.tsx'
import type { Identity } from './identity.ts'
import { identityOfPerson } from './person.ts'
import { signIn } from './sign-in.ts'

interface Visitor {
  /** The account that the visitor brought along; it lives as long as the tab. */
  own: Identity | null
  setOwn: (identity: Identity) => void
  /** Forgets an account whose session has ended, in every tab of this browser. */
  leave: (account: string) => void
}

const VisitorContext = createContext<Visitor>({ own: null, setOwn: () => {}, leave: () => {} })

/** Where the tabs of a browser tell each other who has signed out. */
const signedOut = 'commonwatt.signed-out'

export function VisitorProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient()
  const [own, setOwn] = useState<Identity | null>(null)
  const forget = useCallback(
    (account: string) => {
      // The server tells the browser to delete its own copies; the data in the page's memory is deleted here.
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey.includes(account) })
      setOwn((identity) => (identity?.account === account ? null : identity))
    },
    [queries],
  )
  useEffect(() => {
    const told = ({ key, newValue }: StorageEvent) => {
      if (key === signedOut && newValue !== null) forget(newValue)
    }
    window.addEventListener('storage', told)
    return () => window.removeEventListener('storage', told)
  }, [forget])
  const visitor = useMemo(() => {
    const leave = (account: string) => {
      forget(account)
      localStorage.setItem(signedOut, account)
      localStorage.removeItem(signedOut)
    }
    return { own, setOwn, leave }
  }, [own, forget])
  return <VisitorContext value={visitor}>{children}</VisitorContext>
}

export function useVisitor(): Visitor {
  return use(VisitorContext)
}

/** The identity that the page's address names, or null on public pages. */
export function useIdentity(): Identity | null {
  const place = useAddress()
  const slug = place.view === 'person' ? place.person : undefined
  const onAccountPage = place.view === 'account' || place.view === 'join'
  const people = useQuery(peopleQuery).data
  const { own } = useVisitor()
  const person = slug === undefined ? undefined : people?.find((each) => slugOf(each.name) === slug)
  return useMemo(() => {
    if (person) return identityOfPerson(person)
    return onAccountPage ? own : null
  }, [person, onAccountPage, own])
}

/** The session of an identity, which signs in again shortly before the session ends. */
export function sessionQuery(identity: Identity | null, area: AreaResource | undefined) {
  return queryOptions({
    queryKey: ['session', identity?.account],
    queryFn: () => signIn(identity!, area!.chain.chainId),
    enabled: identity !== null && area !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: ({ state }) =>
      state.data
        ? Math.min(2 ** 31 - 1, Math.max(10_000, Date.parse(state.data.expiresAt) - Date.now() - 60_000))
        : false,
  })
}

export interface Session extends Asker {
  identity: Identity
}

const SessionContext = createContext<Session | null>(null)
export const SessionProvider = SessionContext

/** The signed-in session, or null on pages that anybody may see. */
export function useOptionalSession(): Session | null {
  return use(SessionContext)
}

/** The signed-in session; only for parts that are shown when somebody is signed in. */
export function useSession(): Session {
  const session = use(SessionContext)
  if (!session) throw new Error('shown outside a session')
  return session
}
