/** An issued document: its lines, each with its proof, and its files. */
import { useMutation, useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import type { IssuedDocumentResource, LineProofResource } from '../../server/api/document-resources.ts'
import type { AreaResource } from '../../server/api/resources.ts'
import { part } from '../api/part.ts'
import { exactEnergy, moneyColumn } from '../money/format.ts'
import { Badge, Trouble, Waiting } from '../page/card.tsx'
import { TableFrame } from '../page/table-frame.tsx'
import { useSession } from '../session/session.tsx'
import { localMoment } from '../time/clock.ts'
import { proofQuery } from './queries.ts'
import { documentWords } from './words.ts'

interface OneDocumentProps {
  area: AreaResource
  document: IssuedDocumentResource
}

export function OneDocument({ area, document }: OneDocumentProps) {
  const said = documentWords()
  const session = useSession()
  const id = useId()
  const { currency, kind, lines } = document
  const number = document.number!
  const [proved, setProved] = useState<number | null>(null)
  const save = useMutation({
    mutationFn: async (as: 'ubl' | 'pdf') =>
      (await part(() => import('./submit.ts'))).saveDocument(session, area.area, number, as),
  })
  const column = (pick: (line: IssuedDocumentResource['lines'][number]) => string) =>
    moneyColumn(lines.map(pick), currency)
  const [net, amount] = [column((line) => line.net), column((line) => line.amount)]
  return (
    <section className="one-document" aria-labelledby={id}>
      <h3 id={id}>
        {said.one(number)}, {document.member}
      </h3>
      <p className="buttons">
        <button type="button" disabled={save.isPending} onClick={() => save.mutate('pdf')}>
          {said.pdf}
        </button>
        {kind !== 'sheet' && (
          <button type="button" disabled={save.isPending} onClick={() => save.mutate('ubl')}>
            {said.ubl}
          </button>
        )}
      </p>
      <Trouble error={save.error} />
      <TableFrame label={said.lines}>
        <thead>
          <tr>
            <th scope="col">{said.point}</th>
            <th scope="col" className="n">
              {said.energy}
            </th>
            <th scope="col" className="n">
              {said.net}
            </th>
            <th scope="col" className="n">
              {said.amount}
            </th>
            <th scope="col" className="n">
              {said.periods(area.intervalSeconds)}
            </th>
            <td />
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={line.line}>
              <th scope="row">{line.point}</th>
              <td className="n">{exactEnergy(line.energyWh)}</td>
              <td className="n">{kind === 'sheet' ? '–' : net(line.net)}</td>
              <td className="n">{kind === 'sheet' ? '–' : amount(line.amount)}</td>
              <td className="n">{kind === 'sheet' ? '–' : line.intervals}</td>
              <td>
                {line.proof !== null && document.corrects === null && (
                  <button
                    type="button"
                    aria-expanded={proved === line.line}
                    aria-label={`${said.prove} ${line.line}`}
                    onClick={() => setProved(proved === line.line ? null : line.line)}
                  >
                    {said.prove}
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </TableFrame>
      {proved !== null && <Proof area={area} number={number} line={proved} />}
    </section>
  )
}

function Proof({ area, number, line }: { area: AreaResource; number: string; line: number }) {
  const said = documentWords()
  const proof = useQuery(proofQuery(useSession(), area.area, { number, line }))
  return (
    <div className="line-proof">
      <h4>{said.proof(line)}</h4>
      <Trouble error={proof.error} retry={() => void proof.refetch()} />
      {proof.isPending && <Waiting />}
      {proof.data && <ProofTable area={area} proof={proof.data} />}
    </div>
  )
}

function ProofTable({ area, proof }: { area: AreaResource; proof: LineProofResource }) {
  const said = documentWords()
  const session = useSession()
  const { agrees, batches, currency, number, hash } = proof
  const amount = moneyColumn([...batches.map((batch) => batch.amount), proof.amount], currency)
  const save = useMutation({
    mutationFn: async (batch: LineProofResource['batches'][number]) =>
      (await part(() => import('./submit.ts'))).saveStatement(
        session,
        batch,
        `${number}-${batch.end.replace(/[-:]|\.000/g, '')}.json`,
      ),
  })
  return (
    <>
      <p role="status" className="check">
        <Badge tone={agrees ? 'good' : 'bad'}>{agrees ? said.agrees : said.differs}</Badge>
        {agrees ? said.agreesText(batches.length) : said.differsText}
      </p>
      <TableFrame label={said.proof(proof.line.line)} tall>
        <thead>
          <tr>
            <th scope="col">{said.batch}</th>
            <th scope="col" className="n">
              {said.periods(area.intervalSeconds)}
            </th>
            <th scope="col" className="n">
              {said.energy}
            </th>
            <th scope="col" className="n">
              {said.amount}
            </th>
            <th scope="col">{said.statement}</th>
          </tr>
        </thead>
        <tbody>
          {batches.map((batch) => (
            <tr key={`${batch.end} ${batch.meter}`}>
              <th scope="row">{localMoment(batch.end)}</th>
              <td className="n">{batch.intervals}</td>
              <td className="n">{exactEnergy(batch.energyWh)}</td>
              <td className="n">{amount(batch.amount)}</td>
              <td>
                <button
                  type="button"
                  className="quiet"
                  aria-label={`${said.save} ${localMoment(batch.end)}`}
                  disabled={save.isPending}
                  onClick={() => save.mutate(batch)}
                >
                  {said.save}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{said.total}</th>
            <td className="n">{proof.intervals}</td>
            <td className="n">{exactEnergy(proof.energyWh)}</td>
            <td className="n">{amount(proof.amount)}</td>
            <td />
          </tr>
        </tfoot>
      </TableFrame>
      <p className="explain proof-hash">{said.fingerprint(hash)}</p>
      <p className="explain">{said.verifyHint}</p>
      <Trouble error={save.error} />
    </>
  )
}
