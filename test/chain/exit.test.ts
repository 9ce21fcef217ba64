import { Wallet } from 'ethers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tokenAt } from '../../contracts/deploy.ts'
import { exitStep } from '../../server/chain/exit.ts'
import { fundedKey, openStreet, passUntil, startTestChain, type TestChain } from './street.ts'

let chain: TestChain
beforeAll(async () => {
  chain = await startTestChain()
})
afterAll(() => chain?.stop())

test('an account takes everything out with a node and its key alone', async () => {
  const { provider } = chain
  const street = await openStreet(provider, { operator: new Wallet(fundedKey(7)), deposits: [1_234_560n, 77_000n] })
  const wallet = street.homes[0]!.account
  await provider.send('anvil_setBalance', [wallet.address, `0x${(10n ** 20n).toString(16)}`])
  const to = Wallet.createRandom().address.toLowerCase()
  const step = async () => (await exitStep({ provider, escrow: street.escrow, wallet, to, firstBlock: 0 }))[0]!

  const requested = await step()
  expect(requested).toMatchObject({ step: 'requested', balance: 1_234_560n })
  expect(await step()).toMatchObject({ step: 'waiting', claimableAt: requested.claimableAt, transaction: null })
  // What arrives meanwhile is taken out with the rest.
  await street.deposit(street.homes[0]!, 440n)
  await passUntil(provider, requested.claimableAt!)
  expect(await step()).toMatchObject({ step: 'claimed', balance: 1_235_000n })
  expect(await step()).toMatchObject({ step: 'done', balance: 0n })
  expect(await tokenAt(street.token, provider).getFunction('balanceOf')(to)).toBe(123_500n)
})

test('a request that goes elsewhere is replaced, and a stranger has nothing to take', async () => {
  const { provider } = chain
  const street = await openStreet(provider, { operator: new Wallet(fundedKey(7)), deposits: [500_000n] })
  const wallet = street.homes[0]!.account
  await provider.send('anvil_setBalance', [wallet.address, `0x${(10n ** 20n).toString(16)}`])
  const step = (to: string) => exitStep({ provider, escrow: street.escrow, wallet, to, firstBlock: street.firstBlock })
  const [first, second] = [1, 2].map(() => Wallet.createRandom().address.toLowerCase()) as [string, string]
  await step(first)
  expect(await step(second)).toMatchObject([{ step: 'requested' }])
  const [waiting] = await step(second)
  await passUntil(provider, waiting!.claimableAt!)
  expect(await step(second)).toMatchObject([{ step: 'claimed' }])
  expect(await tokenAt(street.token, provider).getFunction('balanceOf')(second)).toBe(50_000n)

  const stranger = new Wallet(fundedKey(6))
  const options = { provider, escrow: street.escrow, wallet: stranger, to: second, firstBlock: 0 }
  expect(await exitStep(options)).toEqual([])
})
