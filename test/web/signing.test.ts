/** What the browser signs, sends and says when it cannot. */
import { encodeBytes32String, verifyMessage, verifyTypedData, Wallet } from 'ethers'
import { SiweMessage } from 'siwe'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { digestOf, recoverSigner, signCompact } from '../../contracts/protocol/typed-data.ts'
import { parseMoney } from '../../contracts/protocol/units.ts'
import {
  relayClaimSchema,
  relayClosureSchema,
  relayConfirmationSchema,
  relayDepositSchema,
  relayKeySchema,
  relayMandateSchema,
  relayMoveSchema,
  relayRevocationSchema,
  relayWithdrawalSchema,
  signedCancelSchema,
  signedOrderSchema,
} from '../../server/api/signed-requests.ts'
import { ProblemError } from '../../web/api/client.ts'
import { readTicket } from '../../web/escrow/key-ticket.ts'
import {
  approveKey,
  changeMandate,
  claim,
  closeSeat,
  deposit,
  requestMove,
  requestWithdrawal,
} from '../../web/escrow/relay.ts'
import { mandateOf, nextVersion } from '../../web/joining/mandate.ts'
import { orderOf } from '../../web/orders/order.ts'
import { submitCancel, submitOrder } from '../../web/orders/submit.ts'
import { SessionError } from '../../web/session/identity.ts'
import { identityOfKey } from '../../web/session/keys.ts'
import type { Session } from '../../web/session/session.tsx'
import { signInMessage } from '../../web/session/sign-in.ts'
import { confirmMeter, revokeMeter } from '../../web/utility/confirm.ts'
import { area, seatOf } from './resources.ts'

const wallet = new Wallet(`0x${'0123456789abcdef'.repeat(4)}`)
const identity = identityOfKey(wallet.privateKey)
const session: Session = { identity, account: identity.account }
const seat = seatOf(identity.account)

interface Sent {
  path: string
  body: unknown
  headers: Record<string, string>
}

