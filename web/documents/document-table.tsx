/** A table of documents, one in each row. */
import type { ReactNode } from 'react'
import type { DocumentResource, IssuedDocumentResource } from '../../server/api/document-resources.ts'
import { moneyColumn } from '../money/format.ts'
import { TableFrame } from '../page/table-frame.tsx'
import { documentWords } from './words.ts'

interface DocumentTableProps<Document> {
  documents: readonly Document[]
  /** The buttons for one document. */
  act?: (document: Document) => ReactNode
}

export function DocumentTable<Document extends DocumentResource | IssuedDocumentResource>({
  documents,
  act,
}: DocumentTableProps<Document>) {
  const said = documentWords()
  const currency = documents[0]?.currency ?? ''
  const total = moneyColumn(
    documents.map((each) => each.total),
    currency,
  )
  const tax = moneyColumn(
    documents.map((each) => each.tax),
    currency,
  )
  const isNumbered = documents.some(({ number }) => number !== null)
  return (
    <TableFrame label={isNumbered ? said.list : said.previewed} tall>
      <thead>
        <tr>
          {isNumbered && <th scope="col">{said.number}</th>}
          <th scope="col">{said.member}</th>
          <th scope="col">{said.kind}</th>
          <th scope="col">{said.period}</th>
          <th scope="col" className="n">
            {said.total}
          </th>
          <th scope="col" className="n">
            {said.tax}
          </th>
          {act && <td />}
        </tr>
      </thead>
      <tbody>
        {documents.map((each) => (
          <tr key={each.number ?? `${each.account} ${each.kind} ${each.from} ${each.corrects}`}>
            {isNumbered && <th scope="row">{each.number}</th>}
            {isNumbered ? <td>{each.member}</td> : <th scope="row">{each.member}</th>}
            <td>
              {[
                said.kinds[each.kind],
                each.corrects === null ? null : said.corrects(each.corrects),
                'takenBackBy' in each && each.takenBackBy !== null ? said.takenBack(each.takenBackBy) : null,
              ]
                .filter(Boolean)
                .join(', ')}
            </td>
            <td>
              {each.from} – {each.to}
            </td>
            <td className="n">{each.kind === 'sheet' ? '–' : total(each.total)}</td>
            <td className="n">{each.kind === 'sheet' ? '–' : tax(each.tax)}</td>
            {act && <td>{act(each)}</td>}
          </tr>
        ))}
      </tbody>
    </TableFrame>
  )
}
