/**
 * The languages of the page and the one in which it speaks. Every text that a person reads lies in a catalogue, once in each
 * language; the project does not compile where a text is missing in one of them. A further language is one more name in this
 * list.
 */
import { useSyncExternalStore } from 'react'

/** What each language calls itself. */
export const pageLanguages = { en: 'English', de: 'Deutsch' } as const
export type PageLanguage = keyof typeof pageLanguages

const place = 'commonwatt.language'

function isLanguage(text: string | null | undefined): text is PageLanguage {
  return text !== null && text !== undefined && Object.hasOwn(pageLanguages, text)
}

/** The first of a reader's languages that the page speaks ("de-AT" is German); English where it speaks none of them. */
export function preferred(read: readonly string[]): PageLanguage {
  return read.map((tag) => tag.slice(0, 2).toLowerCase()).find(isLanguage) ?? 'en'
}

function remembered(): string | null {
  try {
    return localStorage.getItem(place)
  } catch {
    // This browser keeps nothing.
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

/** Changes the language and keeps the choice. The part that draws the page watches the language and draws everything anew. */
export function chooseLanguage(next: PageLanguage): void {
  current = next
  try {
    localStorage.setItem(place, next)
  } catch {
    // Where it cannot be kept, the choice holds as long as the page is open.
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

/** A text that others wrote, in one language or in each of the page's languages, as the page shows it now. */
export function inPageLanguage(text: string | Readonly<Record<PageLanguage, string>>): string {
  return typeof text === 'string' ? text : text[current]
}

/** The texts of one part of the page. When it is called, it returns those of the language in which the page speaks. */
export interface Catalogue<Texts> {
  (): Texts
  readonly texts: Readonly<Record<PageLanguage, Texts>>
}

/** Makes a catalogue. The English texts decide which texts there are; the other languages must have all of them. */
export function catalogue<Texts extends object>(
  texts: { readonly en: Texts } & Readonly<Record<PageLanguage, NoInfer<Texts>>>,
): Catalogue<Texts> {
  return Object.assign(() => texts[current], { texts })
}
