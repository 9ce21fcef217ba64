/** The search for this server's neighbourhoods by name or place. A link leads to the requested page of the chosen neighbourhood. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useDeferredValue, useId, useState } from 'react'
import type { AreaResource } from '../../server/api/resources.ts'
import { foundAreasQuery } from '../api/queries.ts'
import { PageLink, pathIn, useAddress } from '../page/address.tsx'
import { Empty, Trouble, Waiting } from '../page/card.tsx'
import { each } from '../time/clock.ts'
import { areasWords } from './words.ts'
import './areas.css'

/**
 * How many areas are listed first, a screen or two of them. Each press of "more" doubles the number, up to the most that one
 * answer of the API holds.
 */
const first = 24
const most = 500

export function AreaSearch() {
  const said = areasWords()
  const fieldId = useId()
  const [text, setText] = useState('')
  const search = useDeferredValue(text.trim())
  const pathAt = usePathAt()
  const [limit, setLimit] = useState(first)
  const found = useQuery({ ...foundAreasQuery(search, limit), placeholderData: keepPreviousData })
  const areas = found.data?.items
  return (
    <>
      <div className="page-head">
        <div>
          <h1>{said.title}</h1>
          <p className="page-sub">{said.lead}</p>
        </div>
      </div>
      <search className="field">
        <label htmlFor={fieldId}>{said.searchLabel}</label>
        <input
          id={fieldId}
          type="search"
          autoComplete="off"
          maxLength={100}
          placeholder={said.search}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </search>
      <Trouble error={found.error} retry={() => void found.refetch()} />
      {found.isPending && <Waiting lines={4} />}
      <div aria-live="polite">{areas?.length === 0 && <Empty>{said.nothing}</Empty>}</div>
      <ul className="areas-list" aria-label={said.list}>
        {areas?.map((area) => (
          <li key={area.area}>
            <PageLink to={pathAt(area)}>
              <strong>{area.name}</strong>
              <small>{area.zones.map(({ name }) => name).join(', ')}</small>
              <small>{said.traded(each(area.intervalSeconds))}</small>
            </PageLink>
          </li>
        ))}
      </ul>
      {found.data?.cursor && limit < most && (
        <button
          type="button"
          disabled={found.isPlaceholderData}
          onClick={() => setLimit((before) => Math.min(most, 2 * before))}
        >
          {said.more}
        </button>
      )}
    </>
  )
}

/** The path of the requested page in a given area. Joining keeps its code, and an agreement keeps the text behind `#`. */
function usePathAt(): ({ slug }: AreaResource) => string {
  const address = useAddress()
  return ({ slug }) => {
    const { hash } = window.location
    switch (address.view) {
      case 'account':
        return pathIn(slug, `/account${hash}`)
      case 'join':
        return pathIn(slug, `/join${address.code === null ? '' : `/${encodeURIComponent(address.code)}`}${hash}`)
      case 'person':
        return pathIn(slug, `/people/${encodeURIComponent(address.person)}`)
      default:
        return pathIn(slug, '/')
    }
  }
}
