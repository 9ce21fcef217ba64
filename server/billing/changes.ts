/** What changed of a month after its documents were last previewed: what calls for new documents, and what is only reported. */

export interface BillChanges {
  /** `2026-10`. */
  month: string
  /** Counts the previews since it is looked at. */
  look: number
  /** Batches that hold some of it and were settled. */
  settledBatches: number
  /** Who stood behind a metering point in the month, and with which identifier. */
  isRosterChanged: boolean
  /** How the issuer, or somebody who has a document of the month, is taxed in it. */
  isTaxationChanged: boolean
  /** Final intervals that were corrected. That is reported, and moves nothing. */
  correctedIntervals: number
  /** Official values that a newer file replaced. */
  replacedValues: number
}

/** Whether documents may have to be taken back. */
export function callsForDocuments(changes: BillChanges): boolean {
  return changes.settledBatches > 0 || changes.isRosterChanged || changes.isTaxationChanged
}

export function hasChanges(changes: BillChanges): boolean {
  return callsForDocuments(changes) || changes.correctedIntervals > 0 || changes.replacedValues > 0
}

export function changesInWords(changes: BillChanges): string {
  return `${changes.month} was billed, and since then ${listOf(changes)}`
}

/** What changed and what follows from it, without a full stop. */
export function listOf(changes: BillChanges): string {
  const { settledBatches, isRosterChanged, isTaxationChanged, correctedIntervals, replacedValues } = changes
  const counted = (count: number, one: string, many: string) =>
    count === 0 ? [] : [`${count} ${count === 1 ? one : many}`]
  const documents = [
    ...counted(settledBatches, 'batch was settled', 'batches were settled'),
    ...(isRosterChanged ? ['the roster of the month changed'] : []),
    ...(isTaxationChanged ? ['taxes of the month changed'] : []),
  ]
  const reported = [
    ...counted(replacedValues, 'official value was replaced', 'official values were replaced'),
    ...counted(correctedIntervals, 'interval corrected', 'intervals corrected'),
  ]
  const all = [...documents, ...(reported.length === 0 ? [] : [reported.join(' and ')])].join(', ')
  return `${all}: ${callsForDocuments(changes) ? 'preview it again' : 'documents stay, since nothing moves'}`
}
