/** Finds documents by what a person types of them. */
import type { IssuedDocumentResource } from '../../server/api/document-resources.ts'

/** Those whose member, number, account or metering point has every word that was typed, whatever its case and accents. */
export function found(documents: readonly IssuedDocumentResource[], wanted: string): IssuedDocumentResource[] {
  const words = plain(wanted).split(/\s+/).filter(Boolean)
  return documents.filter(({ member, number, account, lines }) => {
    const text = plain([member, number, account, ...lines.map(({ point }) => point)].join(' '))
    return words.every((word) => text.includes(word))
  })
}

function plain(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase()
}
