/** Standing agreements as two people make them: one signs, the other reads what was sent, signs it and hands it in. */
import { Wallet } from 'ethers'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { recoverSigner } from '../../contracts/protocol/typed-data.ts'
import type { AgreementResource } from '../../server/api/resources.ts'
import { signedAgreementsSchema, signedNoticeSchema } from '../../server/api/signed-requests.ts'
import {
  type AgreementOffer,
  type AgreementTerms,
  agreementOf,
  earliestEnd,
  offerInAddress,
  offerLink,
  offerText,
  partnerLine,
  readOffer,
  readPartner,
  readPercentShare,
  standingOf,
  withAgreement,
} from '../../web/agreements/offer.ts'
import { acceptOffer, giveNotice, signOffer } from '../../web/agreements/submit.ts'
import { identityOfKey } from '../../web/session/keys.ts'
import { area, seatOf } from './resources.ts'

const nowMs = Date.parse('2026-07-01T12:00:03.000Z')
const wallets = { seller: Wallet.createRandom(), buyer: Wallet.createRandom() }
const sessionOf = (wallet: (typeof wallets)['seller']) => {
  const identity = identityOfKey(wallet.privateKey)
  return { identity, account: identity.account }
}
const sessions = { seller: sessionOf(wallets.seller), buyer: sessionOf(wallets.buyer) }
const roof = seatOf(sessions.seller.account, { seat: '11', meter: `0x${'5'.repeat(40)}` })
const flat = seatOf(sessions.buyer.account, { seat: '12', meter: `0x${'6'.repeat(40)}` })

const terms: AgreementTerms = {
  side: 'sell',
  partner: { account: flat.account, meter: flat.meter },
  kind: 'share',
  amount: 2_500,
  priceTicks: 1_500,
  from: nowMs / 1000,
  until: nowMs / 1000 + 3_600,
  noticeSeconds: 60,
}

afterEach(() => vi.unstubAllGlobals())

/** The server, as far as it answers one request; what it was sent. */
function serverThatAnswers(body: unknown): { path: string; body: unknown }[] {
  const sent: { path: string; body: unknown }[] = []
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    sent.push({ path, body: JSON.parse(String(init.body)) })
    return new Response(JSON.stringify(body), { status: 201 })
  })
  return sent
}

describe('what is typed', () => {
  it('a neighbour’s line names an account and a meter, not one’s own', () => {
    expect(readPartner(` ${partnerLine(flat)} `, roof)).toEqual({ account: flat.account, meter: flat.meter })
    for (const wrong of ['', flat.account, `${flat.account} ${flat.meter} x`, '0x12 0x34', partnerLine(roof)]) {
      expect(readPartner(wrong, roof)).toBeNull()
    }
  })

  it.each([
    ['25', 2_500],
    ['12,5', 1_250],
    ['0.01', 1],
    ['100', 10_000],
    ['100.01', null],
    ['0', null],
    ['1e1', null],
    ['12.345', null],
  ])('%j %% is %s hundredths', (text, share) => {
    expect(readPercentShare(text)).toBe(share)
  })
})

