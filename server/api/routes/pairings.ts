/** Pairing: an agent offers its meter, the owner's page claims it by a code, and both sign. */
import { z } from 'zod'
import {
  type FoundMeter,
  type PairingOffered,
  type PairingState,
  pairingConsentSchema,
  pairingOfferSchema,
  pairingQuestionSchema,
} from '../../../contracts/protocol/pairing.ts'
import type { Hello } from '../../../contracts/protocol/wire.ts'
import type { AreaHandle } from '../../areas/area-handle.ts'
import {
  claimPairing,
  consentToPairing,
  forgetOffers,
  offerPairing,
  type PairingRow,
  pairingByCode,
  pairingOfMeter,
  pairingsOfMeters,
} from '../../store/pairing-store.ts'
import { unconfirmedSeats } from '../../store/queries-seats.ts'
import { createAllowance } from '../allowance.ts'
import { areaSlugs } from '../area-places.ts'
import { helloToleranceMs } from '../heard-hellos.ts'
import { joiningSchema, type PairingResource, pairingSchema } from '../joining.ts'
import { areaInput } from '../paging.ts'
import { newPairingCode, pairingMs, plainCode, WrongTries } from '../pairing-codes.ts'
import { type ApiParts, areaOf, gridOperatorOf } from '../parts.ts'
import type { OrderParts } from '../place-order.ts'
import { isoTime, seatIdIn } from '../present.ts'
import { ApiError } from '../problem.ts'
import { type Route, route } from '../route.ts'
import { visibilityOf } from '../visibility.ts'

const tag = 'Joining'
/** An agent offers and asks every few seconds; each time costs the recovery of a signature. */
const mostPerMinute = 120
/** Meters that wait for their confirmation, in one answer. */
const mostJoining = 500

const offeredSchema = z
  .object({ code: z.string(), link: z.string(), expiresAt: z.int().meta({ description: 'UTC seconds' }) })
  .meta({ id: 'PairingOffered' }) satisfies z.ZodType<PairingOffered>

const stateSchema = z
  .object({
    state: z.enum(['none', 'offered', 'claimed', 'consented', 'opened']),
    account: z.string().optional(),
    rules: z.string().optional(),
    intervalSeconds: z.int().optional(),
  })
  .meta({ id: 'PairingState' })

