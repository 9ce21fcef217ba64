/** Contract wallets that say yes, no, nothing, too little and too much, on a real node. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { walletSignatures } from '../../server/chain/wallet-signature.ts'
import { startTestChain, type TestChain } from './street.ts'

let chain: TestChain
beforeAll(async () => {
  chain = await startTestChain()
})
afterAll(() => chain?.stop())

const digest = `0x${'d1'.repeat(32)}`
const signature = `0x${'ab'.repeat(65)}`
/** Returns the word that calls a signature valid, whatever is asked: PUSH4 1626ba7e, SHL 224, MSTORE, RETURN 32 bytes. */
const yes = '0x631626ba7e60e01b60005260206000f3'

/** An account with this code. */
let accounts = 0
async function wallet(code: string): Promise<string> {
  accounts += 1
  const account = `0x${(0xc0de_0000 + accounts).toString(16).padStart(40, '0')}`
  await chain.provider.send('anvil_setCode', [account, code])
  return account
}

test.each([
  ['says yes', yes, true],
  ['says yes and more', '0x631626ba7e60e01b60005260406000f3', true],
  // SLOAD of the digest (calldata from byte 4): only what its owner stored is valid.
  ['has not heard of it', '0x600435548060e01b60005260206000f3', false],
  ['answers another word', '0x600160005260206000f3', false],
  ['answers four bytes only', '0x631626ba7e60e01b60005260046000f3', false],
  ['reverts', '0x60006000fd', false],
  ['burns all gas', '0x5b600056', false],
])('a wallet that %s', async (_mood, code, valid) => {
  const isWalletSignature = walletSignatures(chain.provider)
  expect(await isWalletSignature(await wallet(code), digest, signature)).toBe(valid)
})

test('a key-held account is none, and is not asked again for a minute', async () => {
  let nowMs = 0
  const isWalletSignature = walletSignatures(chain.provider, () => nowMs)
  const account = await wallet('0x')
  expect(await isWalletSignature(account, digest, signature)).toBe(false)
  await chain.provider.send('anvil_setCode', [account, yes])
  expect(await isWalletSignature(account, digest, signature)).toBe(false)
  nowMs = 60_000
  expect(await isWalletSignature(account, digest, signature)).toBe(true)
})
