/** A member whose account is a passkey, from the first sign-in to a recovery, on a real server and chain. */
import { type JsonRpcProvider, Wallet } from 'ethers'
import { expect, vi } from 'vitest'
import { type AccountKey, keyOfAddress, noKey } from '../contracts/protocol/passkey.ts'
import {
  type AccountActs,
  accountAddress,
  accountTypedData,
  type FirstKeys,
  keyChange,
} from '../contracts/protocol/passkey-account.ts'
import { type Order, type SessionKey, signFull } from '../contracts/protocol/typed-data.ts'
import type { PairingResource, PasskeyAccountResource } from '../server/api/joining.ts'
import type { AreaResource, SeatResource } from '../server/api/resources.ts'
import { type ApiClient, signInWithKey } from '../server/api-client.ts'
import { eventually } from '../server/demo/onboarding.ts'
import { PairingAgent } from './browser/pairing-agent.ts'
import { fundedKey, passUntil, type Street } from './chain/street.ts'
import { Passkey } from './passkeys.ts'
import { patiently } from './patience.ts'

const deadline = Math.floor(Date.now() / 1000) + 86_400
const grid = new Wallet(fundedKey(8))
let keys = 0
const key = () => `journey-${keys++}`
const codeOf = (asked: Promise<unknown>) => asked.then(() => 'done').catch(({ code }) => code)

export async function passkeyJourney(url: string, provider: JsonRpcProvider, street: Street): Promise<void> {
  const area = (await (await fetch(`${url}/api/v1/areas/${street.rules.area}`)).json()) as AreaResource
  const facts = area.chain.accounts!
  const passkey = new Passkey()
  const first = { owner: passkey.key, recovery: noKey }
  const address = accountAddress(facts, first)
  const signIn = (by: Passkey, shown: FirstKeys | undefined, as = address) => {
    const signMessage = (message: string | Uint8Array) => by.signMessage(String(message))
    return signInWithKey(url, { address: as, signMessage, ...(shown && { keys: shown }) }, area.chain.chainId)
  }

  // Before it is open, whoever shows the keys that the address follows from, and signs by the owner's, is the account.
  const thief = new Passkey()
  expect(await codeOf(signIn(passkey, undefined))).toBe('SIGN_IN_SIGNATURE')
  expect(await codeOf(signIn(thief, first))).toBe('SIGN_IN_SIGNATURE')
  expect(await codeOf(signIn(thief, { ...first, owner: thief.key }))).toBe('SIGN_IN_SIGNATURE')
  const member = await signIn(passkey, first)

  // The relay opens it for the invited, and for them alone.
  const opening = { area: area.area, ...first }
  expect(await codeOf(member.post('/relay/accounts', opening, key()))).toBe('RELAY_UNINVITED')
  expect(await codeOf(member.post('/relay/accounts', { ...opening, owner: thief.key }, key()))).toBe('ACCOUNT_FOREIGN')
  const invitation = { rules: area.rules.hash, accounts: 1, validUntil: deadline, nonce: 7 }
  const signature = await signFull(grid, area.chain, 'Invitation', invitation)
  await member.post(`/areas/${area.area}/invitations`, { invitation, signature }, key())
  const state = () => member.get<PasskeyAccountResource>(`/areas/${area.area}/passkey-accounts/${address}`)
  expect(await codeOf(state())).toBe('ACCOUNT_UNKNOWN')
  const opened = await member.post('/relay/accounts', opening, key())
  expect(await member.post('/relay/accounts', opening, key())).toEqual(opened)
  const until = (is: (now: PasskeyAccountResource) => boolean) =>
    eventually(async () => {
      const now = await state().catch(() => undefined)
      return now !== undefined && is(now) ? now : undefined
    }, 'the account on chain')
  expect(await until(() => true)).toMatchObject({ account: address, ...first, nextNonce: '0', recoverableFrom: null })
  // From now on the account answers for itself.
  await signIn(passkey, undefined)
  expect(await codeOf(signIn(thief, first))).toBe('SIGN_IN_SIGNATURE')

  const seat = await openSeat(url, member, { area, account: address, passkey })
  await placeOrders(member, { area, seat, passkey })
  await recovers({ area, address, passkey, member, url, provider, state, until, signIn })
}

/** With a mandate that the passkey signs. */
async function openSeat(
  url: string,
  member: ApiClient,
  { area, account, passkey }: { area: AreaResource; account: string; passkey: Passkey },
): Promise<SeatResource> {
  const agent = new PairingAgent(url, area)
  const { code } = await agent.offer()
  await member.post(`/pairings/${code}/claim`, {}, key())
  await agent.go()
  const { consent, epochStart } = await member.get<PairingResource>(`/pairings/${code}`)
  const { signature: epochSignature, ...begun } = epochStart!
  const rules = area.rules.hash
  const mandate = {
    ...{ account, meter: agent.address, rules, sellFloor: 800, buyCeiling: 3_000, maxSellWh: 30, maxBuyWh: 60 },
    ...{ validFrom: begun.time, validUntil: (Math.floor(begun.time / 86_400) + 30) * 86_400, version: 1, deadline },
  }
  const request = {
    ...{ mandate, mandateSignature: await signFull(passkey, area.chain, 'Mandate', mandate) },
    ...{
      consentValidFrom: consent!.validFrom,
      consentDeadline: consent!.deadline,
      consentSignature: consent!.signature,
    },
    ...{ epoch: { account, rules, meter: agent.address, ...begun }, epochSignature },
  }
  await member.post('/relay/seats', request, key())
  return eventually(async () => {
    return (await member.get<{ items: SeatResource[] }>(`/accounts/${account}/seats`)).items[0]
  }, 'the seat')
}