/** Takes the place of the server: remembers what was sent and gives one answer. */
function serverThatAnswers(body: unknown, status = 200): Sent[] {
  const sent: Sent[] = []
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    sent.push({ path, body: JSON.parse(String(init.body)), headers: init.headers as Record<string, string> })
    return new Response(JSON.stringify(body), { status })
  })
  return sent
}

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('what the browser signs', () => {
  it('an order is what the server recovers the account from', async () => {
    const sent = serverThatAnswers({ market: 'spot' }, 201)
    const order = orderOf({ area, seat, side: 'sell', limitTicks: 1500, nowMs: Date.now() })
    expect(await submitOrder(session, area.chain, { order, market: 'spot' })).toEqual({ market: 'spot' })
    const { path, body, headers } = sent[0]!
    const parsed = signedOrderSchema.parse(body)
    expect(path).toBe('/api/v1/orders')
    expect(parsed.order).toEqual(order)
    expect(recoverSigner(area.chain, 'Order', parsed.order, parsed.signature)).toBe(identity.account)
    expect(headers['commonwatt-account']).toBe(identity.account)
    expect(headers['idempotency-key']).toMatch(/^[0-9a-f]{32}$/)
  })

  it('an order whose answer is of another market is not taken for that one', async () => {
    serverThatAnswers({ market: 'spot' }, 201)
    const order = orderOf({ area, seat, side: 'sell', limitTicks: 1500, nowMs: Date.now() })
    await expect(submitOrder(session, area.chain, { order, market: 'forward' })).rejects.toMatchObject({
      code: 'PAGE_UNEXPECTED_ANSWER',
    })
  })

  it('a confirmation carries the meter’s zone, its most and its bars to the grid operator’s relay', async () => {
    const sent = serverThatAnswers({ transaction: '0x12' })
    const waiting = { seat: seat.seat, meter: seat.meter, account: seat.account, openedAt: '', found: null }
    const joining = { ...waiting, bars: 2, nextVersion: 3 }
    await confirmMeter(session, area, joining, { zone: 'north', nameplateWh: 900 })
    const { signature, zone, seat: id, ...rest } = relayConfirmationSchema.parse(sent[0]!.body)
    expect(sent[0]!.path).toBe('/api/v1/relay/confirmations')
    expect([zone, rest.nameplateWh, rest.bars, rest.version]).toEqual(['north', 900, 2, 3])
    expect(rest.grade).toBe(area.rules.settlingGrade)
    expect(rest.from % area.intervalSeconds).toBe(0)
    const signed = { ...rest, seat: BigInt(id), zone: encodeBytes32String('north') as `0x${string}` }
    expect(recoverSigner(area.chain, 'ConfirmMeter', signed, signature)).toBe(identity.account)
  })

  it('a pause cancels exactly that order', async () => {
    const sent = serverThatAnswers({ market: 'spot' })
    const order = digestOf(area.chain, 'Order', orderOf({ area, seat, side: 'sell', limitTicks: 1, nowMs: 1 }))
    await submitCancel(session, area.chain, { order, account: identity.account, sessionKey: null, market: 'spot' })
    const { signature } = signedCancelSchema.parse(sent[0]!.body)
    expect(sent[0]!.path).toBe(`/api/v1/orders/${order}/cancel`)
    expect(recoverSigner(area.chain, 'CancelOrder', { account: identity.account, order }, signature)).toBe(
      identity.account,
    )
  })

  it('a deposit is a permit for the amount to the escrow', async () => {
    const sent = serverThatAnswers({ transaction: '0x' }, 202)
    const permitDomain = {
      ...{ name: 'Local Euro', version: '2', chainId: 31337, verifyingContract: area.chain.token },
    }
    const wallet = { account: identity.account, tokens: '9', permitNonce: 6, permitDomain }
    await deposit(session, area, seat, wallet, '1.25')
    const request = relayDepositSchema.parse(sent[0]!.body)
    expect(request).toMatchObject({ seat: seat.seat, amount: '1.25' })
    const signer = verifyTypedData(
      permitDomain,
      {
        Permit: ['address owner', 'address spender', 'uint256 value', 'uint256 nonce', 'uint256 deadline'].map(
          (field) => {
            const [type, name] = field.split(' ') as [string, string]
            return { name, type }
          },
        ),
      },
      { owner: identity.account, spender: area.chain.escrow, value: 1_250_000n, nonce: 6, deadline: request.deadline },
      request.signature,
    )
    expect(signer.toLowerCase()).toBe(identity.account)
  })

  it('a payout goes to the account itself, in ledger units, under the seat’s next nonce', async () => {
    const sent = serverThatAnswers({ transaction: '0x' }, 202)
    await requestWithdrawal(session, area, seat, { amount: '0.0000001' })
    const request = relayWithdrawalSchema.parse(sent[0]!.body)
    expect(request).toMatchObject({ seat: seat.seat, amount: '0.0000001', to: identity.account, nonce: 4 })
    const { signature, amount, ...signed } = request
    const value = { ...signed, account: identity.account, seat: BigInt(seat.seat), amount: parseMoney(amount, 4) }
    expect(recoverSigner(area.chain, 'Withdrawal', value, signature)).toBe(identity.account)
    await claim(session, seat)
    expect(relayClaimSchema.parse(sent[1]!.body)).toEqual({ seat: seat.seat })
  })

  it('a payout to somebody else, and a purse that moves, name where the money goes', async () => {
    const sent = serverThatAnswers({ transaction: '0x' }, 202)
    const to = `0x${'e'.repeat(40)}`
    await requestWithdrawal(session, area, seat, { amount: '1.5', to })
    const { signature, amount, ...signed } = relayWithdrawalSchema.parse(sent[0]!.body)
    const value = { ...signed, account: identity.account, seat: BigInt(seat.seat), amount: parseMoney(amount, 4) }
    expect([signed.to, recoverSigner(area.chain, 'Withdrawal', value, signature)]).toEqual([to, identity.account])
    const other = String(2 ** 32 + 4)
    await requestMove(session, area, seat, { amount: '1.5', to: other })
    const move = relayMoveSchema.parse(sent[1]!.body)
    expect(move).toMatchObject({ from: seat.seat, to: other, nonce: 4 })
    const moved = {
      ...{ account: identity.account, from: BigInt(move.from), to: BigInt(move.to), nonce: move.nonce },
      ...{ deadline: move.deadline, amount: parseMoney(move.amount, 4) },
    }
    expect(recoverSigner(area.chain, 'MovePurse', moved, move.signature)).toBe(identity.account)
  })

  it('other limits carry a version above every one that was signed', async () => {
    const sent = serverThatAnswers({ transaction: '0x' }, 202)
    const next = { ...seat.mandate, version: 3, closed: false }
    const version = nextVersion([{ mandate: seat.mandate, next }])
    expect([version, nextVersion([{ mandate: seat.mandate, next: null }]), nextVersion([])]).toEqual([4, 2, 1])
    const home = { account: seat.account, meter: seat.meter, startsAt: 1_764_288_900, version }
    const limits = { sellFloorTicks: 900, buyCeilingTicks: null, connectionW: 10_000 }
    await changeMandate(session, area, seat, mandateOf(area, home, limits, 1_764_288_000_000))
    const { mandate, mandateSignature } = relayMandateSchema.parse(sent[0]!.body)
    expect(mandate).toMatchObject({ sellFloor: 900, maxBuyWh: 0, version: 4 })
    expect(recoverSigner(area.chain, 'Mandate', mandate, mandateSignature)).toBe(identity.account)
  })

  it('a revoked meter stops at a boundary, by the grid operator’s word', async () => {
    const sent = serverThatAnswers({ transaction: '0x' }, 202)
    await revokeMeter(session, area, { seat: seat.seat, nextVersion: 4 })
    const { signature, ...signed } = relayRevocationSchema.parse(sent[0]!.body)
    expect(signed.from % area.intervalSeconds).toBe(0)
    expect(signed.version).toBe(4)
    const value = { ...signed, seat: BigInt(signed.seat) }
    expect(recoverSigner(area.chain, 'RevokeMeter', value, signature)).toBe(identity.account)
  })

  it('a seat is closed by its account’s own word', async () => {
    const sent = serverThatAnswers({ transaction: '0x' }, 202)
    await closeSeat(session, area, seat)
    const { signature, ...signed } = relayClosureSchema.parse(sent[0]!.body)
    expect(signed.version).toBe(nextVersion([seat]))
    const value = { ...signed, account: identity.account, seat: BigInt(signed.seat) }
    expect(recoverSigner(area.chain, 'CloseSeat', value, signature)).toBe(identity.account)
  })

  it('a next key is approved as both keys signed it, and only where the line fits the seat', async () => {
    const [key, next] = [Wallet.createRandom(), Wallet.createRandom()]
    const own = seatOf(identity.account, { meter: key.address.toLowerCase() })
    const rotation = {
      account: identity.account,
      meter: own.meter,
      key: own.meter,
      next: next.address.toLowerCase(),
      from: 900,
      deadline: 2_000,
    }
    const { chainId, escrow } = area.chain
    const keySignature = await signCompact(key, area.chain, 'RotateKey', rotation)
    const nextSignature = await signCompact(next, area.chain, 'RotateKey', rotation)
    const ticket = { chainId, escrow, rotation, keySignature, nextSignature }
    const read = (change: object = {}, to = own, nowMs = 1_000_000) =>
      readTicket(JSON.stringify({ ...ticket, ...change }), area, to, nowMs)
    expect(read()).toEqual({ ticket })
    expect(readTicket('hello', area, own, 0)).toEqual({ problem: expect.stringMatching(/Paste all/) })
    expect(read({ nextSignature: undefined })).toEqual({ problem: expect.stringMatching(/Paste all/) })
    expect(read({ chainId: 1 })).toEqual({ problem: expect.stringMatching(/another market/) })
    expect(read({ rotation: { ...rotation, account: own.meter } })).toEqual({
      problem: expect.stringMatching(/another account/),
    })
    expect(read({ rotation: { ...rotation, meter: identity.account } })).toEqual({
      problem: expect.stringMatching(/another meter/),
    })
    const changed = { ...own, keys: [{ key: rotation.next, from: '2026-01-01T00:00:00.000Z' }] }
    expect(read({}, changed)).toEqual({ problem: expect.stringMatching(/changed since/) })
    expect(read({}, own, 2_000_001)).toEqual({ problem: expect.stringMatching(/expired/) })

    const sent = serverThatAnswers({ transaction: '0x' }, 202)
    await approveKey(session, area, ticket)
    expect(sent[0]!.path).toBe('/api/v1/relay/keys')
    const request = relayKeySchema.parse(sent[0]!.body)
    expect(recoverSigner(area.chain, 'RotateKey', request.rotation, request.accountSignature)).toBe(identity.account)
    expect(request).toMatchObject({ rotation, keySignature, nextSignature })
  })

  it('a sign-in is a message of EIP-4361 that names page, chain and nonce', async () => {
    const fields = {
      domain: 'localhost:8080',
      address: wallet.address,
      uri: 'http://localhost:8080',
      chainId: 31337,
      nonce: 'abcdef0123456789',
      issuedAt: '2026-07-01T12:00:00.000Z',
    }
    const message = signInMessage(fields)
    expect(new SiweMessage(message)).toMatchObject(fields)
    const signature = await (await identity.signer()).signMessage(message)
    expect(verifyMessage(message, signature)).toBe(wallet.address)
  })
})

