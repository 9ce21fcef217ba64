/** The page's address: which view it names, and links that change it without loading the page anew. */
import { type AnchorHTMLAttributes, useSyncExternalStore } from 'react'

/** What an address names; `area` is what stands behind `/areas/` in it: a market area’s number or slug. */
export type PageAddress = { area: string | null } & (
  | { view: 'neighbourhood' | 'account' | 'areas' | 'nobody' }
  | { view: 'person'; person: string }
  | { view: 'join'; code: string | null }
)

export function addressOf(path: string): PageAddress {
  const parts = path.split('/').filter((part) => part !== '')
  if (parts[0] !== 'areas') return { area: null, ...viewOf(parts) }
  if (parts.length === 1) return { area: null, view: 'areas' }
  return { area: decoded(parts[1]!), ...viewOf(parts.slice(2)) }
}

function viewOf([first, second, ...rest]: readonly string[]) {
  if (first === undefined) return { view: 'neighbourhood' } as const
  if (rest.length > 0) return { view: 'nobody' } as const
  if (first === 'people' && second !== undefined) return { view: 'person', person: decoded(second) } as const
  if (first === 'account' && second === undefined) return { view: 'account' } as const
  if (first === 'join') return { view: 'join', code: second === undefined ? null : decoded(second) } as const
  return { view: 'nobody' } as const
}

/** Where a page of an area lies: `/join` of the area at `/areas/hill` is `/areas/hill/join`; of the only one it is `/join`. */
export function pathIn(area: string | null, rest: string): string {
  if (area === null) return rest
  return `/areas/${encodeURIComponent(area)}${rest === '/' ? '' : rest}`
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

/** Makes paths of the area that the address names. */
export function usePathHere(): (rest: string) => string {
  const { area } = useAddress()
  return (rest) => pathIn(area, rest)
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
