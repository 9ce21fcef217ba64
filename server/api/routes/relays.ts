/** Signed messages that the server carries to the escrow at its own expense, for whom `relay-admission.ts` lets in. */
import type { z } from 'zod'
import { partsOfSeatId } from '../../../contracts/protocol/entry.ts'
import type { AreaHandle } from '../../areas/area-handle.ts'
import { type ApiParts, areaOf, gridOperatorOf } from '../parts.ts'
import { ApiError } from '../problem.ts'
import type { Relay } from '../relay.ts'
import type { RelayAdmission, RelayRequest } from '../relay-admission.ts'
import { relayedSchema } from '../resources.ts'
import { type Route, route } from '../route.ts'
import {
  relayClaimSchema,
  relayClosureSchema,
  relayConfirmationSchema,
  relayDepositSchema,
  relayEpochSchema,
  relayKeySchema,
  relayMandateSchema,
  relayMoveSchema,
  relayRevocationSchema,
  relaySeatSchema,
  relayWithdrawalSchema,
} from '../signed-requests.ts'

const tag = 'Relay'

type RelayParts = Pick<ApiParts, 'areas' | 'servicesOf'>
type Target = Omit<RelayRequest, 'body'>

export function relayRoutes(parts: RelayParts, admission: RelayAdmission): Route[] {
  const { areas, servicesOf } = parts
  const ofRules = (rules: string): AreaHandle => {
    const area = areas.all().find(({ settings }) => settings.rulesHash === rules)
    if (area === undefined) throw new ApiError('RULES_UNKNOWN', `no area of this server has the rules ${rules}`)
    return area
  }
  const ofMeter = ({ account, meter }: { account: string; meter: string }): AreaHandle => {
    const area = areas.all().find((each) => each.seatsOfMeter(meter).some((seat) => seat.account === account))
    if (area === undefined)
      throw new ApiError('SEAT_UNKNOWN', `account ${account} has no seat with meter ${meter} here`)
    return area
  }
  /** A seat's area and account; what is asked of it is one thing. */
  const ofSeat = (id: string, what: string): Target & { seat: number } => {
    const { area: number, number: seat } = partsOfSeatId(BigInt(id))
    const area = areaOf(areas, number)
    const account = area.seat(seat)?.account
    if (account === undefined) throw new ApiError('SEAT_UNKNOWN', `area ${number} has no seat ${id}`)
    return { area, account, subject: `${what} ${id}`, seat }
  }
  const ofPurse = (id: string): Target => {
    const { seat, ...target } = ofSeat(id, 'purse')
    return { ...target, purse: seat }
  }
  /** Where a request goes by which the grid operator says something of a seat's meter. */
  const ofGrid = (id: string): Target => {
    const { area, subject } = ofSeat(id, 'confirmation')
    return { area, subject, account: gridOperatorOf(parts, area) }
  }
  const relayed = <Body>(
    path: string,
    {
      id,
      summary,
      body,
      target,
      send,
    }: {
      id: string
      summary: string
      body: z.ZodType<Body>
      target(request: Body): Target
      send(relay: Relay, request: Body): ReturnType<Relay['claim']>
    },
  ) =>
    route({
      id,
      method: 'post',
      path: `/relay/${path}`,
      tag,
      summary,
      private: true,
      keyed: true,
      body,
      answers: { 202: relayedSchema },
      async handle({ body: signed, session }) {
        const { area, account, subject, purse } = target(signed)
        const { relay } = servicesOf(area.settings.area)
        if (relay === null) throw new ApiError('RELAY_OFF', 'this server has no key that pays for transactions')
        const request = { area, account, subject, body: signed, ...(purse === undefined ? {} : { purse }) }
        const { hash } = await admission.carry(await session(), request, (allow) => send(relay(allow), signed))
        return { status: 202, body: { transaction: hash } }
      },
    })
  return [
    relayed('seats', {
      id: 'relaySeat',
      summary: 'Opens a seat with the account’s mandate and the meter’s enrolment',
      body: relaySeatSchema,
      target: ({ mandate: { rules, account, meter } }) => ({
        area: ofRules(rules),
        account,
        subject: `meter ${meter}`,
      }),
      send: (relay, request) => relay.openSeat(request),
    }),
    relayed('mandates', {
      id: 'relayMandate',
      summary: 'Changes a seat’s mandate',
      body: relayMandateSchema,
      target: ({ seat }) => ofSeat(seat, 'mandate'),
      send: (relay, request) => relay.changeMandate(request),
    }),
    relayed('closures', {
      id: 'relayClosure',
      summary: 'Closes a seat: it trades nothing from the next boundary on, and its money stays its account’s',
      body: relayClosureSchema,
      target: ({ seat }) => ofSeat(seat, 'mandate'),
      send: (relay, request) => relay.closeSeat(request),
    }),
    relayed('confirmations', {
      id: 'relayConfirmation',
      summary: 'Confirms a meter with its zone and nameplate, signed by the grid operator',
      body: relayConfirmationSchema,
      target: ({ seat }) => ofGrid(seat),
      send: (relay, request) => relay.confirmMeter(request),
    }),
    relayed('revocations', {
      id: 'relayRevocation',
      summary: 'Revokes a meter: it trades nothing until it is confirmed once more; signed by the grid operator',
      body: relayRevocationSchema,
      target: ({ seat }) => ofGrid(seat),
      send: (relay, request) => relay.revokeMeter(request),
    }),
    relayed('epochs', {
      id: 'relayEpoch',
      summary: 'Starts a new epoch of a meter, once the batches before it are settled',
      body: relayEpochSchema,
      target: ({ seat }) => ofSeat(seat, 'epoch'),
      send: (relay, request) => relay.startEpoch(request),
    }),
    relayed('keys', {
      id: 'relayKey',
      summary: 'Gives a meter another key, signed by the account, the meter’s key and the next one',
      body: relayKeySchema,
      target: ({ rotation }) => {
        const { account, meter } = rotation
        return { area: ofMeter(rotation), account, subject: `meter ${meter}` }
      },
      send: (relay, request) => relay.rotateKey(request),
    }),
    relayed('deposits', {
      id: 'relayDeposit',
      summary: 'Moves tokens of the account into its seat by an ERC-2612 permit',
      body: relayDepositSchema,
      target: ({ seat }) => {
        // Permits of one account follow each other, whatever the seat.
        const { area, account } = ofSeat(seat, 'deposit')
        return { area, account, subject: `permit ${account}` }
      },
      send: (relay, request) => relay.deposit(request),
    }),
    relayed('withdrawals', {
      id: 'relayWithdrawal',
      summary: 'Asks money of a seat back; it can be claimed after the withdrawal delay',
      body: relayWithdrawalSchema,
      target: ({ seat }) => ofPurse(seat),
      send: (relay, request) => relay.requestWithdrawal(request),
    }),
    relayed('moves', {
      id: 'relayMove',
      summary:
        'Asks for money of a seat to go to another seat of its account; it moves by a claim after the withdrawal delay',
      body: relayMoveSchema,
      target: ({ from }) => ofPurse(from),
      send: (relay, request) => relay.requestMove(request),
    }),
    relayed('claims', {
      id: 'relayClaim',
      summary: 'Pays a withdrawal out, or moves a purse, once its delay has passed',
      body: relayClaimSchema,
      target: ({ seat }) => ofPurse(seat),
      send: (relay, request) => relay.claim(request),
    }),
  ]
}