describe('what goes wrong', () => {
  it('a refusal keeps the server’s code and words', async () => {
    serverThatAnswers({ title: 'Refused', detail: 'the escrow has no such seat', code: 'SEAT_UNKNOWN' }, 409)
    await expect(claim(session, seat)).rejects.toMatchObject(
      new ProblemError('SEAT_UNKNOWN', 409, 'the escrow has no such seat'),
    )
  })

  it('a server that is away, or talks nonsense, is told apart', async () => {
    vi.stubGlobal('fetch', async () => {
      throw new TypeError('failed to fetch')
    })
    await expect(claim(session, seat)).rejects.toMatchObject({ code: 'PAGE_UNREACHABLE', status: 0 })
    vi.stubGlobal('fetch', async () => new Response('<html>', { status: 502 }))
    await expect(claim(session, seat)).rejects.toMatchObject({ code: 'PAGE_UNEXPECTED_ANSWER', status: 502 })
  })

  it('a malformed key is refused without being quoted', () => {
    const text = '0x1234 not a key'
    const refused = () => identityOfKey(text)
    expect(refused).toThrow(SessionError)
    try {
      refused()
    } catch (error) {
      expect(error).toMatchObject({ code: 'SESSION_KEY_MALFORMED' })
      expect((error as Error).cause).toBeUndefined()
      expect(String(error)).not.toContain('1234')
    }
  })
})
