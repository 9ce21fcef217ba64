/** A month of which documents were issued before: a document is never changed, so what changed is taken back and said anew. */
import { canonical, type DraftDocument } from './draft.ts'

const takesBack = { '380': '381', '389': '261', '381': '380', '261': '389' } as const

/** An issued document, and the number it has. */
export interface IssuedDocument {
  number: string
  document: DraftDocument
}

/**
 * What is still to be issued of a month of which documents were issued before: nothing for one that stayed the same; for one
 * that changed a document that takes it back, and the new one.
 */
export function corrected(now: readonly DraftDocument[], standing: readonly IssuedDocument[]): DraftDocument[] {
  const sameAs = new Map(standing.map((issued) => [fingerprint(issued.document), issued]))
  const kept = new Set<IssuedDocument>()
  const fresh = now.filter((document) => {
    const same = sameAs.get(fingerprint(document))
    if (same !== undefined) kept.add(same)
    return same === undefined
  })
  const back = standing
    .filter((issued) => !kept.has(issued) && issued.document.kind !== 'sheet')
    .map(({ number, document: own }) => ({
      ...own,
      kind: takesBack[own.kind as keyof typeof takesBack],
      remainder: -own.remainder,
      corrects: number,
    }))
  return [...back, ...fresh]
}

/** Names, addresses and how it was paid may change without a document being wrong. */
function fingerprint(document: DraftDocument): string {
  const { kind, account, from, to, vat, lines, net, tax, rounding, total, remainder } = document
  return canonical({ kind, account, from, to, vat, lines, net, tax, rounding, total, remainder })
}
