/** The table behind a chart, with every number that the chart draws: made when somebody opens it, a page at a time. */
import { useState } from 'react'
import { Scrolls } from '../page/scrolls.tsx'
import { chartWords } from './words.ts'

interface NumbersTableProps {
  /** What the table is of. */
  label: string
  head: readonly string[]
  count: number
  /** The cells of a row, the newest first; the first one names it. */
  row: (index: number) => readonly string[]
}

const rowsPerPage = 100

export function NumbersTable({ label, head, count, row }: NumbersTableProps) {
  const said = chartWords()
  const [open, setOpen] = useState(false)
  const [page, setPage] = useState(0)
  const pages = Math.max(1, Math.ceil(count / rowsPerPage))
  const first = Math.min(page, pages - 1) * rowsPerPage
  const shown = Array.from({ length: Math.min(rowsPerPage, count - first) }, (_, place) => first + place)
  return (
    <details className="numbers-table" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{said.asTable}</summary>
      {open && (
        <>
          <Scrolls label={label} isTall>
            <thead>
              <tr>
                {head.map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((index) => {
                const [name, ...cells] = row(index)
                return (
                  <tr key={index}>
                    <th scope="row">{name}</th>
                    {cells.map((cell, place) => (
                      <td key={head[place + 1]}>{cell}</td>
                    ))}
                  </tr>
                )
              })}
            </tbody>
          </Scrolls>
          {pages > 1 && (
            <p className="pages">
              <button type="button" className="quiet" disabled={first === 0} onClick={() => setPage(page - 1)}>
                {said.newer}
              </button>
              <span>{said.rows(first + 1, first + shown.length, count)}</span>
              <button type="button" className="quiet" disabled={page + 1 >= pages} onClick={() => setPage(page + 1)}>
                {said.older}
              </button>
            </p>
          )}
        </>
      )}
    </details>
  )
}