/** One signed by the passkey, and one by a session key that the passkey granted. */
async function placeOrders(
  member: ApiClient,
  { area, seat, passkey }: { area: AreaResource; seat: SeatResource; passkey: Passkey },
): Promise<void> {
  const { chain, rules } = area
  const start = (Math.floor(Date.now() / 1000 / area.intervalSeconds) + 2) * area.intervalSeconds
  const order = (limitPrice: number, nonce: number): Order => ({
    ...{ account: seat.account, meter: seat.meter, rules: rules.hash, market: 0, side: 1, timeInForce: 0 },
    ...{ limitPrice, maxWh: 30, start, end: start + 86_400, nonce },
  })
  const first = order(900, 1)
  const thiefs = { order: first, signature: await signFull(new Passkey(), chain, 'Order', first) }
  expect(await codeOf(member.post('/orders', thiefs, key()))).toBe('ORDER_SIGNATURE')
  const own = { order: first, signature: await signFull(passkey, chain, 'Order', first) }
  expect(await codeOf(member.post('/orders', own, key()))).toBe('done')

  const device = Wallet.createRandom()
  const grant: SessionKey = {
    ...{ account: seat.account, key: device.address.toLowerCase(), rules: rules.hash, sides: 3 },
    ...{ lowestPrice: 800, highestPrice: 3_000, validFrom: start - 86_400, validUntil: start + 86_400 },
  }
  const { account: _, ...session } = grant
  const second = order(950, 2)
  const byDevice = {
    ...{ order: second, signature: await signFull(device, chain, 'Order', second) },
    session: { ...session, signature: await signFull(passkey, chain, 'SessionKey', grant) },
  }
  expect(await codeOf(member.post('/orders', byDevice, key()))).toBe('done')
}

/** A recovery key is set, asks, is objected to, asks again, and its passkey takes over after the delay. */
async function recovers(parts: {
  area: AreaResource
  address: string
  passkey: Passkey
  member: ApiClient
  url: string
  provider: JsonRpcProvider
  state(): Promise<PasskeyAccountResource>
  until(is: (now: PasskeyAccountResource) => boolean): Promise<PasskeyAccountResource>
  signIn(by: Passkey, keys: FirstKeys | undefined): Promise<ApiClient>
}): Promise<void> {
  const { area, address: account, passkey, member, url, provider, state, until, signIn } = parts
  const place = { chainId: area.chain.chainId, account }
  const sign = <Name extends keyof AccountActs>(by: Passkey | Wallet, name: Name, value: AccountActs[Name]) => {
    const { domain, types } = accountTypedData(name, place)
    return by.signTypedData(domain, types, value as never)
  }
  const card = new Wallet(Wallet.createRandom().privateKey)
  const recovery = keyOfAddress(card.address)
  const execution = async (change: Partial<{ to: string }> = {}) => {
    const { nextNonce: nonce } = await state()
    const { value, ...call } = { ...keyChange(account, 'changeRecovery', recovery), ...change }
    const act = { calls: [{ ...call, value }], nonce: BigInt(nonce), deadline }
    return { area: area.area, account, calls: [call], nonce, deadline, signature: await sign(passkey, 'Execute', act) }
  }
  const elsewhere = await execution({ to: area.chain.escrow })
  expect(await codeOf(member.post('/relay/executions', elsewhere, key()))).toBe('RELAY_CALLS')
  await member.post('/relay/executions', await execution(), key())
  await until((now) => now.recovery.x === recovery.x)

  // Who lost the passkey has no session; the recovery key's signature is what counts.
  const next = new Passkey()
  const postOnce = (path: string, body: unknown) =>
    fetch(`${url}/api/v1${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }).then(async (answer) => (answer.ok ? 'done' : ((await answer.json()) as { code: string }).code))
  /** What went before may still be on its way to the server's own books. */
  const post = (path: string, body: unknown) =>
    vi.waitFor(
      async () => {
        const said = await postOnce(path, body)
        expect(said).not.toBe('RELAY_UNDER_WAY')
        return said
      },
      { ...patiently, interval: 200 },
    )
  const request = async (by: Wallet, key: AccountKey = next.key) => {
    const { nextRecoveryNonce: nonce } = await state()
    const signature = await sign(by, 'Recover', { ...key, nonce: BigInt(nonce), deadline })
    return post('/relay/recoveries', { area: area.area, account, next: key, nonce, deadline, signature })
  }
  const stranger = new Wallet(Wallet.createRandom().privateKey)
  expect(await request(stranger)).toBe('RECOVERY_SIGNATURE')
  expect(await request(card)).toBe('done')
  await until(({ recoverableFrom }) => recoverableFrom !== null)
  expect(await post('/relay/recoveries/finish', { area: area.area, account })).toBe('CHAIN_REFUSED')
  const veto = { area: area.area, account, signature: await sign(passkey, 'Veto', { nonce: 0n }) }
  await member.post('/relay/vetoes', veto, key())
  await until(({ recoverableFrom }) => recoverableFrom === null)

  expect(await request(card)).toBe('done')
  const { recoverableFrom } = await until((now) => now.recoverableFrom !== null)
  await passUntil(provider, Date.parse(recoverableFrom!) / 1000)
  expect(await post('/relay/recoveries/finish', { area: area.area, account })).toBe('done')
  expect(await until((now) => now.owner.x === next.key.x)).toMatchObject({ owner: next.key, recovery })
  await signIn(next, undefined)
  expect(await codeOf(signIn(passkey, { owner: passkey.key, recovery: noKey }))).toBe('SIGN_IN_SIGNATURE')
}
