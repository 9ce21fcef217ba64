/** The choice of the page's language. Each language is listed by its own name. */
import { useEffect, useId, useRef } from 'react'
import { chooseLanguage, language, type PageLanguage, pageLanguages } from '../words/language.ts'
import { pageWords } from './words.ts'

/** Whether the language has just been changed: the page is then drawn anew, and the switch takes the focus again. */
let justChosen = false

export function LanguageSwitch() {
  const id = useId()
  const field = useRef<HTMLSelectElement>(null)
  useEffect(() => {
    if (justChosen) field.current?.focus()
    justChosen = false
  }, [])
  return (
    <span className="language-choice">
      <label htmlFor={id} className="visually-hidden">
        {pageWords().language}
      </label>
      <span className="language-code" aria-hidden="true">
        {language().toUpperCase()}
        <span className="caret" />
      </span>
      <select
        id={id}
        ref={field}
        className="language"
        value={language()}
        onChange={(event) => {
          justChosen = true
          chooseLanguage(event.target.value as PageLanguage)
        }}
      >
        {Object.entries(pageLanguages).map(([code, name]) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </select>
    </span>
  )
}
