/** Digests and signers, against ethers. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { getBytes, hexlify, Signature, SigningKey, Wallet } from 'ethers'
import fc from 'fast-check'
import { Registry } from 'prom-client'
import { build } from 'rolldown'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { digestOf, signCompact, signFull, type TypedDataName, typesOf } from '../../contracts/protocol/typed-data.ts'
import { signerOfReading, signReading } from '../../server/signatures/reading-signer.ts'
import {
  recoverBatch,
  recoverPortably,
  recoveryImplementation,
  signDigestCompact,
  signPortably,
} from '../../server/signatures/recover.ts'
import { type SignatureCheck, startSignatureCheck } from '../../server/signatures/signature-check.ts'
import { digestOfStruct, domainSeparator, encodeStruct, structLength } from '../../server/signatures/struct-encoding.ts'

const domain = { chainId: 31337, escrow: '0x00000000000000000000000000000000000e5c40' }
const wallet = new Wallet(`0x${'11'.repeat(32)}`)
const meter = wallet.address.toLowerCase()

const reading = (time: number) => ({ meter, epoch: 1, time, importWh: 2 ** 47 + time, exportWh: 7, quality: 0 })

/** Random values of any type that our structures use. */
function arbitraryOf(type: string): fc.Arbitrary<unknown> {
  if (type === 'address') return fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => hexlify(bytes))
  if (type === 'bytes32') return fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => hexlify(bytes))
  if (type === 'bool') return fc.boolean()
  const bits = Number(/\d+/.exec(type)![0])
  if (type.startsWith('int')) return fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 })
  if (bits > 48) return fc.oneof(fc.bigInt(0n, 2n ** BigInt(bits) - 1n), fc.maxSafeNat())
  return fc.integer({ min: 0, max: 2 ** bits - 1 })
}

const names: TypedDataName[] = [
  'Reading',
  'Order',
  'CancelOrder',
  'SessionKey',
  'RotateKey',
  'AgentHello',
  'AreaRules',
  'Mandate',
  'MeterConsent',
  'EpochStart',
  'Withdrawal',
  'CloseSeat',
  'ConfirmMeter',
  'RevokeMeter',
  'Agreement',
  'EndAgreement',
  'RevokeSessionKey',
  'BatchApproval',
  'BatchRefusal',
  'MovePurse',
  'DataGrant',
  'Invitation',
  'DocumentApproval',
  'Declaration',
]

describe.each(names)('the hand-built digest of %s', (name) => {
  test('is ethers’', () => {
    const fields = Object.fromEntries(typesOf(name)[name]!.map((field) => [field.name, arbitraryOf(field.type)]))
    fc.assert(
      fc.property(
        fc.record(fields),
        fc.integer({ min: 1, max: 2 ** 53 - 1 }),
        arbitraryOf('address'),
        (value, chainId, escrow) => {
          const struct = new Uint8Array(structLength(name))
          encodeStruct(name, value as never, struct, 0)
          const at = { chainId, escrow: escrow as string }
          expect(hexlify(digestOfStruct(domainSeparator(at), struct))).toBe(digestOf(at, name, value as never))
        },
      ),
      { numRuns: 25, seed: 20_261_122 },
    )
  })
})

let folder: string
let threaded: SignatureCheck

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'commonwatt-signatures-'))
  const file = join(folder, 'signature-worker.mjs')
  await build({
    input: 'server/signatures/signature-worker.ts',
    platform: 'node',
    output: { file, format: 'esm' },
    external: [/^node:/],
    transform: { define: { 'import.meta.url': JSON.stringify(pathToFileURL(`${process.cwd()}/dist/`).href) } },
    logLevel: 'silent',
  })
  threaded = await startSignatureCheck({ registry: new Registry(), threads: 2, workerFile: pathToFileURL(file) })
})
afterAll(async () => {
  await threaded.close()
  rmSync(folder, { recursive: true })
})

