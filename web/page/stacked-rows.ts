/** Tables whose rows are stacked on a phone: each cell is told beside its column's name, and all stays a table to the ear. */
import { type RefObject, useLayoutEffect } from 'react'

/** What a style sheet that lays out cells as blocks takes away from some browsers. */
const roles: Record<string, string> = {
  ...{ TABLE: 'table', THEAD: 'rowgroup', TBODY: 'rowgroup', TFOOT: 'rowgroup', TR: 'row', TD: 'cell' },
}

/** Keeps the table's cells named and its parts what they are, whatever is added to it later. */
export function useStackedRows(table: RefObject<HTMLTableElement | null>): void {
  useLayoutEffect(() => {
    const element = table.current
    if (element === null) return
    nameCells(element)
    const observer = new MutationObserver(() => nameCells(element))
    observer.observe(element, { childList: true, subtree: true, characterData: true })
    return () => observer.disconnect()
  }, [table])
}

function nameCells(table: HTMLTableElement): void {
  const names = [...(table.tHead?.rows[0]?.cells ?? [])].map(({ textContent }) => textContent)
  for (const part of [table, ...table.querySelectorAll('*')]) {
    const { tagName } = part
    const role = tagName === 'TH' ? (part.closest('thead') ? 'columnheader' : 'rowheader') : roles[tagName]
    if (role !== undefined && part.getAttribute('role') !== role) part.setAttribute('role', role)
  }
  for (const { cells } of table.rows) {
    for (const [place, cell] of [...cells].entries()) {
      if (cell.tagName === 'TD' && cell.dataset.label !== names[place]) cell.dataset.label = names[place] ?? ''
    }
  }
}
