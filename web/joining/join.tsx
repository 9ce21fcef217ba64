/** The page for joining: a person signs in and enters a code, by which the page finds the home. */

import { useMutation, useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { AreaResource } from '../../server/api/resources.ts'
import { demoHomesQuery } from '../api/queries.ts'
import { Act } from '../page/act.tsx'
import { goTo, pathIn, useAddress } from '../page/address.tsx'
import { Card, Trouble, Waiting } from '../page/card.tsx'
import { later } from '../page/later.tsx'
import OwnAccount from '../session/own-account.tsx'
import { type Session, useOptionalSession } from '../session/session.tsx'
import { joiningWordsIn } from './metered.ts'
import { takeDemoHome } from './queries.ts'
import { JoinSteps } from './steps.tsx'
import './joining.css'

const Pairing = later(() => import('./pairing.tsx'), Waiting)

export default function Join({ area }: { area: AreaResource }) {
  const said = joiningWordsIn(area)
  const session = useOptionalSession()
  const place = useAddress()
  // The address holds the code, so that the page comes back to where it was after it was loaded anew.
  const code = place.view === 'join' ? place.code : null
  const enter = (entered: string | null) => goTo(pathIn(place.area, entered === null ? '/join' : `/join/${entered}`))
  return (
    <>
      <div className="page-head">
        <div>
          <h1>{said.join(area.name)}</h1>
          <p className="page-sub">{said.fiveMinutes}</p>
        </div>
      </div>
      {session === null ? (
        <>
          <JoinSteps at="account" names={said.steps} />
          <OwnAccount area={area} />
        </>
      ) : code === null ? (
        <>
          <JoinSteps at="code" names={said.steps} />
          <CodeForm area={area} session={session} enter={enter} />
        </>
      ) : (
        <Pairing session={session} area={area} code={code} again={() => enter(null)} />
      )}
    </>
  )
}

interface CodeFormProps {
  area: AreaResource
  session: Session
  enter: (code: string) => void
}

function CodeForm({ area, session, enter }: CodeFormProps) {
  const said = joiningWordsIn(area)
  const ids = { code: useId(), hint: useId() }
  const [text, setText] = useState('')
  const homes = useQuery(demoHomesQuery).data?.find((each) => each.area === area.area)
  const plain = text.replaceAll(/[\s-]/g, '').toUpperCase()
  const isCode = /^[2-9A-HJKMNP-TV-Z]{8}$/.test(plain)
  return (
    <>
      <Card title={said.codeTitle} className="join-card">
        <p>{said.codeText(<code>commonwatt-agent pair</code>)}</p>
        <form
          className="amount-form"
          onSubmit={(event) => {
            event.preventDefault()
            if (isCode) enter(plain)
          }}
        >
          <label htmlFor={ids.code}>{said.code}</label>
          <div className="amount-row">
            <input
              id={ids.code}
              className="join-code"
              autoComplete="off"
              autoCapitalize="characters"
              spellCheck={false}
              placeholder="XXXX-XXXX"
              aria-describedby={ids.hint}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
            <Act isSubmit className="primary" isOff={!isCode} describedBy={ids.hint}>
              {said.find}
            </Act>
          </div>
          <p className="explain" id={ids.hint}>
            {plain.length >= 8 && !isCode ? said.notACode : said.codeHint}
          </p>
        </form>
      </Card>
      {homes && <DemoHomeCard area={area} session={session} free={homes.free} shown={setText} />}
    </>
  )
}

/** A visitor of the demo has no meter here, so the demo gives them a home or a flat, with a code like everybody's. */
function DemoHomeCard({
  area,
  session,
  free,
  shown,
}: {
  area: AreaResource
  session: Session
  free: number
  /** Called with the code of the new home, which is entered like any other. */
  shown: (code: string) => void
}) {
  const said = joiningWordsIn(area)
  const stateId = useId()
  const take = useMutation({
    mutationFn: () => takeDemoHome(session, area.area),
    onSuccess: ({ code }) => shown(`${code.slice(0, 4)}-${code.slice(4)}`),
  })
  return (
    <Card title={said.demoTitle} className="join-card">
      <p>{said.demoText}</p>
      <p>
        <Act isOff={take.isPending || take.isSuccess || free === 0} describedBy={stateId} press={() => take.mutate()}>
          {take.isPending ? said.demoWaiting : said.demoTake}
        </Act>
      </p>
      <div role="status" id={stateId}>
        {free === 0 && !take.isSuccess && <p className="explain">{said.demoFull}</p>}
        {take.data && (
          <p className="effect">
            {said.demoReady(<strong>{`${take.data.code.slice(0, 4)}-${take.data.code.slice(4)}`}</strong>)}
          </p>
        )}
      </div>
      <Trouble error={take.error} />
    </Card>
  )
}
