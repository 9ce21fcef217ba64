/** A switch between on and off, with its state in words beside it. */
interface OnOffProps {
  /** The name of what the switch turns on and off. */
  label: string
  /** The present state, in words. */
  state: string
  isOn: boolean
  isDisabled: boolean
  /** The id of the element that says more about the switch. */
  describedBy?: string
  change: (isOn: boolean) => void
}

export function OnOff({ label, state, isOn, isDisabled, describedBy, change }: OnOffProps) {
  return (
    <span className="switch-label">
      {state}
      <button
        type="button"
        role="switch"
        className="switch"
        aria-checked={isOn}
        aria-label={label}
        aria-disabled={isDisabled}
        aria-describedby={describedBy}
        onClick={() => {
          if (!isDisabled) change(!isOn)
        }}
      >
        <span className="switch-thumb" />
      </button>
    </span>
  )
}
