/** The documents issued for a month. They can be found by member or number, and each opens to its lines. */
import { useId, useState } from 'react'
import type { IssuedDocumentResource } from '../../server/api/document-resources.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { Empty } from '../page/card.tsx'
import { DocumentTable } from './document-table.tsx'
import { found } from './found.ts'
import { OneDocument } from './one-document.tsx'
import { documentWords } from './words.ts'

interface IssuedListProps {
  area: AreaResource
  documents: readonly IssuedDocumentResource[]
  isClerk: boolean
}

export function IssuedList({ area, documents, isClerk }: IssuedListProps) {
  const said = documentWords()
  const id = useId()
  const [wanted, setWanted] = useState('')
  const [open, setOpen] = useState<string | null>(null)
  const shown = found(documents, wanted)
  const opened = documents.find(({ number }) => number === open)
  return (
    <div className="issued">
      {isClerk && <h3>{said.list}</h3>}
      {documents.length === 0 ? (
        <Empty>{said.noneIssued}</Empty>
      ) : (
        <>
          {isClerk && (
            <p className="field">
              <label htmlFor={id}>{said.find}</label>
              <input id={id} type="search" value={wanted} onChange={(event) => setWanted(event.target.value)} />
            </p>
          )}
          {shown.length === 0 ? (
            <Empty>{said.noneFound}</Empty>
          ) : (
            <DocumentTable
              documents={shown}
              act={({ number }) => (
                <button
                  type="button"
                  aria-expanded={number === open}
                  aria-label={`${number === open ? said.hide : said.show} ${number}`}
                  onClick={() => setOpen(number === open ? null : number)}
                >
                  {number === open ? said.hide : said.show}
                </button>
              )}
            />
          )}
        </>
      )}
      {opened && <OneDocument key={opened.number} area={area} document={opened} />}
    </div>
  )
}
