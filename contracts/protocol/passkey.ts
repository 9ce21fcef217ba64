/**
 * Passkeys as signers of a `PasskeyAccount`: what a browser hands over (WebAuthn, level 2), in the form that the contract
 * takes. To sign a digest is to ask for an assertion with the digest's 32 bytes as its challenge and with user verification.
 */
import { AbiCoder } from 'ethers/abi'
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
  const bytes = [...publicKeyInfo]
  if (bytes.length !== p256Header.length + 64 || p256Header.some((byte, index) => bytes[index] !== byte))
    throw new RangeError('this passkey is not a point of the curve P-256')
  const [x, y] = [0, 32].map((offset) => bytes.slice(p256Header.length + offset, p256Header.length + offset + 32))
  return { x: word(numberOf(x!)), y: word(numberOf(y!)) }
}

/** The signature of an account whose passkey made this assertion. Throws a `RangeError` where it is not one. */
export function accountSignatureOf(assertion: Assertion): Hex {
  const { r, s } = readDer(assertion.signature)
  const client = new TextDecoder().decode(assertion.clientDataJSON)
  const [challengeIndex, typeIndex] = ['"challenge":"', '"type":"'].map((text) => client.indexOf(text))
  if (challengeIndex === -1 || typeIndex === -1) throw new RangeError('the browser signed no assertion')
  // Devices sign with either s; the contract takes the smaller one.
  const small = s > order / 2n ? order - s : s
  return AbiCoder.defaultAbiCoder().encode(
    ['bytes32', 'bytes32', 'uint256', 'uint256', 'bytes', 'string'],
    [word(r), word(small), challengeIndex, typeIndex, assertion.authenticatorData, client],
  )
}

/** How many points the curve P-256 has. */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** The algorithm (an elliptic curve, prime256v1) and the beginning of an uncompressed point, in DER. */
const p256Header = [
  0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
  0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
]

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
  return numberOf([...value])
}

function numberOf(bytes: readonly number[]): bigint {
  return bytes.reduce((number, byte) => number * 256n + BigInt(byte), 0n)
}

function word(value: bigint): Hex {
  return `0x${value.toString(16).padStart(64, '0')}`
}
