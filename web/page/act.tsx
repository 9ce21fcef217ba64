/** A button that says why it does nothing yet, and keeps the focus while it is busy. */
import { type ReactNode, useId, useState } from 'react'

interface ActProps {
  /** Whether a press does nothing. */
  isOff: boolean
  /** The id of the element that says why, where the page shows such a text anyway. */
  describedBy?: string | undefined
  /** Why the button is off, where nothing on the page says so; shown once somebody presses it. */
  why?: string | null | undefined
  className?: string
  isSubmit?: boolean
  press?: () => void
  /** The name of the button, where only a sign is written on it. */
  label?: string
  children: ReactNode
}

/**
 * The button has `aria-disabled` and not `disabled`, since a disabled button loses the focus and nobody could learn why it is
 * off.
 */
export function Act({ isOff, describedBy, why, className, isSubmit = false, press, label, children }: ActProps) {
  const id = useId()
  const [isAsked, ask] = useState(false)
  const isTold = isOff && why != null
  return (
    <>
      <button
        type={isSubmit ? 'submit' : 'button'}
        className={className}
        aria-disabled={isOff}
        aria-label={label}
        aria-describedby={isTold ? id : describedBy}
        onClick={(event) => {
          ask(isOff)
          if (isOff) event.preventDefault()
          else press?.()
        }}
      >
        {children}
      </button>
      {isTold && (
        <span id={id} className={isAsked ? 'explain why' : 'visually-hidden'}>
          {why}
        </span>
      )}
    </>
  )
}
