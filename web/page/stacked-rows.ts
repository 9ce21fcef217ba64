/** Tables whose rows are stacked where there is no room. Each cell stands beside its column's name, and a screen reader still finds a table. */
import { type RefObject, useLayoutEffect } from 'react'

/** The roles of a table's parts. Some browsers drop them where a style sheet lays out cells as blocks. */
const roles: Record<string, string> = {
  ...{ TABLE: 'table', THEAD: 'rowgroup', TBODY: 'rowgroup', TFOOT: 'rowgroup', TR: 'row', TD: 'cell' },
}
/** Where a frame is at least so wide, in heights of the page's letters, the table in it scrolls instead. */
const scrollsFrom = 40

/**
 * Stacks the rows of the table in a frame while the frame is narrow: those of every table with `stacks` "always", otherwise of
 * one whose columns do not fit. Keeps the names of the table's cells and the roles of its parts, whatever is added to the table later.
 */
export function useStackedRows(frame: RefObject<HTMLElement | null>, stacks: 'always' | 'needed'): void {
  useLayoutEffect(() => {
    const element = frame.current
    const table = element?.querySelector('table')
    if (!element || !table) return
    let laidFor = ''
    const lay = () => {
      const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
      const width = element.clientWidth
      // Rows that are stacked stay so until there is another room, or the frame would lose its place at every change of a number.
      const room = `${width} ${rem}`
      if (room === laidFor && element.classList.contains('stacked')) return
      laidFor = room
      if (stacks === 'needed') element.classList.remove('stacked')
      const isFull = stacks === 'always' || table.offsetWidth > width
      element.classList.toggle('stacked', width < scrollsFrom * rem && isFull)
    }
    const renew = () => {
      nameCells(table)
      lay()
    }
    renew()
    const changes = new MutationObserver(renew)
    changes.observe(table, { childList: true, subtree: true, characterData: true })
    const sizes = new ResizeObserver(lay)
    sizes.observe(element)
    return () => {
      changes.disconnect()
      sizes.disconnect()
    }
  }, [frame, stacks])
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
      // A cell across several columns belongs to none of them.
      const name = cell.colSpan === 1 ? (names[place] ?? '') : ''
      if (cell.tagName === 'TD' && cell.dataset.label !== name) cell.dataset.label = name
    }
  }
}
