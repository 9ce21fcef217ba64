/** What TypeScript says of passkeys and their accounts, against the contracts on a real chain. */
import { type BaseContract, Contract, hexlify, Wallet } from 'ethers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accountInterface, accountsInterface, deployAccounts } from '../../contracts/build/deploy.ts'
import { fixedValues } from '../../contracts/build/released-code.ts'
import {
  type AccountKey,
  accountSignatureOf,
  keyOfAddress,
  keyOfPasskey,
  keysOfAssertion,
  noKey,
} from '../../contracts/protocol/passkey.ts'
import {
  accountAddress,
  accountDigest,
  accountTypedData,
  codeOfAccount,
  keyChange,
} from '../../contracts/protocol/passkey-account.ts'
import { Passkey } from '../passkeys.ts'
import { startChain, type TestChain } from './chain.ts'

const recoveryDelaySeconds = 3_600
const chainId = 31_337
const digest = `0x${'d1'.repeat(32)}`
const valid = '0x1626ba7e'
const deadline = 2 ** 40

type Callable = BaseContract & Omit<Contract, keyof BaseContract>
let chain: TestChain
let factory: Callable
let facts: { factory: string; implementation: string }
beforeAll(async () => {
  chain = await startChain()
  const signer = await chain.provider.getSigner(0)
  const { address } = await deployAccounts(signer, recoveryDelaySeconds)
  factory = new Contract(address, accountsInterface, signer)
  facts = { factory: address, implementation: (await factory.implementation!()).toLowerCase() }
})
afterAll(() => chain?.close())

/** Opens the account of these keys. */
async function open(owner: AccountKey, recovery: AccountKey = noKey): Promise<Callable & { address: string }> {
  await (await factory.open!(owner, recovery)).wait()
  const address = accountAddress(facts, { owner, recovery })
  return Object.assign(new Contract(address, accountInterface, factory.runner), { address })
}

test('an account is where TypeScript says, and its code is known', async () => {
  const owner = new Passkey().key
  for (const recovery of [noKey, new Passkey().key, keyOfAddress(Wallet.createRandom().address)]) {
    const account = await open(owner, recovery)
    expect((await factory.addressOf!(owner, recovery)).toLowerCase()).toBe(account.address)
    expect(await chain.provider.getCode(account.address)).toBe(codeOfAccount(facts.implementation))
    expect({ ...(await account.recovery!()).toObject() }).toEqual(recovery)
  }
})

test('the contracts are those of this release', async () => {
  const delay = recoveryDelaySeconds.toString(16).padStart(64, '0')
  const codes = await Promise.all([facts.factory, facts.implementation].map((place) => chain.provider.getCode(place)))
  const implementation = facts.implementation.slice(2).padStart(64, '0')
  expect(new Set(fixedValues('PasskeyAccounts', codes[0]!))).toEqual(new Set([implementation]))
  expect(new Set(fixedValues('PasskeyAccount', codes[1]!))).toEqual(new Set([delay]))
  expect(fixedValues('PasskeyAccount', codes[0]!)).toBeNull()
})

test('an account signs by its passkey, whichever s the device chose, and its owner can be asked for before it is open', async () => {
  const passkey = new Passkey()
  const account = await open(passkey.key)
  // Devices choose one of two s: each is seen within so many signatures all but certainly.
  for (let n = 0; n < 20; n++) expect(await account.isValidSignature!(digest, passkey.signDigest(digest))).toBe(valid)
  expect(await account.isValidSignature!(`0x${'d2'.repeat(32)}`, passkey.signDigest(digest))).not.toBe(valid)

  const other = new Passkey()
  const original = new Contract(facts.implementation, accountInterface, chain.provider)
  expect(await original.isSignedBy!(other.key, digest, other.signDigest(digest))).toBe(true)
  expect(await original.isSignedBy!(other.key, digest, passkey.signDigest(digest))).toBe(false)
  expect(await original.isSignedBy!(other.key, digest, '0x1234')).toBe(false)
})

