/** The part below the numbers of the first page: the people through whose eyes it can be seen, and how it works. */
import type { AreaResource } from '../../server/api/resources.ts'
import { priceWords } from '../money/format.ts'
import { PageLink, usePathHere } from '../page/address.tsx'
import { PersonEntry, peopleByRole, usePeopleHere } from '../page/person-switch.tsx'
import { pageWords } from '../page/words.ts'
import { duration, each } from '../time/clock.ts'
import { beneathWords } from './beneath-words.ts'

export default function Beneath({ area }: { area: AreaResource }) {
  return (
    <>
      <People />
      <Help area={area} />
    </>
  )
}

function People() {
  const said = beneathWords()
  const pathHere = usePathHere()
  const { people, pathOf } = usePeopleHere()
  if (!people) {
    return people === null ? (
      <p className="own-account">
        <PageLink to={pathHere('/account')} className="button primary">
          {said.signIn}
        </PageLink>
      </p>
    ) : null
  }
  return (
    <section className="people" aria-labelledby="people-title">
      <h2 id="people-title">{said.seeItAs}</h2>
      {peopleByRole(people).map(([role, group]) => (
        <div key={role}>
          <h3>{pageWords().groups[role]}</h3>
          <ul>
            {group.map((person) => (
              <li key={person.account}>
                <PersonEntry person={person} path={pathOf(person)} />
              </li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  )
}

function Help({ area }: { area: AreaResource }) {
  const said = beneathWords()
  const answers = [
    [
      said.howPrice,
      said.howPriceText(each(area.intervalSeconds), priceWords(area.feedInPerKwh), priceWords(area.retailPerKwh)),
    ],
    [said.howPaid, said.howPaidText(each(area.batchSeconds), duration(area.chain.withdrawalDelaySeconds))],
    [said.whatUtility, said.whatUtilityText],
    [said.whatSigned, said.whatSignedText],
  ] as const
  return (
    <section className="help" aria-labelledby="help-title">
      <h2 id="help-title">{said.help}</h2>
      {answers.map(([question, answer]) => (
        <details key={question}>
          <summary>{question}</summary>
          <p>{answer}</p>
        </details>
      ))}
    </section>
  )
}