export function pairingRoutes(parts: OrderParts & Pick<ApiParts, 'origins' | 'hellos'>): Route[] {
  const { database, areas, tables, signatures, origins, hellos, servicesOf } = parts
  const { noteAreaRead } = visibilityOf(parts)
  const allowance = createAllowance({ mostPerMinute, done: 'an agent may pair from one network' })
  const wrongTries = new WrongTries()

  /** Whoever asks holds the meter's first key, and does so now. Says whether the announcement comes for the first time. */
  async function mustBeMeter(area: AreaHandle, { meter, time, signature }: Hello, nowMs: number): Promise<boolean> {
    if (Math.abs(time * 1000 - nowMs) > helloToleranceMs) {
      const text = `the agent's clock says ${isoTime(time)}, the server's ${new Date(nowMs).toISOString()}`
      throw new ApiError('PAIRING_CLOCK', text)
    }
    const [signer] = await signatures.recover(area.settings.chain, 'AgentHello', [
      { value: { meter, time }, signature },
    ])
    if (signer !== meter) throw notSigned(meter, 'the announcement')
    return hellos.isFirst(area.settings.chain, { meter, time }, nowMs)
  }

  const stateOf = (area: AreaHandle, { meter, account, consent }: PairingRow): PairingResource['state'] => {
    if (account === null) return 'offered'
    if (area.seatsOfMeter(meter).some((seat) => seat.account === account && !seat.closed)) return 'opened'
    return consent === null ? 'claimed' : 'consented'
  }

  const present = (row: PairingRow): PairingResource => {
    const area = tables.areaWith(row.area_id)
    const { meter, code, account, consent, found } = row
    return {
      ...{ area: area.settings.area, meter, code, account, consent, found, epochStart: row.epoch_start },
      ...{ state: stateOf(area, row), expiresAt: row.expires_at.toISOString() },
    }
  }

  /** The pairing of a code, for an account that may try codes and see this one. */
  async function pairingFor(account: string, code: string, now: Date): Promise<PairingRow> {
    wrongTries.check(account, now.getTime())
    await Promise.all(areas.all().map((area) => tables.idOf(area)))
    const row = await pairingByCode(database, plainCode(code), now)
    if (row === null) {
      wrongTries.note(account, now.getTime())
      throw new ApiError(
        'PAIRING_UNKNOWN',
        'no meter is offered under this code; compare it with the one that the agent shows',
      )
    }
    if (row.account !== null && row.account !== account) throw taken()
    return row
  }

  const params = z.object({ code: z.string().min(8).max(20) })
  return [
    route({
      id: 'offerPairing',
      method: 'post',
      path: '/pairings',
      tag,
      summary:
        'An agent offers its meter, and what it found, to whoever enters the code; said again, it keeps the code',
      body: pairingOfferSchema,
      answers: { 201: offeredSchema },
      async handle({ body: { area: number, hello, found }, network }) {
        const now = new Date()
        allowance.use(network, now.getTime())
        const area = areaOf(areas, number)
        // The answer holds the code, by which an account takes the meter.
        if (!(await mustBeMeter(area, hello, now.getTime()))) {
          const text = 'this announcement was heard before: sign one of another second'
          throw new ApiError('PAIRING_REPLAYED', text, { retryAfterSeconds: 1 })
        }
        await forgetOffers(database, now)
        const offer = { area: await tables.idOf(area), meter: hello.meter, found, now }
        const expiresAt = new Date(now.getTime() + pairingMs)
        const { code } = await offerPairing(database, { ...offer, code: newPairingCode(), expiresAt })
        const slug = areas.all().length > 1 ? areaSlugs(areas.all()).get(number)! : null
        const link = `${origins[0]}${slug === null ? '' : `/areas/${slug}`}/join/${code}`
        return { status: 201, body: { code, link, expiresAt: Math.floor(expiresAt.getTime() / 1000) } }
      },
    }),
    route({
      id: 'getPairingState',
      method: 'post',
      path: '/pairings/state',
      tag,
      summary: 'An agent asks what became of its offer',
      body: pairingQuestionSchema,
      answers: { 200: stateSchema },
      async handle({ body: { area: number, hello }, network }) {
        const now = new Date()
        allowance.use(network, now.getTime())
        const area = areaOf(areas, number)
        await mustBeMeter(area, hello, now.getTime())
        const row = await pairingOfMeter(database, { area: await tables.idOf(area), meter: hello.meter })
        const { intervalSeconds } = area.settings.rules
        let body: PairingState = { state: 'none' }
        if (row !== null) {
          const { account, rules } = row
          const state = stateOf(area, row)
          const isLive = row.expires_at > now || state === 'opened'
          if (isLive && (state === 'offered' || account === null || rules === null)) body = { state: 'offered' }
          else if (isLive) body = { state: state as 'claimed', account: account!, rules: rules!, intervalSeconds }
        }
        return { status: 200, body }
      },
    }),
    route({
      id: 'consentToPairing',
      method: 'post',
      path: '/pairings/consent',
      tag,
      summary: 'The meter consents to serve the account that claimed it, and begins its epoch',
      body: pairingConsentSchema,
      answers: { 204: null },
      async handle({ body, network }) {
        const now = new Date()
        allowance.use(network, now.getTime())
        const { area: number, hello, account, rules, consent, epochStart } = body
        const { meter } = hello
        const area = areaOf(areas, number)
        await mustBeMeter(area, hello, now.getTime())
        const { chain } = area.settings
        const promise = { meter, account, rules, validFrom: consent.validFrom, deadline: consent.deadline }
        const begun = { ...epochStart, meter, account, rules }
        const [byConsent] = await signatures.recover(chain, 'MeterConsent', [
          { value: promise, signature: consent.signature },
        ])
        const [byEpoch] = await signatures.recover(chain, 'EpochStart', [
          { value: begun, signature: epochStart.signature },
        ])
        if (byConsent !== meter) throw notSigned(meter, 'the consent')
        if (byEpoch !== meter) throw notSigned(meter, 'the start of the epoch')
        const key = { area: await tables.idOf(area), meter, account, rules }
        if (!(await consentToPairing(database, { ...key, consent, epochStart, now }))) {
          throw new ApiError('PAIRING_UNKNOWN', 'this account has not claimed the meter, or its code has ended')
        }
        return { status: 204, body: null }
      },
    }),
    route({
      id: 'getPairing',
      method: 'get',
      path: '/pairings/:code',
      tag,
      summary: 'The meter that is offered under a code, as its agent sees it now',
      private: true,
      params,
      answers: { 200: pairingSchema },
      async handle({ params: { code }, session }) {
        return { status: 200, body: present(await pairingFor((await session()).account, code, new Date())) }
      },
    }),
    route({
      id: 'claimPairing',
      method: 'post',
      path: '/pairings/:code/claim',
      tag,
      summary: 'Claims the meter for the account; its agent then consents',
      private: true,
      params,
      answers: { 200: pairingSchema },
      async handle({ params: { code: typed }, session }) {
        const now = new Date()
        const { account } = await session()
        const { code, area_id } = await pairingFor(account, typed, now)
        const rules = tables.areaWith(area_id).settings.rulesHash
        if (!(await claimPairing(database, { code, account, rules, now }))) throw taken()
        return { status: 200, body: present(await pairingFor(account, code, now)) }
      },
    }),
    route({
      id: 'listJoining',
      method: 'get',
      path: '/areas/:area/joining',
      tag,
      summary:
        'Meters that wait for the grid operator’s confirmation, with what their agents said of them; for the grid operator',
      private: true,
      params: z.object({ area: areaInput }),
      answers: { 200: z.array(joiningSchema) },
      async handle({ params: { area: number }, session }) {
        const area = areaOf(areas, number)
        if ((await session()).account !== gridOperatorOf(parts, area)) {
          throw new ApiError('NOT_GRID_ACCOUNT', `only the grid operator of area ${number} may read who wants to join`)
        }
        const id = await tables.idOf(area)
        const waiting = await unconfirmedSeats(database, { area: id, limit: mostJoining })
        const now = Math.floor(Date.now() / 1000)
        await noteAreaRead(area, 'who joins', { from: now, until: now, seats: waiting })
        const rows = await pairingsOfMeters(database, { area: id, meters: waiting.map(({ meter }) => meter) })
        const foundOf = new Map<string, FoundMeter>(rows.map(({ meter, found }) => [meter, found]))
        const body = waiting.map(({ seat, meter, account, opened_at }) => {
          const found = foundOf.get(meter) ?? null
          return {
            seat: seatIdIn(area.settings, seat),
            meter,
            account,
            openedAt: isoTime(opened_at),
            bars: servicesOf(number).barsOf(number, meter),
            nextVersion: servicesOf(number).nextVersionOf(number, meter),
            found,
          }
        })
        return { status: 200, body }
      },
    }),
  ]
}

function notSigned(meter: string, what: string): ApiError {
  return new ApiError('PAIRING_SIGNATURE', `${what} is not signed by meter ${meter}`)
}

function taken(): ApiError {
  return new ApiError('PAIRING_TAKEN', 'another account has entered this code')
}
