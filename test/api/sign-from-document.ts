/** A client that knows nothing but the OpenAPI document: it signs a request by what `x-eip712` says of its operation. */
import { encodeBytes32String, parseUnits, Signature, type Wallet } from 'ethers'

interface Source {
  of: 'body' | 'path' | 'area' | 'seat' | 'wallet' | 'passkeyAccount'
  at: string
  as?: 'bytes32' | 'ledgerUnits' | 'baseUnits' | 'calls' | 'before' | 'place'
}

/** An entry of `x-eip712`, as any reader of the document sees it. */
export interface TypedEntry {
  signature: string
  optional?: true
  compact?: true
  primaryType: string
  types: Record<string, readonly { name: string; type: string }[]>
  domain: Record<string, string | Source> | Source
  message: Record<string, Source>
}

/** The request without its signatures, and the resources that it is about. */
export interface Given {
  body: object
  path?: object
  area: object
  seat?: object
  wallet?: object
  passkeyAccount?: object
}

/** The body with a signature by each signer, named by where the signature goes; lists have one item. */
export async function signFromDocument<Body extends object>(
  entries: readonly TypedEntry[],
  given: Given & { body: Body },
  signers: Record<string, Wallet>,
): Promise<Body> {
  const body = structuredClone(given.body)
  for (const [place, signer] of Object.entries(signers)) {
    const entry = entries.find((each) => each.signature === place)
    if (entry === undefined) throw new Error(`nothing is signed at ${place}`)
    const { types, domain, message } = typedDataOf(entry, given)
    const full = await signer.signTypedData(domain, types, message)
    const signature = entry.compact ? Signature.from(full).compactSerialized : full
    const at = partsOf(place)
    const holder = at.slice(0, -1).reduce<Record<string, unknown>>(
      (value, part) => {
        value[part] ??= {}
        return value[part] as Record<string, unknown>
      },
      body as Record<string, unknown>,
    )
    holder[at.at(-1)!] = signature
  }
  return body
}

export function typedDataOf(entry: TypedEntry, given: Given) {
  const types = Object.fromEntries(Object.entries(entry.types).map(([name, fields]) => [name, [...fields]]))
  const domain = isSource(entry.domain)
    ? (valueAt(entry.domain, given) as Record<string, unknown>)
    : Object.fromEntries(Object.entries(entry.domain).map(([name, value]) => [name, valueAt(value, given)]))
  const message = Object.fromEntries(
    Object.entries(entry.message).map(([name, value]) => [name, valueAt(value, given)]),
  )
  return { types, domain, message }
}

function isSource(domain: TypedEntry['domain']): domain is Source {
  return typeof domain.of === 'string' && typeof domain.at === 'string'
}

function valueAt(source: string | Source, given: Given): unknown {
  if (typeof source === 'string') return source
  const { of, at, as } = source
  const value = partsOf(at).reduce<unknown>((holder, part) => (holder as Record<string, unknown>)[part], given[of])
  if (value === undefined) throw new Error(`there is no ${of} ${at}`)
  const { priceDecimals, chain } = given.area as { priceDecimals: number; chain: { tokenDecimals: number } }
  if (as === 'bytes32') return encodeBytes32String(value as string)
  if (as === 'ledgerUnits') return parseUnits(value as string, priceDecimals + 3)
  if (as === 'baseUnits') return parseUnits(value as string, chain.tokenDecimals)
  if (as === 'before') return BigInt(value as string) - 1n
  if (as === 'calls') return (value as object[]).map((call) => ({ ...call, value: 0 }))
  return value
}

function partsOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => (part === '*' ? '0' : part))
}
