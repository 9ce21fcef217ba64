/** The page's address: which view it names, and links that change it without loading the page anew. */
import { type AnchorHTMLAttributes, useSyncExternalStore } from 'react'

/** What an address names. */
export type PageAddress =
  | { view: 'neighbourhood' | 'account' | 'nobody' }
  | { view: 'person'; person: string }
  | { view: 'join'; code: string | null }

export function addressOf(path: string): PageAddress {
  const [first, second, ...rest] = path.split('/').filter((part) => part !== '')
  if (first === undefined) return { view: 'neighbourhood' }
  if (rest.length > 0) return { view: 'nobody' }
  if (first === 'people' && second !== undefined) return { view: 'person', person: decoded(second) }
  if (first === 'account' && second === undefined) return { view: 'account' }
  if (first === 'join') return { view: 'join', code: second === undefined ? null : decoded(second) }
  return { view: 'nobody' }
}

/** A part of an address as it was written; one that no address can hold names nobody. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

const watchers = new Set<() => void>()

function watch(watcher: () => void): () => void {
  watchers.add(watcher)
  window.addEventListener('popstate', watcher)
  return () => {
    watchers.delete(watcher)
    window.removeEventListener('popstate', watcher)
  }
}

/** The path of the address, renewed when it changes. */
export function usePath(): string {
  return useSyncExternalStore(watch, () => window.location.pathname)
}

export function useAddress(): PageAddress {
  return addressOf(usePath())
}

function goTo(path: string): void {
  window.history.pushState(null, '', path)
  for (const each of watchers) each()
}

/** A link within the page. A click that asks for another tab or window is the browser's. */
export function PageLink({ to, onClick, ...rest }: { to: string } & AnchorHTMLAttributes<HTMLAnchorElement>) {
  return (
    <a
      {...rest}
      href={to}
      onClick={(event) => {
        onClick?.(event)
        const isPlain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
        if (event.defaultPrevented || !isPlain) return
        event.preventDefault()
        goTo(to)
      }}
    />
  )
}
