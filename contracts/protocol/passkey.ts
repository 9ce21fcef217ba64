/**
 * Passkeys as signers of a `PasskeyAccount`: what a browser hands over (WebAuthn, level 2), in the form that the contract
 * takes. To sign a digest is to ask for an assertion with the digest's 32 bytes as its challenge and with user verification.
 */
import { p256 } from '@noble/curves/nist.js'
import { AbiCoder } from 'ethers/abi'
import { sha256 } from 'ethers/crypto'
import { getBytes } from 'ethers/utils'
import type { Hex } from './typed-data.ts'

/** Who signs for an account: a point of the curve P-256, or, where `y` is zero, the address in `x`. */
export interface AccountKey {
  x: Hex
  y: Hex
}

/** No key: in the place of the recovery key of an account that cannot be recovered. */
export const noKey: AccountKey = { x: word(0n), y: word(0n) }

/** A key-held account (or another contract wallet) as an account's key. */
export function keyOfAddress(address: string): AccountKey {
  return { x: word(BigInt(address)), y: noKey.y }
}

/** The parts of a browser's `AuthenticatorAssertionResponse` that count. */
export interface Assertion {
  authenticatorData: Uint8Array
  clientDataJSON: Uint8Array
  /** ECDSA over P-256, in DER. */
  signature: Uint8Array
}

/**
 * The passkey in what a browser's `getPublicKey()` returns (`SubjectPublicKeyInfo` of RFC 5480 with an uncompressed point).
 * Throws a `RangeError` for another kind of key.
 */
export function keyOfPasskey(publicKeyInfo: Uint8Array): AccountKey {
  const point = publicKeyInfo.slice(p256Header.length)
  if (point.length !== 64 || p256Header.some((byte, index) => publicKeyInfo[index] !== byte))
    throw new RangeError('this passkey is not a point of the curve P-256')
  return keyOfPoint(point)
}

/** The signature of an account whose passkey made this assertion. Throws a `RangeError` where it is not one. */
export function accountSignatureOf(assertion: Assertion): Hex {
  const { r, s } = readDer(assertion.signature)
  const client = new TextDecoder().decode(assertion.clientDataJSON)
  const [challengeIndex, typeIndex] = ['"challenge":"', '"type":"'].map((text) => client.indexOf(text))
  if (challengeIndex === -1 || typeIndex === -1) throw new RangeError('the browser signed no assertion')
  return AbiCoder.defaultAbiCoder().encode(
    ['bytes32', 'bytes32', 'uint256', 'uint256', 'bytes', 'string'],
    [word(r), word(smaller(s)), challengeIndex, typeIndex, assertion.authenticatorData, client],
  )
}

/**
 * The passkeys that can have made an assertion: two, of which a browser does not say which it was (SEC 1, 4.1.6; the points
 * whose x exceeds the order are too rare to count). Throws a `RangeError` where it is no assertion.
 */
export function keysOfAssertion({ authenticatorData, clientDataJSON, signature }: Assertion): AccountKey[] {
  const { r, s } = readDer(signature)
  const client = getBytes(sha256(clientDataJSON))
  const digest = getBytes(sha256(Uint8Array.from([...authenticatorData, ...client])))
  return [0, 1].map((bit) => {
    const point = new p256.Signature(r, s, bit).recoverPublicKey(digest).toBytes(false)
    return keyOfPoint(point.slice(1))
  })
}

/** How many points the curve P-256 has. */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** The algorithm (an elliptic curve, prime256v1) and the beginning of an uncompressed point, in DER. */
const p256Header = [
  0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
  0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
]

/** Devices sign with either s; the contract takes the smaller one. */
function smaller(s: bigint): bigint {
  return s > order / 2n ? order - s : s
}

function keyOfPoint(point: Uint8Array): AccountKey {
  return { x: word(numberOf(point.slice(0, 32))), y: word(numberOf(point.slice(32))) }
}

/** A sequence of two integers. Its bytes must be exactly that, so that one signature has one form. */
function readDer(bytes: Uint8Array): { r: bigint; s: bigint } {
  const [sequence, length] = bytes
  const afterR = 4 + (bytes[3] ?? 0)
  const [r, s] = [readInteger(bytes, 2), readInteger(bytes, afterR)]
  if (sequence !== 0x30 || length !== bytes.length - 2 || afterR + 2 + bytes[afterR + 1]! !== bytes.length)
    throw new RangeError('this is no signature in DER')
  return { r, s }
}

function readInteger(bytes: Uint8Array, offset: number): bigint {
  const length = bytes[offset + 1]
  const value = bytes.slice(offset + 2, offset + 2 + (length ?? 0))
  const isWhole = bytes[offset] === 0x02 && length !== undefined && length > 0 && value.length === length
  if (!isWhole || length > 33 || value[0]! >= 0x80) throw new RangeError('this is no signature in DER')
  return numberOf(value)
}

function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduce((number, byte) => number * 256n + BigInt(byte), 0n)
}

function word(value: bigint): Hex {
  return `0x${value.toString(16).padStart(64, '0')}`
}
