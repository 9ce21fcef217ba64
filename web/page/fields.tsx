/** Fields that several forms share: a number, an account, the side of a trade, a month. */
import { useId } from 'react'
import type { OrderSide } from '../orders/order.ts'
import { monthName } from '../time/clock.ts'
import { pageWords } from './words.ts'

interface NumberFieldProps {
  /** The name of the field, with the unit of the number. */
  label: string
  text: string
  setText: (text: string) => void
  /** Whether the typed text is no such number; an empty field is not wrong. */
  isWrong?: boolean
  placeholder?: string
  /** Whether the number has no decimals. */
  isWhole?: boolean
  /** The id of the element that says more about the field. */
  describedBy?: string
}

export function NumberField(props: NumberFieldProps) {
  const { label, text, setText, isWrong = false, placeholder, isWhole = false, describedBy } = props
  const id = useId()
  return (
    <p className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        inputMode={isWhole ? 'numeric' : 'decimal'}
        autoComplete="off"
        placeholder={placeholder}
        value={text}
        onChange={(event) => setText(event.target.value)}
        aria-invalid={text !== '' && isWrong}
        aria-describedby={describedBy}
      />
    </p>
  )
}

interface AddressFieldProps {
  label: string
  address: string
  setAddress: (address: string) => void
  /** Whether the field is as wide as the form. */
  isWide?: boolean
}

/** An account, as 0x and 40 hexadecimal digits. */
export function AddressField({ label, address, setAddress, isWide = false }: AddressFieldProps) {
  const id = useId()
  return (
    <p className={isWide ? 'field wide-field' : 'field'}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        autoComplete="off"
        spellCheck={false}
        placeholder="0x…"
        value={address}
        onChange={(event) => setAddress(event.target.value)}
      />
    </p>
  )
}

export function SideField({ side, setSide }: { side: OrderSide; setSide: (side: OrderSide) => void }) {
  const said = pageWords()
  const id = useId()
  return (
    <p className="field">
      <label htmlFor={id}>{said.i}</label>
      <select id={id} value={side} onChange={(event) => setSide(event.target.value as OrderSide)}>
        <option value="sell">{said.sides.sell}</option>
        <option value="buy">{said.sides.buy}</option>
      </select>
    </p>
  )
}

interface MonthChoiceProps {
  label: string
  /** The months that can be chosen ("2026-11"), the newest first. */
  months: readonly string[]
  month: string
  choose: (month: string) => void
}

export function MonthChoice({ label, months, month, choose }: MonthChoiceProps) {
  const id = useId()
  return (
    <p className="month-choice">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={month} onChange={(event) => choose(event.target.value)}>
        {months.map((each) => (
          <option key={each} value={each}>
            {monthName(each)}
          </option>
        ))}
      </select>
    </p>
  )
}
