/** What time does to nonces and sessions. */
import { hashMessage, Wallet } from 'ethers'
import { SiweMessage } from 'siwe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  closeSession,
  openSession,
  sessionOfToken,
  sweepNowAndThen,
  tokensWithSession,
} from '../../server/accounts/sessions.ts'
import { createSignIn } from '../../server/accounts/sign-in.ts'
import { deleteExpired, sessionsOfAccount, spendAccountNonce } from '../../server/store/account-store.ts'
import type { Database } from '../../server/store/database.ts'
import { type ScratchServer, startScratchServer } from '../store/scratch-database.ts'

const wallet = new Wallet(`0x${'a1'.repeat(32)}`)
const account = wallet.address.toLowerCase()
const origins = ['https://market.example', 'http://localhost:8080']
const now = new Date('2026-11-22T08:00:00Z')
const parts = {
  origins,
  walletSignaturesOn: (chainId: number) => (chainId === 31337 ? async () => false : null),
  accountsOn: () => [],
}
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000)

let server: ScratchServer
let database: Database
beforeAll(async () => {
  server = await startScratchServer()
  database = (await server.fresh()).database
})
afterAll(() => server.stop())

async function signed(nonce: string, origin = origins[0]!) {
  const message = new SiweMessage({
    domain: new URL(origin).host,
    address: wallet.address,
    uri: `${origin}/household`,
    version: '1',
    chainId: 31337,
    nonce,
    issuedAt: now.toISOString(),
  }).prepareMessage()
  return [message, await wallet.signMessage(message)] as const
}

test('a nonce is good for five minutes', async () => {
  const signIn = createSignIn(database, parts)
  const { nonce, expiresAt } = signIn.issueNonce(now)
  expect(expiresAt).toEqual(later(300))
  const [message, signature] = await signed(nonce)
  await expect(signIn.verify({ message, signature }, later(300))).rejects.toMatchObject({ code: 'SIGN_IN_NONCE' })
  expect(await signIn.verify({ message, signature }, later(299))).toBe(account)
  await expect(signIn.verify({ message, signature }, later(299))).rejects.toMatchObject({ code: 'SIGN_IN_NONCE' })
})

test('of two sign-ins at once with one message, one succeeds', async () => {
  const signIn = createSignIn(database, parts)
  const [message, signature] = await signed(signIn.issueNonce(now).nonce, origins[1])
  const results = await Promise.allSettled([1, 2, 3].map(() => signIn.verify({ message, signature }, now)))
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
})

test('the nonce of another process is not known', async () => {
  const other = createSignIn(database, parts)
  const signIn = createSignIn(database, parts)
  const [message, signature] = await signed(other.issueNonce(now).nonce)
  await expect(signIn.verify({ message, signature }, now)).rejects.toMatchObject({ code: 'SIGN_IN_NONCE' })
})

test('a contract wallet signs in by its own word', async () => {
  const asked: string[][] = []
  const signIn = createSignIn(database, {
    ...parts,
    walletSignaturesOn:
      () =>
      async (...said) => {
        asked.push(said)
        return said[2] === '0xbeef'
      },
  })
  const [message] = await signed(signIn.issueNonce(now).nonce)
  await expect(signIn.verify({ message, signature: '0xdead' }, now)).rejects.toMatchObject({
    code: 'SIGN_IN_SIGNATURE',
  })
  expect(await signIn.verify({ message, signature: '0xbeef' }, now)).toBe(account)
  expect(asked).toEqual(['0xdead', '0xbeef'].map((signature) => [account, hashMessage(message), signature]))
})

test('a session lasts a day, until it is closed', async () => {
  const { token } = await openSession(database, account, now)
  const second = await openSession(database, account, now)
  expect(await sessionOfToken(database, token, later(86_399))).toMatchObject({ account })
  expect(await sessionOfToken(database, token, later(86_400))).toBeNull()
  expect(await tokensWithSession(database, [token, second.token, 'other'], now)).toEqual(new Set([token, second.token]))
  await closeSession(database, token)
  expect(await sessionOfToken(database, token, now)).toBeNull()
  expect(await tokensWithSession(database, [token, second.token], now)).toEqual(new Set([second.token]))
})

test('what has expired is swept, and nothing else', async () => {
  await openSession(database, account, later(-90_000))
  const kept = await openSession(database, account, now)
  await deleteExpired(database, now)
  const sessions = await database`select count(*)::int as count from sessions where expires_at <= ${now}`
  expect(sessions[0]!.count).toBe(0)
  expect(await sessionOfToken(database, kept.token, now)).not.toBeNull()
})

describe('a clock that leaps ahead', () => {
  const leapt = later(400 * 86_400)
  const sessionsNow = async () => (await sessionsOfAccount(database, { account, now, limit: 100 })).length

  test('ends nobody’s session, and frees no nonce that was used', async () => {
    const signIn = createSignIn(database, parts)
    // The database's clock is right.
    const today = new Date()
    const { nonce, expiresAt } = signIn.issueNonce(today)
    expect(await spendAccountNonce(database, nonce, expiresAt)).toBe(true)
    const { token } = await openSession(database, account, today)
    const ahead = new Date(today.getTime() + 400 * 86_400_000)
    await deleteExpired(database, ahead)
    expect(await sessionOfToken(database, token, ahead)).toMatchObject({ account })
    expect(await sessionOfToken(database, token, today)).toMatchObject({ account })
    expect(await spendAccountNonce(database, nonce, expiresAt)).toBe(false)
  })

  test('opens no session that lasts beyond its day once the clock is right', async () => {
    const before = await sessionsNow()
    const { token } = await openSession(database, account, leapt)
    expect(await sessionOfToken(database, token, leapt)).toMatchObject({ account })
    expect(await sessionOfToken(database, token, now)).toBeNull()
    expect(await tokensWithSession(database, [token], now)).toEqual(new Set())
    expect(await sessionsNow()).toBe(before)
  })

  test('does not keep what expires from being swept afterwards', async () => {
    await sweepNowAndThen(database, leapt, 1e9)
    await openSession(database, account, later(-90_000))
    await sweepNowAndThen(database, now, 1e9 + 60_000)
    const left = await database`select from sessions where expires_at <= ${now}`
    expect(left.length).toBe(0)
  })
})