describe('an agreement', () => {
  it('names both by account and meter, and lies on boundaries inside what was asked for', () => {
    const agreement = agreementOf(area, roof, terms, nowMs)
    expect(agreement).toEqual({
      ...{ seller: roof.account, sellerMeter: roof.meter, buyer: flat.account, buyerMeter: flat.meter },
      ...{ rules: area.rules.hash, kind: 1, amount: 2_500, price: 1_500, noticeSeconds: 60, nonce: nowMs },
      start: Date.parse('2026-07-01T12:00:10.000Z') / 1000,
      end: Date.parse('2026-07-01T13:00:00.000Z') / 1000,
    })
    const bought = agreementOf(area, flat, { ...terms, side: 'buy', partner: roof }, nowMs)
    expect(bought).toEqual(agreement)
  })

  it.each(['sell', 'buy'] as const)(
    'signed first by who wants to %s is read, signed and handed in by the other',
    async (side) => {
      const [first, second] = side === 'sell' ? (['seller', 'buyer'] as const) : (['buyer', 'seller'] as const)
      const seats = { seller: roof, buyer: flat }
      const agreement = agreementOf(area, seats[first], { ...terms, side, partner: seats[second] }, nowMs)
      const offer = await signOffer(sessions[first], area, agreement, side)
      for (const sent of [offerText(offer), offerLink(offer, 'https://market.example/account')]) {
        const read = readOffer(sent, area, seats[second], nowMs)
        expect(read).toEqual({ offer, side: side === 'sell' ? 'buy' : 'sell' })
      }
      const requests = serverThatAnswers({ items: [{ agreement: '0x' }], cursor: null })
      await acceptOffer(sessions[second], area, offer, side === 'sell' ? 'buy' : 'sell')
      expect(requests[0]!.path).toBe('/api/v1/areas/1/agreements')
      const { agreements } = signedAgreementsSchema.parse(requests[0]!.body)
      const { agreement: signed, sellerSignature, buyerSignature } = agreements[0]!
      expect(signed).toEqual(agreement)
      expect(recoverSigner(area.chain, 'Agreement', signed, sellerSignature)).toBe(roof.account)
      expect(recoverSigner(area.chain, 'Agreement', signed, buyerSignature)).toBe(flat.account)
    },
  )

  it('is not signed where it was made for others, is over, or still waits for the partner', async () => {
    const agreement = agreementOf(area, roof, terms, nowMs)
    const offer = await signOffer(sessions.seller, area, agreement, 'sell')
    const problem = (change: Partial<AgreementOffer>, seat = flat, at = nowMs) => {
      const read = readOffer(offerText({ ...offer, ...change }), area, seat, at)
      return 'problem' in read ? read.problem : null
    }
    expect(problem({})).toBeNull()
    expect(problem({}, roof)).toMatch(/your partner has to sign/)
    expect(problem({}, { ...flat, meter: `0x${'7'.repeat(40)}` })).toMatch(/somebody else/)
    expect(problem({ chainId: 1 })).toMatch(/another market/)
    expect(problem({ agreement: { ...agreement, rules: `0x${'0'.repeat(64)}` } })).toMatch(/another market/)
    expect(problem({ agreement: { ...agreement, kind: 7 } })).toMatch(/does not know/)
    expect(problem({}, flat, agreement.end * 1000)).toMatch(/ended/)
    expect(problem({ sellerSignature: '<script>' })).toMatch(/Paste all of it/)
  })

  it('nothing that a stranger pastes breaks the page', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.jsonValue().map((value) => btoa(encodeURIComponent(JSON.stringify(value)))),
        ),
        (text) => {
          expect(readOffer(text, area, flat, nowMs)).toMatchObject({ problem: expect.any(String) })
        },
      ),
      { seed: 6 },
    )
    expect(offerInAddress('#content')).toBeNull()
    expect(offerInAddress('#agreement=abc')).toBe('abc')
  })
})

describe('notice', () => {
  const party = { seat: '11', account: roof.account, meter: roof.meter }
  const agreed: AgreementResource = {
    ...{ area: 1, agreement: `0x${'1'.repeat(64)}`, arrival: 3, group: 3, seller: party, kind: 'all', amount: 0 },
    buyer: { seat: '12', account: flat.account, meter: flat.meter },
    ...{ pricePerKwh: '0.1500', start: '2026-07-01T12:00:10.000Z', end: '2026-07-01T13:00:00.000Z' },
    ...{ signedEnd: '2026-07-01T13:00:00.000Z', noticeSeconds: 60, nonce: 1, noticeBy: null },
    ...{ acceptedAt: '2026-07-01T12:00:00.000Z', description: 'all of the surplus at 15.0 ct/kWh' },
  }

  it('is given for the first boundary after the agreed time, as long as that is before the end', async () => {
    const end = earliestEnd(area, agreed, nowMs)!
    expect(new Date(end * 1000).toISOString()).toBe('2026-07-01T12:01:10.000Z')
    expect(earliestEnd(area, { ...agreed, noticeSeconds: 3_600 }, nowMs)).toBeNull()
    const requests = serverThatAnswers(agreed)
    await giveNotice(sessions.buyer, area, agreed, end)
    expect(requests[0]!.path).toBe(`/api/v1/areas/1/agreements/${agreed.agreement}/end`)
    const { account, end: at, signature } = signedNoticeSchema.parse(requests[0]!.body)
    const value = { account, agreement: agreed.agreement, end: at }
    expect(recoverSigner(area.chain, 'EndAgreement', value, signature)).toBe(flat.account)
  })

  it('an agreement lies ahead, runs, ends or has ended', () => {
    expect(standingOf(agreed, nowMs)).toBe('ahead')
    expect(standingOf(agreed, nowMs + 60_000)).toBe('running')
    expect(standingOf({ ...agreed, noticeBy: flat.account }, nowMs)).toBe('ending')
    expect(standingOf(agreed, Date.parse(agreed.end))).toBe('ended')
  })

  it('the newest stand first, each once', () => {
    const older = { ...agreed, agreement: `0x${'2'.repeat(64)}`, arrival: 2 }
    const known = withAgreement(withAgreement([], agreed), older)
    expect(known.map(({ arrival }) => arrival)).toEqual([3, 2])
    expect(withAgreement(known, { ...older, noticeBy: flat.account })[1]!.noticeBy).toBe(flat.account)
  })
})
