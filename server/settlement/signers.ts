/** Says who must have signed the things in a file: with a key or, where the account is a contract wallet, by its own word. */
import { recoverAddress } from 'ethers'
import { allowsOrder } from '../../contracts/protocol/session-keys.ts'
import { type Address, digestOf, type EscrowDomain, type Hex } from '../../contracts/protocol/typed-data.ts'
import type { StatedDeclaration } from './declaration-forms.ts'
import type { StatedAgreement, StatedBudget, StatedOrder, StatedRevocation } from './signed-forms.ts'

/** What an account is said to have signed: by its key or, where it is a contract wallet, by its own word (EIP-1271). */
export interface Claim {
  account: Address
  digest: Hex
  signature: Hex
}

/** The claims that contract wallets confirm, by `nameOf`. */
export type WalletWords = ReadonlySet<string>

export function nameOf({ account, digest, signature }: Claim): string {
  return `${account} ${digest} ${signature}`
}

/** Everything in a file that accounts are said to have signed. */
export interface SignedThings {
  orders?: readonly StatedOrder[]
  agreements?: readonly StatedAgreement[]
  revocations?: readonly StatedRevocation[]
  budgets?: readonly StatedBudget[]
  /** Declarations, with the hash of the area's rules and the accounts that were its grid operator. */
  declared?: { declarations: readonly StatedDeclaration[]; rules: Hex; grids: readonly Address[] }
}

/** What accounts are said to have signed. */
export function claimsOf(
  domain: EscrowDomain,
  { orders = [], agreements = [], revocations = [], budgets = [], declared }: SignedThings,
): Claim[] {
  return [
    ...orders.map((signed) => claimOfOrder(domain, signed)),
    ...agreements.flatMap((signed) => claimsOfAgreement(domain, signed)),
    ...revocations.map((signed) => claimOfRevocation(domain, signed)),
    ...budgets.map((signed) => claimOfBudget(domain, signed)),
    ...(declared?.declarations ?? []).flatMap((signed) => claimsOfDeclaration(domain, signed, declared!)),
  ]
}

/** Who must have signed an order, where somebody else did or the session key may not sign it; else null. */
export function wrongSignerOfOrder(domain: EscrowDomain, signed: StatedOrder, words: WalletWords): Address | null {
  const { order, signature, session } = signed
  if (session !== null) {
    const digest = digestOf(domain, 'Order', order)
    const isAllowed = allowsOrder({ ...session, rules: order.rules }, order)
    if (!isAllowed || !isByKey({ account: session.key, digest, signature })) return session.key
  }
  return missing(claimOfOrder(domain, signed), words)
}

/** The first of the two accounts that must have signed an agreement and has not; null where both have. */
export function wrongSignerOfAgreement(
  domain: EscrowDomain,
  signed: StatedAgreement,
  words: WalletWords,
): Address | null {
  const [seller, buyer] = claimsOfAgreement(domain, signed)
  return missing(seller, words) ?? missing(buyer, words)
}

/** The account that must have taken the key back, where it has not; else null. */
export function wrongSignerOfRevocation(
  domain: EscrowDomain,
  signed: StatedRevocation,
  words: WalletWords,
): Address | null {
  return missing(claimOfRevocation(domain, signed), words)
}

/** The account that must have signed a daily budget, where it has not; else null. */
export function wrongSignerOfBudget(domain: EscrowDomain, signed: StatedBudget, words: WalletWords): Address | null {
  return missing(claimOfBudget(domain, signed), words)
}

/** Whether none of the accounts that were the area's grid operator has signed a declaration. */
export function isForeignDeclaration(
  domain: EscrowDomain,
  signed: StatedDeclaration,
  by: { rules: Hex; grids: readonly Address[]; words: WalletWords },
): boolean {
  return claimsOfDeclaration(domain, signed, by).every((claim) => missing(claim, by.words) !== null)
}

function missing(claim: Claim, words: WalletWords): Address | null {
  return isByKey(claim) || words.has(nameOf(claim)) ? null : claim.account
}

/** What the account must have signed: the order itself, or the grant of the session key that signed the order. */
function claimOfOrder(domain: EscrowDomain, { order, signature, session }: StatedOrder): Claim {
  const { account, rules } = order
  if (session === null) return { account, digest: digestOf(domain, 'Order', order), signature }
  const { signature: granted, ...grant } = session
  return { account, digest: digestOf(domain, 'SessionKey', { account, rules, ...grant }), signature: granted }
}

function claimsOfAgreement(
  domain: EscrowDomain,
  { agreement, sellerSignature, buyerSignature }: StatedAgreement,
): [Claim, Claim] {
  const digest = digestOf(domain, 'Agreement', agreement)
  return [
    { account: agreement.seller, digest, signature: sellerSignature },
    { account: agreement.buyer, digest, signature: buyerSignature },
  ]
}

function claimOfRevocation(domain: EscrowDomain, { account, key, signedFrom, signature }: StatedRevocation): Claim {
  return { account, digest: digestOf(domain, 'RevokeSessionKey', { account, key, from: signedFrom }), signature }
}

function claimOfBudget(domain: EscrowDomain, { budget, signature }: StatedBudget): Claim {
  return { account: budget.account, digest: budgetId(domain, { budget }), signature }
}

function claimsOfDeclaration(
  domain: EscrowDomain,
  signed: StatedDeclaration,
  { rules, grids }: { rules: Hex; grids: readonly Address[] },
): Claim[] {
  const digest = declarationId(domain, signed, rules)
  return grids.map((account) => ({ account, digest, signature: signed.signature }))
}

function isByKey({ account, digest, signature }: Claim): boolean {
  try {
    return recoverAddress(digest, signature).toLowerCase() === account
  } catch {
    return false // A key's signature never has such a form.
  }
}

/** The identifier of an order. */
export function orderId(domain: EscrowDomain, { order }: Pick<StatedOrder, 'order'>): Hex {
  return digestOf(domain, 'Order', order)
}

/** The identifier of an agreement. */
export function agreementId(domain: EscrowDomain, { agreement }: Pick<StatedAgreement, 'agreement'>): Hex {
  return digestOf(domain, 'Agreement', agreement)
}

/** The identifier of a daily budget. */
export function budgetId(domain: EscrowDomain, { budget }: Pick<StatedBudget, 'budget'>): Hex {
  return digestOf(domain, 'DailyBudget', { ...budget, amount: BigInt(budget.amount) })
}

/** The identifier of a declaration in an area of these rules. */
export function declarationId(
  domain: EscrowDomain,
  { declaration }: Pick<StatedDeclaration, 'declaration'>,
  rules: Hex,
): Hex {
  return digestOf(domain, 'Declaration', { rules, ...declaration })
}
