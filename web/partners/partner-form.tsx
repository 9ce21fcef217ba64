/** The form for the name that neighbours see, and for the named neighbours that a home prefers. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { PartnerChoicesResource } from '../../server/api/partner-resources.ts'
import { postJson } from '../api/client.ts'
import { Act } from '../page/act.tsx'
import { Card, Empty, Trouble, Waiting } from '../page/card.tsx'
import { useSession } from '../session/session.tsx'
import { partnerChoicesQuery } from './queries.ts'
import { keptName } from './told.ts'
import { partnerWords } from './words.ts'

const longestName = 40

export function PartnerForm() {
  const said = partnerWords()
  const choices = useQuery(partnerChoicesQuery(useSession()))
  return (
    <Card title={said.choices}>
      <Trouble error={choices.error} retry={() => void choices.refetch()} />
      {choices.isPending && <Waiting />}
      {choices.data && <ChoiceForm choices={choices.data} />}
    </Card>
  )
}

function ChoiceForm({ choices }: { choices: PartnerChoicesResource }) {
  const said = partnerWords()
  const session = useSession()
  const queries = useQueryClient()
  const id = useId()
  const [text, setText] = useState(choices.name ?? '')
  const [preferred, setPreferred] = useState<readonly string[]>(choices.preferred)
  const name = keptName(text)
  const isNameWrong = name !== null && name.length > longestName
  const isTooMany = preferred.length > choices.mostPreferred
  const keep = useMutation({
    mutationFn: () => {
      const { account } = session
      return postJson('/accounts/{account}/partner-choices', { account }, { name, preferred: [...preferred] }, session)
    },
    onSuccess: (kept) => {
      queries.setQueryData(partnerChoicesQuery(session).queryKey, kept)
      setPreferred(kept.preferred)
      return queries.invalidateQueries({ queryKey: ['partners', session.account] })
    },
  })
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        keep.mutate()
      }}
    >
      <p className="field wide-field">
        <label htmlFor={`${id}-name`}>{said.name}</label>
        <input
          id={`${id}-name`}
          autoComplete="off"
          value={text}
          onChange={(event) => setText(event.target.value)}
          aria-invalid={isNameWrong}
          aria-describedby={`${id}-how`}
        />
      </p>
      <p className="explain" id={`${id}-how`}>
        {isNameWrong ? said.nameWrong : said.nameHow}
      </p>
      <fieldset className="preferred-neighbours">
        <legend>{said.preferred}</legend>
        {choices.neighbours.length === 0 && <Empty>{said.nobody}</Empty>}
        {choices.neighbours.map((each) => (
          <label key={each.neighbour}>
            <input
              type="checkbox"
              checked={preferred.includes(each.neighbour)}
              onChange={({ target }) =>
                setPreferred([
                  ...preferred.filter((other) => other !== each.neighbour),
                  ...(target.checked ? [each.neighbour] : []),
                ])
              }
            />{' '}
            {each.name}
          </label>
        ))}
      </fieldset>
      <p className="explain" id={`${id}-many`} role="status">
        {isTooMany ? said.tooMany(choices.mostPreferred) : keep.isSuccess && said.kept}
      </p>
      <Act isSubmit isOff={keep.isPending || isNameWrong || isTooMany} describedBy={`${id}-many ${id}-how`}>
        {keep.isPending ? said.keeping : said.keep}
      </Act>
      <Trouble error={keep.error} />
    </form>
  )
}
