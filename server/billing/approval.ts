/** Approvals: what a person signs with a key to have documents issued, and who has signed. */
import { verifyMessage } from 'ethers'

export interface ApprovedDraft {
  area: number
  month: string
  revision: number
  /** SHA-256 of all that the documents say. */
  hash: string
}

/** The text that is signed (EIP-191). */
export function approvalText({ area, month, revision, hash }: ApprovedDraft): string {
  return `I approve the Commonwatt documents of area ${area} for ${month}, revision ${revision}: ${hash}`
}

/** Of those who are said to have signed, whoever did. */
export function approversOf(
  draft: ApprovedDraft,
  approvals: readonly { approver: string; signature: string }[],
): Set<string> {
  const text = approvalText(draft)
  return new Set(
    approvals.filter((each) => signerOf(text, each.signature) === each.approver).map(({ approver }) => approver),
  )
}

function signerOf(text: string, signature: string): string | null {
  try {
    return verifyMessage(text, signature).toLowerCase()
  } catch {
    return null
  }
}
