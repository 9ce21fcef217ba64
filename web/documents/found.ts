/** Finds documents by what a person types of them. */
import type { IssuedDocumentResource } from '../../server/api/document-resources.ts'

/** What is shorter stands in every identifier somewhere, and is looked for where names begin. */
const leastInside = 4

/** Those whose member, number, account or metering point has every word that was typed, whatever its case and accents. */
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
