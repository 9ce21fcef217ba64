/** Keeps the place of the sun ahead until it is known, so that what stands below it does not move. */
import { Waiting } from '../page/card.tsx'

export function SunSpace() {
  return (
    <div className="sun-ahead">
      <Waiting lines={4} />
    </div>
  )
}
