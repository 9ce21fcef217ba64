/** Signed messages that the server carries to the escrow at its own expense. */
import type { z } from 'zod'
import { partsOfSeatId } from '../../../contracts/protocol/entry.ts'
import { createAllowance } from '../allowance.ts'
import { type ApiParts, areaOf } from '../parts.ts'
import { ApiError } from '../problem.ts'
import type { Relay } from '../relay.ts'
import { relayedSchema } from '../resources.ts'
import { type Route, route } from '../route.ts'
import {
  relayClaimSchema,
  relayConfirmationSchema,
  relayDepositSchema,
  relayEpochSchema,
  relayKeySchema,
  relayMandateSchema,
  relaySeatSchema,
  relayWithdrawalSchema,
} from '../signed-requests.ts'

const tag = 'Relay'
/** Requests per minute that one address may have relayed: the server pays for them. */
const mostPerMinute = 300

export function relayRoutes({ areas, servicesOf }: Pick<ApiParts, 'areas' | 'servicesOf'>): Route[] {
  const allow = createAllowance({ mostPerMinute, done: 'are relayed for one address' })
  const relayOf = (area: number) => servicesOf(areaOf(areas, area).settings.area).relay
  const ofSeat = ({ seat }: { seat: string }) => relayOf(partsOfSeatId(BigInt(seat)).area)
  const ofRules = (rules: string) => {
    const area = areas.all().find(({ settings }) => settings.rulesHash === rules)
    if (area === undefined) throw new ApiError('RULES_UNKNOWN', `no area of this server has the rules ${rules}`)
    return relayOf(area.settings.area)
  }
  const ofMeter = ({ account, meter }: { account: string; meter: string }) => {
    const area = areas.all().find((each) => each.seatsOfMeter(meter).some((seat) => seat.account === account))
    if (area === undefined)
      throw new ApiError('SEAT_UNKNOWN', `account ${account} has no seat with meter ${meter} here`)
    return relayOf(area.settings.area)
  }
  const relayed = <Body>(
    path: string,
    {
      id,
      summary,
      body,
      send,
    }: {
      id: string
      summary: string
      body: z.ZodType<Body>
      send(request: Body): ReturnType<Relay['claim']>
    },
  ) =>
    route({
      id,
      method: 'post',
      path: `/relay/${path}`,
      tag,
      summary,
      keyed: true,
      body,
      answers: { 202: relayedSchema },
      async handle({ body: signed, request }) {
        allow(request, Date.now())
        return { status: 202, body: { transaction: (await send(signed)).hash } }
      },
    })
  return [
    relayed('seats', {
      id: 'relaySeat',
      summary: 'Opens a seat with the account’s mandate and the meter’s enrolment',
      body: relaySeatSchema,
      send: (request) => ofRules(request.mandate.rules).openSeat(request),
    }),
    relayed('mandates', {
      id: 'relayMandate',
      summary: 'Changes a seat’s mandate',
      body: relayMandateSchema,
      send: (request) => ofSeat(request).changeMandate(request),
    }),
    relayed('confirmations', {
      id: 'relayConfirmation',
      summary: 'Confirms a meter with its zone and nameplate, signed by the grid operator',
      body: relayConfirmationSchema,
      send: (request) => ofSeat(request).confirmMeter(request),
    }),
    relayed('epochs', {
      id: 'relayEpoch',
      summary: 'Starts a new epoch of a meter, once the batches before it are settled',
      body: relayEpochSchema,
      send: (request) => ofSeat(request).startEpoch(request),
    }),
    relayed('keys', {
      id: 'relayKey',
      summary: 'Gives a meter another key, signed by the account, the meter’s key and the next one',
      body: relayKeySchema,
      send: (request) => ofMeter(request.rotation).rotateKey(request),
    }),
    relayed('deposits', {
      id: 'relayDeposit',
      summary: 'Moves tokens of the account into its seat by an ERC-2612 permit',
      body: relayDepositSchema,
      send: (request) => ofSeat(request).deposit(request),
    }),
    relayed('withdrawals', {
      id: 'relayWithdrawal',
      summary: 'Asks money of a seat back; it can be claimed after the withdrawal delay',
      body: relayWithdrawalSchema,
      send: (request) => ofSeat(request).requestWithdrawal(request),
    }),
    relayed('claims', {
      id: 'relayClaim',
      summary: 'Pays a withdrawal out whose delay has passed',
      body: relayClaimSchema,
      send: (request) => ofSeat(request).claim(request),
    }),
  ]
}
