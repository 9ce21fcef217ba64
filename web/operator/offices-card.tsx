/**
 * The holders of the area's offices, the accounts to which offices are offered, and who follows a grid operator that falls
 * silent.
 */
import type { ReactNode } from 'react'
import type { OperationResource } from '../../server/api/operation-resources.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { Card } from '../page/card.tsx'
import { useSession } from '../session/session.tsx'
import { localMoment } from '../time/clock.ts'
import { operatorWords } from './words.ts'

interface OfficesProps {
  area: AreaResource
  operation: Pick<OperationResource, 'offices'>
}

export function OfficesCard({ area, operation: { offices } }: OfficesProps) {
  const said = operatorWords()
  const { account } = useSession()
  const offered = (offer: OperationResource['offices']['gridOffer']) => (
    <small>{offer === null ? said.nobodyNext : said.offeredTo(offer.to, localMoment(offer.from))}</small>
  )
  const holder = (address: string): ReactNode => (
    <>
      <code className="address">{address}</code> {address === account && `(${said.you})`}
    </>
  )
  return (
    <Card title={said.offices}>
      <dl className="facts offices">
        <div>
          <dt>{said.operator}</dt>
          <dd>
            {holder(area.offices.operator)}
            {offered(offices.operatorOffer)}
          </dd>
        </div>
        <div>
          <dt>{said.settlesAs}</dt>
          <dd>{holder(offices.settlesAs)}</dd>
        </div>
        <div>
          <dt>{said.grid}</dt>
          <dd>
            {holder(area.offices.grid)}
            {offered(offices.gridOffer)}
          </dd>
        </div>
        <div>
          <dt>{said.succession}</dt>
          <dd>
            {offices.successionFrom === null
              ? said.noSuccessor
              : said.successionFrom(area.rules.successor, localMoment(offices.successionFrom))}
          </dd>
        </div>
      </dl>
    </Card>
  )
}
