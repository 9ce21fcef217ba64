/** The page's address: which view it names, and links that change it without loading the page anew. */
import { type AnchorHTMLAttributes, useSyncExternalStore } from 'react'

/** The content of an address; `area` is the number or slug of a market area, which follows `/areas/`. */
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

/**
 * The path of a page of an area: `/join` of the area at `/areas/hill` is `/areas/hill/join`; of a server's only area it is
 * `/join`.
 */
export function pathIn(area: string | null, rest: string): string {
  if (area === null) return rest
  return `/areas/${encodeURIComponent(area)}${rest === '/' ? '' : rest}`
}

/** A part of an address, decoded. A part that cannot be decoded names nobody. */
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

/** Makes paths in the area that the address names. */
export function usePathHere(): (rest: string) => string {
  const { area } = useAddress()
  return (rest) => pathIn(area, rest)
}

/** Changes the address without loading the page anew; the browser's way back leads to the one before. */
export function goTo(path: string): void {
  window.history.pushState(null, '', path)
  for (const each of watchers) each()
}

/** A link within the page. The browser handles a click that asks for another tab or window. */
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
