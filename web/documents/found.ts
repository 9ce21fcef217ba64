/** Finds documents by words that a person types. */
import type { IssuedDocumentResource } from '../../server/api/document-resources.ts'

/** A shorter word occurs in almost every identifier, so it is looked for only at the beginning of names. */
const leastInside = 4

/** The documents in whose member, number, account or metering point every typed word occurs, whatever its case and accents. */
export function found(documents: readonly IssuedDocumentResource[], wanted: string): IssuedDocumentResource[] {
  const words = plain(wanted).split(/\s+/).filter(Boolean)
  return documents.filter(({ member, number, account, lines }) => {
    const text = plain([member, number, account, ...lines.map(({ point }) => point)].join(' '))
    const names = plain(member).split(/\s+/)
    return words.every((word) =>
      word.length < leastInside ? names.some((name) => name.startsWith(word)) : text.includes(word),
    )
  })
}

function plain(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase()
}
