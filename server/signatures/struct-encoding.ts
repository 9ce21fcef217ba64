/**
 * EIP-712 by hand, for signatures in bulk: the bytes of `encodeData` for structures with static fields, which all of ours
 * are. Hashing those bytes is left to whoever checks the signature; `test/signatures/` proves the digest equal to ethers'.
 */
import { keccak256 } from '../../contracts/protocol/keccak.ts'
import {
  domainVersion,
  type EscrowDomain,
  type TypedDataName,
  type TypedDataValues,
  typesOf,
} from '../../contracts/protocol/typed-data.ts'

const word = 32

type Writer = (target: Uint8Array, offset: number, value: unknown) => void

interface Encoding {
  typeHash: Uint8Array
  fields: { name: string; write: Writer }[]
  /** Bytes of one encoded value: the type hash and a word per field. */
  length: number
}

const encodings = new Map<TypedDataName, Encoding>()

/** Bytes that `encodeStruct` writes for a structure. */
export function structLength(name: TypedDataName): number {
  return encodingOf(name).length
}

/** Writes `typeHash ‖ encodeData(value)` into `target` at `offset`; the words there must be zero. The value is trusted to have its form. */
export function encodeStruct<Name extends TypedDataName>(
  name: Name,
  value: TypedDataValues[Name],
  target: Uint8Array,
  offset: number,
): void {
  const { typeHash, fields } = encodingOf(name)
  target.set(typeHash, offset)
  let at = offset + word
  for (const field of fields) {
    field.write(target, at, value[field.name as keyof typeof value])
    at += word
  }
}

/** The domain separator `Commonwatt` / `2` of one escrow on one chain. */
export function domainSeparator(domain: EscrowDomain): Uint8Array {
  const bytes = new Uint8Array(5 * word)
  bytes.set(keccakOfText('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'))
  bytes.set(keccakOfText('Commonwatt'), word)
  bytes.set(keccakOfText(domainVersion), 2 * word)
  writeNumber(bytes, 3 * word, domain.chainId)
  writeBytesRight(bytes, 4 * word, domain.escrow)
  return keccak256(bytes)
}

/** `keccak256(0x1901 ‖ separator ‖ keccak256(struct))`: what a key signs. */
export function digestOfStruct(separator: Uint8Array, struct: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(2 + 2 * word)
  bytes[0] = 0x19
  bytes[1] = 0x01
  bytes.set(separator, 2)
  bytes.set(keccak256(struct), 2 + word)
  return keccak256(bytes)
}

function encodingOf(name: TypedDataName): Encoding {
  const known = encodings.get(name)
  if (known !== undefined) return known
  const types = typesOf(name)[name]!
  const signature = `${name}(${types.map((field) => `${field.type} ${field.name}`).join(',')})`
  const encoding = {
    typeHash: keccakOfText(signature),
    fields: types.map((field) => ({ name: field.name, write: writerOf(field.type) })),
    length: (1 + types.length) * word,
  }
  encodings.set(name, encoding)
  return encoding
}

function writerOf(type: string): Writer {
  if (type === 'address' || type === 'bytes32')
    return (target, offset, value) => writeBytesRight(target, offset, value as string)
  if (type === 'bool') return (target, offset, value) => writeNumber(target, offset, value === true ? 1 : 0)
  return (target, offset, value) =>
    typeof value === 'bigint' ? writeBigint(target, offset, value) : writeNumber(target, offset, value as number)
}

/** A safe integer as a 256-bit two's complement word. */
function writeNumber(target: Uint8Array, offset: number, value: number): void {
  if (value < 0) target.fill(0xff, offset, offset + word - 8)
  const view = new DataView(target.buffer, target.byteOffset)
  view.setUint32(offset + word - 8, Math.floor(value / 2 ** 32))
  view.setUint32(offset + word - 4, value)
}

function writeBigint(target: Uint8Array, offset: number, value: bigint): void {
  const view = new DataView(target.buffer, target.byteOffset)
  for (let part = 0; part < 4; part++) {
    view.setBigUint64(offset + word - 8 * (part + 1), BigInt.asUintN(64, value >> BigInt(64 * part)))
  }
}

function writeBytesRight(target: Uint8Array, offset: number, text: string): void {
  const bytes = Buffer.from(text.slice(2), 'hex')
  target.set(bytes, offset + word - bytes.length)
}

function keccakOfText(text: string): Uint8Array {
  return keccak256(Buffer.from(text, 'utf8'))
}
