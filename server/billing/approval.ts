/** Approvals: what an account signs to have the documents of a month issued, and who has signed. */
import {
  type Address,
  type DocumentApproval,
  digestOf,
  type EscrowDomain,
  type Hex,
  recoverSigner,
} from '../../contracts/protocol/typed-data.ts'

/** A preview, as those who approve it name it. */
export interface ApprovedDraft {
  /** Hash of the area's rules. */
  rules: Hex
  /** `2026-11`. */
  month: string
  revision: number
  /** `hashOfDraft`: 64 hexadecimal digits. */
  hash: string
}

export interface Approval {
  approver: Address
  signature: Hex
}

/** Of how many accounts the documents of a month need the word. */
export const approvalsNeeded = 2

/** What an account signs (EIP-712, in the domain of the area's escrow). */
export function approvalOf({ rules, month, revision, hash }: ApprovedDraft, account: Address): DocumentApproval {
  return { account, rules, month: Number(month.replace('-', '')), revision, documents: `0x${hash}` }
}

/**
 * Of those who are said to have approved, whoever did: by the account's own key or, where `isWalletSignature` asks the chain, as a
 * contract wallet.
 */
export async function approversOf(
  domain: EscrowDomain,
  draft: ApprovedDraft,
  approvals: readonly Approval[],
  isWalletSignature: ((account: Address, digest: Hex, signature: Hex) => Promise<boolean>) | null,
): Promise<Set<Address>> {
  const found = new Set<Address>()
  for (const { approver, signature } of approvals) {
    const value = approvalOf(draft, approver)
    const digest = () => digestOf(domain, 'DocumentApproval', value)
    if (keyOf(domain, value, signature) === approver) found.add(approver)
    else if (await isWalletSignature?.(approver, digest(), signature)) found.add(approver)
  }
  return found
}

function keyOf(domain: EscrowDomain, value: DocumentApproval, signature: Hex): Address | null {
  try {
    return recoverSigner(domain, 'DocumentApproval', value, signature)
  } catch {
    return null
  }
}
