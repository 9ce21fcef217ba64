/** The table behind a chart, with every number that the chart draws. It is made when somebody opens it, one page at a time. */

import { useId, useState } from 'react'
import { Act } from '../page/act.tsx'
import { TableFrame } from '../page/table-frame.tsx'
import { chartWords } from './words.ts'

interface NumbersTableProps {
  /** The name of the table's subject. */
  label: string
  head: readonly string[]
  count: number
  /** The cells of the row at an index, where the newest row is the first. The first cell names the row. */
  row: (index: number) => readonly string[]
}

const rowsPerPage = 100

export function NumbersTable({ label, head, count, row }: NumbersTableProps) {
  const said = chartWords()
  const [open, setOpen] = useState(false)
  const [page, setPage] = useState(0)
  const rowsId = useId()
  const pages = Math.max(1, Math.ceil(count / rowsPerPage))
  const first = Math.min(page, pages - 1) * rowsPerPage
  const shown = Array.from({ length: Math.min(rowsPerPage, count - first) }, (_, place) => first + place)
  return (
    <details className="numbers-table" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{said.asTable}</summary>
      {open && (
        <>
          <TableFrame label={label} look="sums" tall>
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
          </TableFrame>
          {pages > 1 && (
            <p className="pages">
              <Act className="quiet" isOff={first === 0} describedBy={rowsId} press={() => setPage(page - 1)}>
                {said.newer}
              </Act>
              <span id={rowsId} role="status">
                {said.rows(first + 1, first + shown.length, count)}
              </span>
              <Act className="quiet" isOff={page + 1 >= pages} describedBy={rowsId} press={() => setPage(page + 1)}>
                {said.older}
              </Act>
            </p>
          )}
        </>
      )}
    </details>
  )
}