describe('recovering signers', () => {
  test('finds each signer in order, across threads', async () => {
    const wallets = [1, 2, 3].map((byte) => new Wallet(`0x${`0${byte}`.repeat(32)}`))
    const items = await Promise.all(
      Array.from({ length: 600 }, async (_, index) => {
        const signer = wallets[index % 3]!
        const value = { ...reading(index), meter: signer.address.toLowerCase() }
        return { value, signature: await signCompact(signer, domain, 'Reading', value) }
      }),
    )
    expect(await threaded.recover(domain, 'Reading', items)).toEqual(items.map((item) => item.value.meter))
  })

  test('takes compact and full signatures and no third form', async () => {
    const check = await startSignatureCheck({ registry: new Registry(), threads: 0 })
    const value = reading(900)
    const compact = await signCompact(wallet, domain, 'Reading', value)
    const full = await signFull(wallet, domain, 'Reading', value)
    const low = Signature.from(full)
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
    const high = `${low.r}${(order - BigInt(low.s)).toString(16).padStart(64, '0')}${low.v === 27 ? '1c' : '1b'}`
    const signatures = [
      compact,
      full,
      high,
      `${full}00`,
      `0x${'00'.repeat(64)}`,
      `0x${'ff'.repeat(64)}`,
      `${full.slice(0, -2)}1d`,
    ]
    const signers = await check.recover(
      domain,
      'Reading',
      signatures.map((signature) => ({ value, signature })),
    )
    expect(signers).toEqual([meter, meter, null, null, null, null, null])
  })

  test('tells calls of one turn apart, each with its digests', async () => {
    const asked = await Promise.all(
      [[1, 2], [3], [4, 5, 6]].map((hours) =>
        Promise.all(
          hours.map(async (hour) => {
            const value = reading(900 * hour)
            return { value, signature: await signCompact(wallet, domain, 'Reading', value) }
          }),
        ),
      ),
    )
    const checked = await Promise.all(asked.map((items) => threaded.check(domain, 'Reading', items)))
    expect(checked).toEqual(
      asked.map((items) => items.map(({ value }) => ({ signer: meter, digest: digestOf(domain, 'Reading', value) }))),
    )
  })

  test('a value signed for another escrow has another signer', async () => {
    const value = reading(900)
    const signature = await signCompact(wallet, { ...domain, chainId: 1 }, 'Reading', value)
    const [signer] = await threaded.recover(domain, 'Reading', [{ value, signature }])
    expect(signer).not.toBe(meter)
  })

  test('both libraries agree', () => {
    expect(recoveryImplementation).toBe('native')
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        (struct, key) => {
          fc.pre(key.some((byte) => byte !== 0) && key[0] !== 0xff)
          const separator = new Uint8Array(32)
          const digest = digestOfStruct(separator, struct)
          const signature = getBytes(Signature.from(new SigningKey(key).sign(digest)).compactSerialized)
          const { addresses } = recoverBatch({ separator, structs: struct, signatures: signature, count: 1 })
          const plain = signature.slice()
          plain[32]! &= 0x7f
          const portable = recoverPortably(plain, signature[32]! >> 7, digest)
          expect(hexlify(addresses)).toBe(new Wallet(hexlify(key)).address.toLowerCase())
          expect(hexlify(portable)).toBe(SigningKey.computePublicKey(new SigningKey(key).publicKey, false))
        },
      ),
      { numRuns: 20, seed: 20_261_122 },
    )
  })

  test('a reading signed in bulk carries the very signature that ethers makes, by either implementation', async () => {
    const key = fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .filter((bytes) => bytes.some((byte) => byte !== 0) && bytes[0]! < 255)
    await fc.assert(
      fc.asyncProperty(key, fc.nat(), async (bytes, time) => {
        const signer = new Wallet(hexlify(bytes))
        const value = { ...reading(time), meter: signer.address.toLowerCase() }
        const made = signReading(signer.privateKey, domain, value)
        expect(made).toBe(await signCompact(signer, domain, 'Reading', value))
        expect(hexlify(signDigestCompact(getBytes(digestOf(domain, 'Reading', value)), bytes, signPortably))).toBe(made)
        expect(signerOfReading(domain, value, made)).toBe(value.meter)
      }),
      { numRuns: 20, seed: 20_261_128 },
    )
  })

  test('refuses what it cannot queue, by name', async () => {
    const registry = new Registry()
    const check = await startSignatureCheck({ registry, threads: 0, mostWaiting: 4 })
    const item = { value: reading(900), signature: `0x${'00'.repeat(64)}` }
    await expect(check.recover(domain, 'Reading', [item, item, item])).rejects.toMatchObject({
      code: 'SIGNATURE_CHECK_BUSY',
    })
    const others = [1, 2].map((time) => ({ value: { meter: item.value.meter, time }, signature: item.signature }))
    const waiting = check.recover(domain, 'AgentHello', others)
    await expect(check.recover(domain, 'AgentHello', others)).rejects.toMatchObject({ code: 'SIGNATURE_CHECK_BUSY' })
    // Readings have a lane of their own.
    await check.recover(domain, 'Reading', [item, item])
    await waiting
    expect(await registry.metrics()).toContain('commonwatt_signature_check_implementation{implementation="native"} 1')
    expect(await registry.metrics()).toContain('commonwatt_signatures_checked_total{structure="Reading"} 2')
  })
})
