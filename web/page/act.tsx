/** A button that says why it does nothing yet, and keeps the focus while it is busy. */
import { type ReactNode, useId, useState } from 'react'

interface ActProps {
  /** Nothing happens when it is pressed. */
  isOff: boolean
  /** What says why, by its id, where it stands on the page anyway. */
  describedBy?: string | undefined
  /** Why it is off, where nothing on the page says so: shown once somebody presses it. */
  why?: string | null | undefined
  className?: string
  isSubmit?: boolean
  press?: () => void
  /** Its name, where what is written on it is a sign. */
  label?: string
  children: ReactNode
}

/** `aria-disabled` and not `disabled`: a disabled button loses the focus, and nobody can read why. */
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
