/** A form for one amount of money, checked while it is typed. */
import { useId } from 'react'
import { Act } from '../page/act.tsx'
import { moneyTexts } from './words.tsx'

interface AmountFormProps {
  label: string
  unit: string
  text: string
  setText: (text: string) => void
  /** What is wrong with what was typed. */
  problem: string | null
  /** What the person should know before pressing the button; shown where nothing is wrong. */
  note: string
  /** The text on the button. */
  act: string
  isBusy: boolean
  /** Fills the largest possible amount into the field. */
  all?: (() => void) | undefined
  submit: () => void
}

export function AmountForm({ label, unit, text, setText, problem, note, act, isBusy, all, submit }: AmountFormProps) {
  const said = moneyTexts()
  const ids = { field: useId(), note: useId() }
  const isReady = text.trim() !== '' && problem === null && !isBusy
  return (
    <form
      className="amount-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        if (isReady) submit()
      }}
    >
      <label htmlFor={ids.field}>{label}</label>
      <div className="amount-row">
        <input
          id={ids.field}
          inputMode="decimal"
          autoComplete="off"
          placeholder={said.emptyAmount}
          value={text}
          onChange={(event) => setText(event.target.value)}
          aria-invalid={problem !== null}
          aria-describedby={ids.note}
        />
        <span className="amount-unit">{unit}</span>
        {all && (
          <button type="button" className="quiet" onClick={all}>
            {said.all}
          </button>
        )}
        <Act isSubmit isOff={!isReady} describedBy={ids.note}>
          {isBusy ? said.signing : act}
        </Act>
      </div>
      <p className={problem === null ? 'explain' : 'explain wrong'} id={ids.note} aria-live="polite">
        {problem ?? note}
      </p>
    </form>
  )
}
