/** Tables whose rows are stacked on a phone. Each cell stands beside its column's name, and a screen reader still finds a table. */
import { type RefObject, useLayoutEffect } from 'react'

/** The roles of a table's parts. Some browsers drop them where a style sheet lays out cells as blocks. */
const roles: Record<string, string> = {
  ...{ TABLE: 'table', THEAD: 'rowgroup', TBODY: 'rowgroup', TFOOT: 'rowgroup', TR: 'row', TD: 'cell' },
}

/** Keeps the names of the table's cells and the roles of its parts, whatever is added to the table later. */
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
