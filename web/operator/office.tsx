/** The pages of an office holder of the area: the grid operator's, the operator's, or both where one account holds both offices. */
import type { AreaResource } from '../../server/api/resources.ts'
import { later } from '../page/later.tsx'
import { PageWaiting } from '../page/page-waiting.tsx'
import { useSession } from '../session/session.tsx'

const Utility = later(() => import('../utility/utility.tsx'), PageWaiting)
const Operator = later(() => import('./operator.tsx'), PageWaiting)

export default function Office({ area }: { area: AreaResource }) {
  const { account } = useSession()
  const { grid, operator } = area.offices
  const isOperator = account === operator
  return (
    <>
      {(account === grid || !isOperator) && <Utility area={area} />}
      {isOperator && <Operator area={area} />}
    </>
  )
}
