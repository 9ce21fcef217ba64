/** The languages in which the server speaks. */
import { english } from './english.ts'
import type { Language } from './language.ts'

export const languages = { en: english } as const satisfies Record<string, Language>
