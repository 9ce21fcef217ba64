/** The members of the area by zone, the parts of their number, and invitations. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { type ReactNode, useId, useState } from 'react'
import type { MembersResource } from '../../server/api/joining.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { getJson } from '../api/client.ts'
import { part } from '../api/part.ts'
import { count } from '../money/format.ts'
import { Act } from '../page/act.tsx'
import { Trouble, Waiting } from '../page/card.tsx'
import { NumberField } from '../page/fields.tsx'
import { TableFrame } from '../page/table-frame.tsx'
import { useSession } from '../session/session.tsx'
import { localDate, localMoment } from '../time/clock.ts'
import { memberWords } from './member-words.ts'

const most = { places: 10_000, days: 365 }
const usual = { places: '1', days: '14' }

export default function Members({ area, children }: { area: AreaResource; children?: ReactNode }) {
  const said = memberWords()
  const session = useSession()
  const members = useQuery({
    queryKey: ['members', session.account, area.area],
    queryFn: ({ signal }) =>
      getJson('/areas/{area}/members', { area: area.area }, { account: session.account, signal }),
    refetchInterval: 30_000,
  })
  const { data } = members
  return (
    <>
      <Trouble error={members.error} retry={() => void members.refetch()} />
      {members.isPending && <Waiting lines={3} />}
      {data && <ZoneCounts area={area} zones={data.zones} />}
      {children}
      <section className="inviting">
        <h3>{said.inviteTitle}</h3>
        {data && <Taken invitations={data.invitations} />}
        <InviteForm area={area} />
      </section>
    </>
  )
}

function ZoneCounts({ area, zones }: { area: AreaResource } & Pick<MembersResource, 'zones'>) {
  const said = memberWords()
  return (
    <TableFrame label={said.members}>
      <thead>
        <tr>
          <th scope="col">{said.zone}</th>
          <th scope="col" className="n">
            {said.accounts}
          </th>
          <th scope="col" className="n">
            {said.meters}
          </th>
          <th scope="col" className="n">
            {said.unconfirmed}
          </th>
        </tr>
      </thead>
      <tbody>
        {zones.map((each) => (
          <tr key={each.zone}>
            <th scope="row">{area.zones.find(({ zone }) => zone === each.zone)?.name ?? each.zone}</th>
            <td className="n">{count(each.accounts)}</td>
            <td className="n">{count(each.meters)}</td>
            <td className="n">{count(each.unconfirmed)}</td>
          </tr>
        ))}
      </tbody>
    </TableFrame>
  )
}

function Taken({
  invitations: { ofOffices, ofMembers, withoutMeter, newestAt },
}: Pick<MembersResource, 'invitations'>) {
  const said = memberWords()
  return (
    <p>
      {said.invited(ofOffices, ofMembers)} {newestAt !== null && `${said.withoutMeter(withoutMeter)} `}
      {newestAt !== null && said.newest(localMoment(newestAt))}
    </p>
  )
}

/** A whole number from 1 on; null where the text is no such number, or the number is too large. */
function wholeUpTo(text: string, largest: number): number | null {
  const value = Number(text)
  return /^[1-9]\d{0,5}$/.test(text.trim()) && value <= largest ? value : null
}

function InviteForm({ area }: { area: AreaResource }) {
  const said = memberWords()
  const session = useSession()
  const ids = { note: useId(), link: useId() }
  const [typed, setTyped] = useState(usual)
  const [places, days] = [wholeUpTo(typed.places, most.places), wholeUpTo(typed.days, most.days)]
  const invite = useMutation({
    mutationFn: async (asked: { places: number; days: number }) => {
      const { signInvitation } = await part(() => import('../joining/sign-invitation.ts'))
      return signInvitation(session, area, { accounts: asked.places, days: asked.days, nowMs: Date.now() })
    },
  })
  const isReady = places !== null && days !== null && !invite.isPending
  const problem = places === null ? said.placesWrong : days === null ? said.daysWrong : null
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (isReady) invite.mutate({ places, days })
      }}
    >
      <div className="report-range">
        <NumberField
          label={said.places}
          text={typed.places}
          setText={(text) => setTyped((before) => ({ ...before, places: text }))}
          isWrong={places === null}
          isWhole
          describedBy={ids.note}
        />
        <NumberField
          label={said.days}
          text={typed.days}
          setText={(text) => setTyped((before) => ({ ...before, days: text }))}
          isWrong={days === null}
          isWhole
          describedBy={ids.note}
        />
        <Act isSubmit className="primary" isOff={!isReady} describedBy={ids.note}>
          {invite.isPending ? said.signing : said.sign}
        </Act>
      </div>
      <p id={ids.note} className={problem === null ? 'explain' : 'explain wrong'} aria-live="polite">
        {problem ?? said.inviteText}
      </p>
      <Trouble error={invite.error} />
      {invite.data && (
        <p className="field" role="status">
          <label htmlFor={ids.link}>
            {said.link(invite.data.accounts, localDate(new Date(invite.data.validUntil * 1000).toISOString()))}
          </label>
          <input id={ids.link} readOnly value={invite.data.link} onFocus={(event) => event.target.select()} />
        </p>
      )}
    </form>
  )
}
