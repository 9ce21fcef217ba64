/** Signing and recovering who signed: libsecp256k1 where its binding loads, else `@noble/curves`, some thirty times slower. */
import { createRequire } from 'node:module'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak256 } from '../../contracts/protocol/keccak.ts'
import { digestOfStruct } from './struct-encoding.ts'

/** A batch of structures of one kind under one domain, packed so that it moves to another thread without copying. */
export interface PackedSignatures {
  /** The domain separator, 32 bytes. */
  separator: Uint8Array
  /** `count` encoded structures of equal length. */
  structs: Uint8Array
  /** `count` × 64 bytes, compact (EIP-2098). */
  signatures: Uint8Array
  count: number
}

/** `native` is libsecp256k1, `portable` is JavaScript. */
export type RecoveryImplementation = 'native' | 'portable'

type RecoverPublicKey = (signature: Uint8Array, recovery: number, digest: Uint8Array) => Uint8Array
/** Takes the digest before the key. The nonce is that of RFC 6979 and s is low, so that each implementation gives the same bytes. */
type SignDigest = (digest: Uint8Array, privateKey: Uint8Array) => { signature: Uint8Array; recid: number }

const halfOrder = secp256k1.Point.Fn.ORDER >> 1n

const { implementation, recoverPublicKey, signDigest } = chooseImplementation()

/** Which implementation this thread runs. */
export const recoveryImplementation: RecoveryImplementation = implementation

/** What was found for a batch, in its order. */
export interface Recovered {
  /**
   * The signers, 20 bytes each; all zero where nobody signed: r or s out of range, s in the upper half (a second form of
   * the same signature), or no such point.
   */
  addresses: Uint8Array
  /** What was signed, 32 bytes each: an order's digest is its identifier. */
  digests: Uint8Array
}

/** Recovers the signers of a batch. */
export function recoverBatch(batch: PackedSignatures): Recovered {
  const addresses = new Uint8Array(batch.count * 20)
  const digests = new Uint8Array(batch.count * 32)
  const length = batch.structs.length / batch.count
  for (let index = 0; index < batch.count; index++) {
    const digest = digestOfStruct(batch.separator, batch.structs.subarray(index * length, (index + 1) * length))
    digests.set(digest, index * 32)
    const publicKey = recoverCompact(batch.signatures.subarray(index * 64, (index + 1) * 64), digest)
    if (publicKey !== null) addresses.set(keccak256(publicKey.subarray(1)).subarray(12), index * 20)
  }
  return { addresses, digests }
}

/** The compact signature (EIP-2098, 64 bytes) of a digest. Throws where the private key is no scalar of the curve. */
export function signDigestCompact(
  digest: Uint8Array,
  privateKey: Uint8Array,
  sign: SignDigest = signDigest,
): Uint8Array {
  const { signature, recid } = sign(digest, privateKey)
  const compact = signature.slice()
  compact[32]! |= recid << 7
  return compact
}

function recoverCompact(compact: Uint8Array, digest: Uint8Array): Uint8Array | null {
  const signature = compact.slice()
  const recovery = signature[32]! >> 7
  signature[32]! &= 0x7f
  if (!isLow(signature.subarray(32))) return null
  try {
    return recoverPublicKey(signature, recovery, digest)
  } catch {
    return null // Both libraries throw on a signature that belongs to no key.
  }
}

function isLow(s: Uint8Array): boolean {
  return BigInt(`0x${Buffer.from(s).toString('hex')}`) <= halfOrder
}

function chooseImplementation(): {
  implementation: RecoveryImplementation
  recoverPublicKey: RecoverPublicKey
  signDigest: SignDigest
} {
  const native = loadNative()
  if (native !== null) {
    return {
      implementation: 'native',
      recoverPublicKey: (signature, recovery, digest) => native.ecdsaRecover(signature, recovery, digest, false),
      signDigest: (digest, privateKey) => native.ecdsaSign(digest, privateKey),
    }
  }
  return { implementation: 'portable', recoverPublicKey: recoverPortably, signDigest: signPortably }
}

/** The same recovery by `@noble/curves`; exported to be compared with the native one. */
export function recoverPortably(signature: Uint8Array, recovery: number, digest: Uint8Array): Uint8Array {
  const recovered = new Uint8Array(65)
  recovered[0] = recovery
  recovered.set(signature, 1)
  return secp256k1.Point.fromBytes(secp256k1.recoverPublicKey(recovered, digest, { prehash: false })).toBytes(false)
}

/** The same signature by `@noble/curves`; exported to be compared with the native one. */
export function signPortably(digest: Uint8Array, privateKey: Uint8Array): { signature: Uint8Array; recid: number } {
  const signed = secp256k1.sign(digest, privateKey, { prehash: false, format: 'recovered' })
  return { signature: signed.subarray(1), recid: signed[0]! }
}

/** The binding by its own name: the package's main file would fall back to a slow library without a word. */
function loadNative(): Pick<typeof import('secp256k1'), 'ecdsaRecover' | 'ecdsaSign'> | null {
  try {
    return createRequire(import.meta.url)('secp256k1/bindings')
  } catch {
    return null // No binding was built for this machine.
  }
}
