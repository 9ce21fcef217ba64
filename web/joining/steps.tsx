/** The steps of joining, with the one that the person has reached. */
import { joiningWords } from './words.tsx'

const steps = ['account', 'code', 'home', 'limits', 'open'] as const
type StepName = (typeof steps)[number]

interface JoinStepsProps {
  at: StepName
  /** The names of the steps. */
  names: Record<StepName, string>
}

export function JoinSteps({ at, names }: JoinStepsProps) {
  const said = joiningWords()
  const place = steps.indexOf(at)
  return (
    <ol className="join-steps" aria-label={said.stepsLabel}>
      {steps.map((step, index) => (
        <li
          key={step}
          aria-current={step === at ? 'step' : undefined}
          className={index < place ? 'done' : index === place ? 'at' : ''}
        >
          {names[step]}
        </li>
      ))}
    </ol>
  )
}