test.each([
  ['osaka', 0, 60_000],
  ['prague', 150_000, 400_000],
] as const)('a signature costs far less than the escrow allows a wallet: %s', async (hardfork, least, most) => {
  const place = await startChain('--hardfork', hardfork)
  try {
    const signer = await place.provider.getSigner(0)
    const { address } = await deployAccounts(signer, recoveryDelaySeconds)
    const accounts = new Contract(address, accountsInterface, signer)
    const original = new Contract(await accounts.implementation!(), accountInterface, signer)
    const passkey = new Passkey()
    const question = [passkey.key, digest, passkey.signDigest(digest)] as const
    expect(await original.isSignedBy!(...question)).toBe(true)
    const gas = Number(await original.isSignedBy!.estimateGas(...question)) - 21_000
    expect(gas).toBeGreaterThan(least)
    expect(gas).toBeLessThan(most)
  } finally {
    await place.close()
  }
})

test('the passkey of an assertion is one of two', () => {
  for (let n = 0; n < 20; n++) {
    const passkey = new Passkey()
    const keys = keysOfAssertion(passkey.assert(digest))
    expect(keys).toHaveLength(2)
    expect(keys).toContainEqual(passkey.key)
    const again = keysOfAssertion(passkey.assert(`0x${'d2'.repeat(32)}`))
    expect(again.filter((key) => keys.some(({ x }) => x === key.x))).toEqual([passkey.key])
  }
})

test('an owner changes keys, and a recovery waits, is objected to and happens, by what TypeScript signs', async () => {
  const [owner, next] = [new Passkey(), new Passkey()]
  const card = Wallet.createRandom()
  const account = await open(owner.key)
  const place = { chainId, account: account.address }
  const call = keyChange(account.address, 'changeRecovery', keyOfAddress(card.address))
  const execution = accountDigest(place, 'Execute', { calls: [call], nonce: 0n, deadline })
  await (await account.execute!([call], 0, deadline, owner.signDigest(execution))).wait()

  const request = async (nonce: bigint) => {
    const recovery = { ...next.key, nonce, deadline }
    const { domain, types } = accountTypedData('Recover', place)
    const signature = await card.signTypedData(domain, types, recovery)
    await (await account.requestRecovery!(next.key, nonce, deadline, signature)).wait()
  }
  await request(0n)
  await (await account.vetoRecovery!(owner.signDigest(accountDigest(place, 'Veto', { nonce: 0n })))).wait()
  expect(await account.recoverableFrom!()).toBe(0n)

  await request(1n)
  await chain.provider.send('evm_increaseTime', [recoveryDelaySeconds])
  await (await account.finishRecovery!()).wait()
  expect({ ...(await account.owner!()).toObject() }).toEqual(next.key)
  expect(await account.isValidSignature!(digest, next.signDigest(digest))).toBe(valid)
  expect(await account.isValidSignature!(digest, owner.signDigest(digest))).not.toBe(valid)
})

test('what is no passkey and no assertion is refused', () => {
  expect(() => keyOfPasskey(new Uint8Array(91))).toThrow(RangeError)
  const whole = new Passkey().assert(digest)
  const signature = (bytes: number[]) => ({ ...whole, signature: Uint8Array.from(bytes) })
  const [r, s] = [
    [0x02, 0x01, 0x05],
    [0x02, 0x01, 0x07],
  ] as const
  expect(accountSignatureOf(signature([0x30, 0x06, ...r, ...s])).slice(2, 66)).toBe('5'.padStart(64, '0'))
  for (const [what, bytes] of Object.entries({
    empty: [],
    'another tag': [0x31, 0x06, ...r, ...s],
    'another length': [0x30, 0x07, ...r, ...s],
    'more behind': [0x30, 0x06, ...r, ...s, 0x00],
    'one number': [0x30, 0x03, ...r],
    negative: [0x30, 0x06, 0x02, 0x01, 0x85, ...s],
    'no digits': [0x30, 0x05, 0x02, 0x00, ...s],
    'too long': [0x30, 0x27, 0x02, 0x22, 0x00, ...Array.from({ length: 33 }, () => 1), ...s],
  })) {
    expect(() => accountSignatureOf(signature(bytes)), what).toThrow(RangeError)
  }
  expect(() => accountSignatureOf({ ...whole, clientDataJSON: Buffer.from('{}') })).toThrow(RangeError)
  expect(hexlify(whole.authenticatorData)).toHaveLength(2 + 2 * 37)
})
