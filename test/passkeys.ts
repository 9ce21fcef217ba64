/** A passkey as a device holds one, for tests: it makes keys and signs as WebAuthn says, with the person present and verified. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { getBytes, hashMessage, TypedDataEncoder } from 'ethers'
import { type AccountKey, type Assertion, accountSignatureOf, keyOfPasskey } from '../contracts/protocol/passkey.ts'
import type { Hex, TypedDataSigner } from '../contracts/protocol/typed-data.ts'

const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()

export class Passkey implements TypedDataSigner {
  readonly #secret: KeyObject
  readonly key: AccountKey
  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.#secret = privateKey
    this.key = keyOfPasskey(publicKey.export({ type: 'spki', format: 'der' }))
  }

  /** What the browser gives back that was asked to sign these 32 bytes. */
  assert(digest: Hex): Assertion {
    const challenge = Buffer.from(getBytes(digest)).toString('base64url')
    const client = { type: 'webauthn.get', challenge, origin: 'http://localhost', crossOrigin: false }
    const clientDataJSON = Buffer.from(JSON.stringify(client))
    const flagsAndCount = [0x05, 0, 0, 0, 7]
    const authenticatorData = Buffer.concat([hash(Buffer.from('localhost')), Buffer.from(flagsAndCount)])
    const signature = sign('sha256', Buffer.concat([authenticatorData, hash(clientDataJSON)]), this.#secret)
    return { authenticatorData, clientDataJSON, signature }
  }

  signDigest(digest: Hex): Hex {
    return accountSignatureOf(this.assert(digest))
  }

  async signMessage(message: string): Promise<Hex> {
    return this.signDigest(hashMessage(message))
  }

  async signTypedData(...typed: Parameters<TypedDataSigner['signTypedData']>): Promise<Hex> {
    return this.signDigest(TypedDataEncoder.hash(...typed))
  }
}
