/** A button that says why it does nothing yet, and keeps the focus while it is busy. */
import type { ReactNode } from 'react'

interface ActProps {
  /** Nothing happens when it is pressed. */
  isOff: boolean
  /** What says why, by its id. */
  describedBy?: string | undefined
  className?: string
  isSubmit?: boolean
  press?: () => void
  /** Its name, where what is written on it is a sign. */
  label?: string
  children: ReactNode
}

/** `aria-disabled` and not `disabled`: a disabled button loses the focus, and nobody can read why. */
export function Act({ isOff, describedBy, className, isSubmit = false, press, label, children }: ActProps) {
  return (
    <button
      type={isSubmit ? 'submit' : 'button'}
      className={className}
      aria-disabled={isOff}
      aria-label={label}
      aria-describedby={describedBy}
      onClick={(event) => {
        if (isOff) event.preventDefault()
        else press?.()
      }}
    >
      {children}
    </button>
  )
}
