/**
 * The documents of an area. A clerk sees those of a month, with the preview and who has approved it. A member sees the
 * documents that were issued to them, and nothing where there are none.
 */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { AreaResource } from '../../server/api/resources.ts'
import { Card, Trouble, Waiting } from '../page/card.tsx'
import { MonthChoice } from '../page/fields.tsx'
import { useSession } from '../session/session.tsx'
import { Bill } from './bill.tsx'
import { IssuedList } from './issued-list.tsx'
import { pastMonths } from './months.ts'
import { accessQuery, billQuery, documentsQuery } from './queries.ts'
import { Releases } from './releases.tsx'
import { documentWords } from './words.ts'
import '../utility/utility.css'
import './documents.css'

interface DocumentsProps {
  area: AreaResource
}

export default function Documents({ area }: DocumentsProps) {
  const access = useQuery(accessQuery(useSession(), area.area)).data
  if (access?.isClerk) return <OfClerk area={area} />
  return access?.hasDocuments ? <OfMember area={area} /> : null
}

function OfClerk({ area }: DocumentsProps) {
  const said = documentWords()
  const session = useSession()
  const [months] = useState(() => pastMonths(Date.now()))
  const [month, setMonth] = useState(months[0]!)
  const bill = useQuery(billQuery(session, area.area, month))
  return (
    <>
      <Card
        title={said.title}
        className="dense documents"
        aside={<MonthChoice label={said.month} months={months} month={month} choose={setMonth} />}
      >
        <Trouble error={bill.error} retry={() => void bill.refetch()} />
        {bill.isPending && <Waiting lines={3} />}
        {bill.data && <Bill key={month} area={area} month={month} bill={bill.data} />}
        <Issued key={`issued ${month}`} area={area} month={month} />
      </Card>
      <Releases area={area} month={month} />
    </>
  )
}

function OfMember({ area }: DocumentsProps) {
  return (
    <Card title={documentWords().own} className="dense documents">
      <Issued area={area} month={null} />
    </Card>
  )
}

function Issued({ area, month }: DocumentsProps & { month: string | null }) {
  const documents = useQuery(documentsQuery(useSession(), area.area, month))
  return (
    <>
      <Trouble error={documents.error} retry={() => void documents.refetch()} />
      {documents.isPending && <Waiting lines={3} />}
      {documents.data && <IssuedList area={area} documents={documents.data} isClerk={month !== null} />}
    </>
  )
}
