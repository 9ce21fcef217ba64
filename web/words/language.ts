/**
 * The page's languages and the one in which it speaks. Every text that a person reads lies in a catalogue, once in each
 * language; a text that is missing in one of them does not compile. A further language is one more name here.
 */
import { useSyncExternalStore } from 'react'

/** What each language calls itself. */
export const pageLanguages = { en: 'English', de: 'Deutsch' } as const
export type PageLanguage = keyof typeof pageLanguages

const place = 'commonwatt.language'

function isLanguage(text: string | null | undefined): text is PageLanguage {
  return text !== null && text !== undefined && Object.hasOwn(pageLanguages, text)
}

/** The first of the languages that somebody reads which the page speaks ("de-AT" is German); English where there is none. */
export function preferred(read: readonly string[]): PageLanguage {
  return read.map((tag) => tag.slice(0, 2).toLowerCase()).find(isLanguage) ?? 'en'
}

function remembered(): string | null {
  try {
    return localStorage.getItem(place)
  } catch {
    // A browser that keeps nothing.
    return null
  }
}

function first(): PageLanguage {
  if (typeof document === 'undefined') return 'en'
  const kept = remembered()
  return isLanguage(kept) ? kept : preferred(navigator.languages ?? [navigator.language])
}

let current = first()
const watchers = new Set<() => void>()

/** The language in which the page speaks now. */
export function language(): PageLanguage {
  return current
}

/** Changes the language for good. Whoever draws the page watches it and draws everything anew. */
export function chooseLanguage(next: PageLanguage): void {
  current = next
  try {
    localStorage.setItem(place, next)
  } catch {
    // It holds as long as the page is open.
  }
  for (const each of watchers) each()
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher)
  return () => watchers.delete(watcher)
}

export function useLanguage(): PageLanguage {
  return useSyncExternalStore(watch, language)
}

/** What others wrote, in one language or in each of the page's. */
export function inPageLanguage(text: string | Readonly<Record<PageLanguage, string>>): string {
  return typeof text === 'string' ? text : text[current]
}

/** The texts of a room: called, it gives those of the language in which the page speaks. */
export interface Catalogue<Texts> {
  (): Texts
  readonly texts: Readonly<Record<PageLanguage, Texts>>
}

/** English says which texts there are; the others must have them all. */
export function catalogue<Texts extends object>(
  texts: { readonly en: Texts } & Readonly<Record<PageLanguage, NoInfer<Texts>>>,
): Catalogue<Texts> {
  return Object.assign(() => texts[current], { texts })
}
