/** For whom the server pays gas: not for strangers, not twice for one thing, and not without end. */
import { Wallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { digestOf, type Invitation, signFull } from '../../contracts/protocol/typed-data.ts'
import { t0, terms } from '../market/engine/street.ts'
import { patiently } from '../patience.ts'
import { domain, lower, meters, people, seatIds, seatOfPerson, settings } from './people.ts'
import { ask, type Street, startStreet, tokenOf } from './street.ts'

let street: Street
const tokens: Record<string, string> = {}
beforeAll(async () => {
  street = await startStreet()
  for (const [name, wallet] of Object.entries(people)) tokens[name] = await tokenOf(street, wallet)
})
afterAll(() => street.stop())

const signature = `0x${'11'.repeat(65)}`
const relay = (path: string, body: unknown, token?: string) =>
  ask(street, 'POST', `relay/${path}`, { body, ...(token === undefined ? {} : { token }) })
const codeOf = async (reply: ReturnType<typeof relay>) => {
  const { status, body } = await reply
  return status === 202 ? 'relayed' : body.code
}

function opening(account: Wallet, meter: string = lower(meters.stranger)) {
  const rules = settings.rulesHash
  const mandate = {
    ...{ account: lower(account), meter, rules, sellFloor: 0, buyCeiling: 1, maxSellWh: 1, maxBuyWh: 1 },
    ...{ validFrom: t0, validUntil: t0 + 86_400, version: 1, deadline: t0 },
  }
  const epoch = { account: lower(account), rules, meter, epoch: 1, time: t0, importWh: 0, exportWh: 0 }
  return {
    ...{ mandate, mandateSignature: signature, consentValidFrom: t0, consentDeadline: t0, consentSignature: signature },
    ...{ epoch, epochSignature: signature },
  }
}

const inDays = (days: number) => Math.floor(Date.now() / 1000) + days * 86_400
async function invitation(change: Partial<Invitation> = {}, signer: Wallet = people.grid) {
  const value = { rules: settings.rulesHash, accounts: 1, validUntil: inDays(30), nonce: 1, ...change }
  return { invitation: value, signature: await signFull(signer, domain, 'Invitation', value) }
}
const accept = (body: unknown, token?: string) =>
  ask(street, 'POST', 'areas/1/invitations', { body, ...(token === undefined ? {} : { token }) })

describe('the relay', () => {
  test('does nothing without a session, and nothing of another account', async () => {
    const before = street.relayed.length
    expect(await codeOf(relay('claims', { seat: seatIds.alice }))).toBe('SESSION_NEEDED')
    expect(await codeOf(relay('claims', { seat: seatIds.alice }, tokens.bob))).toBe('ACCOUNT_FOREIGN')
    expect(await codeOf(relay('seats', opening(people.bob), tokens.stranger))).toBe('ACCOUNT_FOREIGN')
    const confirmation = {
      ...{ seat: seatIds.alice, zone: 'north', nameplateWh: 5, grade: 1 },
      ...{ from: 9, bars: 0, version: 1, deadline: 9, signature },
    }
    expect(await codeOf(relay('confirmations', confirmation, tokens.alice))).toBe('ACCOUNT_FOREIGN')
    expect(await codeOf(relay('confirmations', confirmation, tokens.grid))).toBe('relayed')
    expect(street.relayed).toHaveLength(before + 1)
  })

  test('pays for strangers once they are invited, as many as the invitation says', async () => {
    const before = street.relayed.length
    expect(await codeOf(relay('seats', opening(people.stranger), tokens.stranger))).toBe('RELAY_UNINVITED')
    expect(street.relayed).toHaveLength(before)
    const refusals: [unknown, string][] = [
      [await invitation({}, people.alice), 'INVITATION_SIGNATURE'],
      [await invitation({ validUntil: inDays(-1) }), 'INVITATION_ENDED'],
      [await invitation({ validUntil: inDays(400) }), 'INVITATION_ENDED'],
      [await invitation({ rules: `0x${'00'.repeat(32)}` }), 'RULES_UNKNOWN'],
      [{ ...(await invitation()), signature: `0x${'ff'.repeat(65)}` }, 'INVITATION_SIGNATURE'],
    ]
    for (const [body, code] of refusals) expect((await accept(body, tokens.stranger)).body.code).toBe(code)
    expect((await accept(await invitation())).body.code).toBe('SESSION_NEEDED')

    const one = await invitation()
    expect((await accept(one, tokens.stranger)).body).toEqual({ area: 1, account: lower(people.stranger) })
    expect((await accept(one, tokens.stranger)).status).toBe(200)
    expect((await accept(one, tokens.bob)).body.code).toBe('INVITATION_ENDED')
    expect(await codeOf(relay('seats', opening(people.stranger), tokens.stranger))).toBe('relayed')
  })

  test('takes invitations of the operator and, for a few accounts, of members whose meter is confirmed', async () => {
    const unconfirmed = [terms({ nameplateWh: null })]
    await street.syncSeats([seatOfPerson('bob', 'south', { terms: unconfirmed })])
    const guests = Array.from({ length: 6 }, (_, n) => new Wallet(`0x${String(n + 1).repeat(64)}`))
    const guestTokens = await Promise.all(guests.map((guest) => tokenOf(street, guest)))
    const taken = async (inviter: Wallet, guest: number, change: Partial<Invitation> = {}) => {
      const body = { inviter: lower(inviter), ...(await invitation({ accounts: 9, nonce: 7, ...change }, inviter)) }
      return (await accept(body, guestTokens[guest])).body.code ?? 'taken'
    }
    // Bob has money in the escrow, and nobody has confirmed his meter.
    expect(await taken(people.bob, 0)).toBe('INVITATION_SIGNATURE')
    const byBob = { inviter: lower(people.alice), ...(await invitation({}, people.bob)) }
    expect((await accept(byBob, guestTokens[0])).body.code).toBe('INVITATION_SIGNATURE')
    for (const n of [0, 1, 2, 3, 4]) expect(await taken(people.alice, n, { nonce: n })).toBe('taken')
    expect(await taken(people.alice, 5, { nonce: 5 })).toBe('INVITATION_ENDED')
    expect(await taken(people.alice, 4, { nonce: 6 })).toBe('taken')
    expect(await codeOf(relay('seats', opening(guests[0]!), guestTokens[0]))).toBe('relayed')
    const revoked = [terms(), terms({ from: t0 + 900, nameplateWh: null, closed: true })]
    await street.syncSeats([seatOfPerson('alice', 'north', { terms: revoked })])
    expect(await taken(people.alice, 5, { nonce: 5 })).toBe('INVITATION_SIGNATURE')
    await street.syncSeats([seatOfPerson('alice', 'north')])
    await street.database`update invited_accounts set accepted_at = now() - interval '366 days'`
    expect(await taken(people.alice, 5, { nonce: 5 })).toBe('taken')
    // The stranger holds the operator's office here.
    await street.database`delete from invited_accounts where account = ${lower(guests[5]!)}`
    expect(await taken(people.stranger, 5)).toBe('taken')
    // The grid operator sees how many that are, and how many take part where.
    const { body } = await ask(street, 'GET', 'areas/1/members', { token: tokens.grid })
    expect(body.invitations).toMatchObject({ ofOffices: 2, ofMembers: 5, withoutMeter: 7 })
    expect(body.zones).toEqual([{ zone: 'north', meters: 2, accounts: 2, unconfirmed: 1 }])
  })

  test('takes the word of a grid operator that is a contract wallet', async () => {
    const { invitation: value } = await invitation({ nonce: 2 })
    const word = `0x${'cd'.repeat(90)}`
    street.walletSignatures.add(`${lower(people.grid)} ${digestOf(domain, 'Invitation', value)} ${word}`)
    expect((await accept({ invitation: value, signature: word }, tokens.bob)).status).toBe(200)
  })

  test('carries one thing about a meter, a purse or a permit at a time, and the same again for nothing', async () => {
    const meter = `0x${'5e'.repeat(20)}`
    const many = Array.from({ length: 8 }, (_, n) => {
      const request = opening(people.stranger, meter)
      return { ...request, mandate: { ...request.mandate, version: n + 1 } }
    })
    let go = () => {}
    street.relayError.until = new Promise<void>((resolve) => {
      go = resolve
    })
    const codes: string[] = []
    const asked = many.map(async (body, n) => {
      codes[n] = await codeOf(relay('seats', body, tokens.stranger))
    })
    await vi.waitFor(() => expect(codes.filter((code) => code === 'RELAY_UNDER_WAY')).toHaveLength(7), patiently)
    go()
    await Promise.all(asked)
    expect(codes.filter((code) => code === 'relayed')).toHaveLength(1)
    expect(codes.filter((code) => code === 'RELAY_UNDER_WAY')).toHaveLength(7)

    // The transaction is on its way: whoever asks about the same meter waits, whoever repeats gets the same.
    const [sent] = await street.database<{ transaction: string }[]>`
      select transaction from relays where subject = ${`meter ${meter}`}`
    const { transaction } = sent!
    await street.database`
      insert into transactions (chain_id, sender, nonce, purpose, attempts, status)
      values (31337, 'relay', 1, 'x', ${street.database.json([{ hash: transaction }])}, 'pending')`
    const winner = many[codes.indexOf('relayed')]!
    const loser = many[codes.indexOf('RELAY_UNDER_WAY')]!
    expect(await codeOf(relay('seats', loser, tokens.stranger))).toBe('RELAY_UNDER_WAY')
    expect(await codeOf(relay('seats', winner, tokens.stranger))).toBe('relayed')
    await street.database`update transactions set status = 'mined'`
    expect(await codeOf(relay('seats', loser, tokens.stranger))).toBe('relayed')
  })

  test('carries nothing for an empty purse', async () => {
    await street.syncSeats([seatOfPerson('bob', 'south', { balance: 0n })])
    const before = street.relayed.length
    const withdrawal = { seat: seatIds.bob, amount: '1', to: lower(people.bob), nonce: 0, deadline: 9, signature }
    expect(await codeOf(relay('withdrawals', withdrawal, tokens.bob))).toBe('RELAY_PURSE_EMPTY')
    expect(await codeOf(relay('claims', { seat: seatIds.bob }, tokens.bob))).toBe('RELAY_PURSE_EMPTY')
    expect(street.relayed).toHaveLength(before)
  })

  test('pays for an account so often a day', async () => {
    const codes: string[] = []
    for (let n = 0; n < 28; n++) {
      codes.push(await codeOf(relay('seats', opening(people.alice, `0x${String(n).padStart(40, '6')}`), tokens.alice)))
    }
    expect(codes.indexOf('RELAY_BUDGET')).toBe(24)
    expect(await codeOf(relay('claims', { seat: seatIds.alice }, tokens.alice))).toBe('RELAY_BUDGET')
    await street.database`update relays set relayed_at = now() - interval '25 hours'`
    expect(await codeOf(relay('claims', { seat: seatIds.alice }, tokens.alice))).toBe('relayed')
  })

  test('pays for an account so much gas a day, whatever it is used for', async () => {
    await street.database`delete from relays`
    const dear = (n: number) => relay('seats', opening(people.bob, `0x${String(n).padStart(40, '7')}`), tokens.bob)
    street.relayError.gas = 2_500_000
    const [first, second, third] = [await dear(1), await dear(2), await dear(3)]
    expect([first.status, second.status, third.body.code]).toEqual([202, 202, 'RELAY_BUDGET'])
    expect(third.body.detail).toMatch(/gas/)
    expect(await codeOf(dear(2))).toBe('RELAY_BUDGET')
    street.relayError.gas = 900_000
    // At once: what is on its way to the node counts as well, also while it comes to be noted.
    for (let round = 0; round < 3; round += 1) {
      const codes = await Promise.all([4, 5, 6].map((n) => codeOf(dear(10 * round + n))))
      expect(codes.filter((code) => code === 'relayed')).toHaveLength(1)
      await street.database`delete from relays where gas = 900000`
    }
    delete street.relayError.gas
    await street.database`delete from relays`
  })

  test('pays for all together so often a day', async () => {
    await street.database`
      insert into relays (area_id, account, subject, request_hash, transaction, gas)
      select 1, 'account ' || n, 'x', decode(lpad(to_hex(n), 64, '0'), 'hex'), '0x', 1 from generate_series(1, 2000) n`
    expect(await codeOf(relay('mandates', { seat: seatIds.bob, ...mandateOf() }, tokens.bob))).toBe('RELAY_BUDGET')
    await street.database`delete from relays`
    expect(await codeOf(relay('mandates', { seat: seatIds.bob, ...mandateOf() }, tokens.bob))).toBe('relayed')
  })
})

function mandateOf() {
  const { mandate, mandateSignature } = opening(people.bob, lower(meters.bob))
  return { mandate, mandateSignature }
}
