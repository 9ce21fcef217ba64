/** The preview of a month's documents: what is missing, the totals, who has approved it, and the next steps. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { BillResource } from '../../server/api/document-resources.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { part } from '../api/part.ts'
import { exactMoney } from '../money/format.ts'
import { Badge, Figure, Trouble, Waiting } from '../page/card.tsx'
import { useSession } from '../session/session.tsx'
import { localMoment } from '../time/clock.ts'
import { CoverageTable } from './coverage-table.tsx'
import { DocumentTable } from './document-table.tsx'
import { previewedQuery } from './queries.ts'
import { documentWords } from './words.ts'

interface BillProps {
  area: AreaResource
  month: string
  bill: BillResource
}

type Preview = NonNullable<BillResource['preview']>

export function Bill({ area, month, bill }: BillProps) {
  const said = documentWords()
  const { parties, preview } = bill
  return (
    <div className="bill">
      <p className="explain">{said.explain}</p>
      <p className="explain">
        {parties === null ? said.noParties : said.approvers(parties.issuer, parties.approvers.length)}
      </p>
      {bill.changes !== null && (
        <div className="effect">
          <p>{said.changed}</p>
          <ul className="plain">
            {said.changes(bill.changes).map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
          <p>{bill.changes.callsForDocuments ? said.previewChanged : said.nothingMoves}</p>
        </div>
      )}
      {preview === null ? <p>{said.notPreviewed}</p> : <Shown area={area} month={month} preview={preview} />}
      {parties !== null && <Steps area={area} month={month} bill={bill} approvers={parties.approvers} />}
    </div>
  )
}

function Shown({ area, month, preview }: { area: AreaResource; month: string; preview: Preview }) {
  const said = documentWords()
  const { currency, settled, sums, gaps, incompleteBecause, issuedAt } = preview
  const money = (tokens: string) => exactMoney(tokens, currency)
  return (
    <>
      <p>
        <Badge tone={issuedAt === null ? 'warn' : 'good'}>{issuedAt === null ? said.waiting : said.issued}</Badge>{' '}
        {said.revision(preview.revision, localMoment(preview.madeAt))}
      </p>
      <div className="numbers">
        <Figure label={said.count}>{preview.documents}</Figure>
        <Figure label={said.settledPaid}>{money(settled.paid)}</Figure>
        <Figure label={said.settledReceived}>{money(settled.received)}</Figure>
        <Figure label={said.sumPaid}>{money(sums.paid)}</Figure>
        <Figure label={said.sumReceived}>{money(sums.received)}</Figure>
        <Figure label={said.remainders}>
          {money(sums.paidRemainder)} · {money(sums.receivedRemainder)}
        </Figure>
      </div>
      {gaps.length === 0 ? (
        <p>{said.complete}</p>
      ) : (
        <details>
          <summary>{said.gaps(gaps.length)}</summary>
          <ul>
            {gaps.map((gap) => (
              <li key={gap}>{gap}</li>
            ))}
          </ul>
        </details>
      )}
      {incompleteBecause !== null && <p>{said.becauseSaid(incompleteBecause)}</p>}
      <details>
        <summary>{said.coverage}</summary>
        <CoverageTable coverage={preview.coverage} />
      </details>
      {issuedAt === null && (
        <details>
          <summary>{said.previewed}</summary>
          <Previewed area={area} month={month} revision={preview.revision} />
        </details>
      )}
    </>
  )
}

function Previewed({ area, month, revision }: { area: AreaResource; month: string; revision: number }) {
  const previewed = useQuery(previewedQuery(useSession(), area.area, month, revision))
  return (
    <>
      <Trouble error={previewed.error} retry={() => void previewed.refetch()} />
      {previewed.isPending ? <Waiting /> : <DocumentTable documents={previewed.data ?? []} />}
    </>
  )
}

function Steps({ area, month, bill, approvers }: BillProps & { approvers: readonly string[] }) {
  const said = documentWords()
  const session = useSession()
  const queries = useQueryClient()
  const id = useId()
  const [reason, setReason] = useState('')
  const { preview } = bill
  const done = (next: BillResource) => {
    queries.setQueryData(['bill', session.account, area.area, month], next)
    void queries.invalidateQueries({ queryKey: ['documents', session.account, area.area, month] })
    void queries.invalidateQueries({ queryKey: ['bills', session.account, area.area] })
  }
  const acts = () => part(() => import('./submit.ts'))
  const makePreview = useMutation({
    mutationFn: async () => {
      const because = reason.trim()
      return (await acts()).previewBill(session, { area, month }, because === '' ? null : because)
    },
    onSuccess: done,
    // A preview that finds nothing to issue is an error, but the server has looked and its answers have changed.
    onError: () => {
      void queries.invalidateQueries({ queryKey: ['bill', session.account, area.area, month] })
      void queries.invalidateQueries({ queryKey: ['bills', session.account, area.area] })
    },
  })
  const approve = useMutation({
    mutationFn: async () => (await acts()).approveBill(session, { area, month }, bill),
    onSuccess: done,
  })
  const issue = useMutation({
    mutationFn: async () => (await acts()).issueBill(session, { area, month }),
    onSuccess: done,
  })
  const isOpen = preview !== null && preview.issuedAt === null
  const needsReason = isOpen && preview.gaps.length > 0 && preview.incompleteBecause === null
  const mayApprove = approvers.includes(session.account)
  const hasApproved = isOpen && preview.approvals.includes(session.account)
  const isApproved = isOpen && preview.approvals.length >= preview.approvalsNeeded
  return (
    <div className="bill-steps">
      {isOpen && <p role="status">{said.approvals(preview.approvals.length, preview.approvalsNeeded)}</p>}
      {isOpen && preview.gaps.length > 0 && (
        <p className="field">
          <label htmlFor={id}>{said.because}</label>
          <input id={id} value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />
        </p>
      )}
      <p className="buttons">
        <button
          type="button"
          className={isOpen && !needsReason ? '' : 'primary'}
          disabled={makePreview.isPending}
          onClick={() => makePreview.mutate()}
        >
          {makePreview.isPending ? said.previewing : preview === null ? said.preview : said.previewAgain}
        </button>
        {isOpen && !needsReason && mayApprove && !hasApproved && (
          <button type="button" className="primary" disabled={approve.isPending} onClick={() => approve.mutate()}>
            {approve.isPending ? said.approving : said.approve}
          </button>
        )}
        {isApproved && (
          <button type="button" className="primary" disabled={issue.isPending} onClick={() => issue.mutate()}>
            {issue.isPending ? said.issuing : said.issue}
          </button>
        )}
      </p>
      {hasApproved && <p className="explain">{said.approved}</p>}
      {isOpen && !mayApprove && <p className="explain">{said.notApprover}</p>}
      <Trouble error={makePreview.error ?? approve.error ?? issue.error} />
    </div>
  )
}
