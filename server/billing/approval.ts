/** Approvals: what an account signs to have the documents of a month issued or a report released, and who has signed. */
import { createHash } from 'node:crypto'
import {
  type Address,
  type DocumentApproval,
  digestOf,
  type EscrowDomain,
  type Hex,
  type ReportApproval,
  recoverSigner,
  type TypedDataValues,
} from '../../contracts/protocol/typed-data.ts'
import type { UtcSeconds } from '../../contracts/protocol/units.ts'
import { canonical } from './draft.ts'

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

/** A version of a report, as those who approve its release name it. */
export interface ApprovedReport {
  /** Hash of the area's rules. */
  rules: Hex
  from: UtcSeconds
  to: UtcSeconds
  version: number
  /** `hashOfManifest`: 64 hexadecimal digits. */
  hash: string
}

export interface Approval {
  approver: Address
  signature: Hex
}

/** The documents of a month, or the release of a report, need the word of so many accounts. */
export const approvalsNeeded = 2

/** What an account signs (EIP-712, in the domain of the area's escrow). */
export function approvalOf({ rules, month, revision, hash }: ApprovedDraft, account: Address): DocumentApproval {
  return { account, rules, month: Number(month.replace('-', '')), revision, documents: `0x${hash}` }
}

/** What approvers of a report sign as its `manifest`: the SHA-256 of its canonical JSON, in hexadecimal digits. */
export function hashOfManifest(manifest: unknown): string {
  return createHash('sha256').update(canonical(manifest)).digest('hex')
}

function releaseApprovalOf({ hash, ...report }: ApprovedReport, account: Address): ReportApproval {
  return { account, ...report, manifest: `0x${hash}` }
}

type ApprovalName = 'DocumentApproval' | 'ReportApproval'

/** The word of one of two people: which of the typed data it is, and what it is by an account. */
interface Signed<Name extends ApprovalName> {
  name: Name
  valueBy(account: Address): TypedDataValues[Name]
}

export function ofDocuments(draft: ApprovedDraft): Signed<'DocumentApproval'> {
  return { name: 'DocumentApproval', valueBy: (account) => approvalOf(draft, account) }
}

export function ofReport(report: ApprovedReport): Signed<'ReportApproval'> {
  return { name: 'ReportApproval', valueBy: (account) => releaseApprovalOf(report, account) }
}

export type SignedByWallet = (account: Address, digest: Hex, signature: Hex) => Promise<boolean>

/**
 * Of those who are said to have approved, whoever did: by the account's own key or, where `isWalletSignature` asks the chain, as a
 * contract wallet.
 */
export async function approversOf<Name extends ApprovalName>(
  domain: EscrowDomain,
  { name, valueBy }: Signed<Name>,
  approvals: readonly Approval[],
  isWalletSignature: SignedByWallet | null,
): Promise<Set<Address>> {
  const found = new Set<Address>()
  for (const { approver, signature } of approvals) {
    const value = valueBy(approver)
    const digest = () => digestOf(domain, name, value)
    if (keyOf(domain, name, value, signature) === approver) found.add(approver)
    else if (await isWalletSignature?.(approver, digest(), signature)) found.add(approver)
  }
  return found
}

function keyOf<Name extends ApprovalName>(
  domain: EscrowDomain,
  name: Name,
  value: TypedDataValues[Name],
  signature: Hex,
): Address | null {
  try {
    return recoverSigner(domain, name, value, signature)
  } catch {
    return null
  }
}
