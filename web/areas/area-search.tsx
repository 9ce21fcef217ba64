/** The neighbourhoods of this server, found by name or place. A link leads to the page of the one chosen that was asked for. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useDeferredValue, useId, useState } from 'react'
import type { AreaResource } from '../../server/api/resources.ts'
import { foundAreasQuery } from '../api/queries.ts'
import { PageLink, pathIn, useAddress } from '../page/address.tsx'
import { Empty, Trouble, Waiting } from '../page/card.tsx'
import { duration } from '../time/clock.ts'
import { areasWords } from './words.ts'
import './areas.css'

/** As many as a screen or two hold; each "more" doubles it, up to what one answer of the API holds. */
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
              <small>{said.every(duration(area.intervalSeconds))}</small>
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

/** What the address asked for, in an area: joining goes on with the code, an agreement with what stands behind `#`. */
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
