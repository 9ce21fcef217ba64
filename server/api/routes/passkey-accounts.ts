/** Accounts of passkeys: what one says of itself, and what the server carries to it at its own expense. */
import { z } from 'zod'
import {
  accountAddress,
  accountDigest,
  keyChangeSelectors,
  tokenSelectors,
} from '../../../contracts/protocol/passkey-account.ts'
import type { AreaHandle } from '../../areas/area-handle.ts'
import type { AccountRelay, PasskeyAccounts } from '../../chain/passkey-accounts.ts'
import type { AllowGas } from '../../chain/sender.ts'
import { createAllowance } from '../allowance.ts'
import { passkeyAccountSchema } from '../joining.ts'
import { areaInput } from '../paging.ts'
import { type ApiParts, areaOf } from '../parts.ts'
import { isoTime } from '../present.ts'
import { ApiError } from '../problem.ts'
import type { RelayAdmission } from '../relay-admission.ts'
import { addressSchema, relayedSchema } from '../resources.ts'
import { type Route, route } from '../route.ts'
import {
  relayAccountSchema,
  relayExecutionSchema,
  relayRecoveredSchema,
  relayRecoverySchema,
  relayVetoSchema,
} from '../signed-requests.ts'

const tag = 'Accounts of passkeys'
/** From one address: each look asks the chain's node a few times. */
const mostPerMinute = 120

type Parts = Pick<ApiParts, 'areas' | 'servicesOf'>

export function passkeyAccountRoutes({ areas, servicesOf }: Parts, admission: RelayAdmission): Route[] {
  const allowance = createAllowance({ mostPerMinute, done: 'one address may ask about accounts' })

  function accountsOf(number: number): { area: AreaHandle; accounts: PasskeyAccounts } {
    const area = areaOf(areas, number)
    const { accounts } = servicesOf(number)
    if (accounts === null) throw new ApiError('ACCOUNTS_OFF', `nothing opens accounts of passkeys for area ${number}`)
    return { area, accounts }
  }

  function relayOf({ relay }: PasskeyAccounts, allow: AllowGas): AccountRelay {
    if (relay === null) throw new ApiError('RELAY_OFF', 'this server has no key that pays for transactions')
    return relay(allow)
  }

  async function stateOf(accounts: PasskeyAccounts, account: string) {
    const state = await accounts.read(account)
    if (state === null) throw new ApiError('ACCOUNT_UNKNOWN', `no account of a passkey is open at ${account}`)
    return state
  }

  const answers = { 202: relayedSchema }
  return [
    route({
      id: 'getPasskeyAccount',
      method: 'get',
      path: '/areas/:area/passkey-accounts/:account',
      tag,
      summary:
        'The keys of an open account of a passkey, what its next signatures must carry, and a recovery that waits',
      params: z.object({ area: areaInput, account: addressSchema }),
      asksNode: true,
      answers: { 200: passkeyAccountSchema },
      async handle({ params: { area, account }, network }) {
        allowance.use(network, Date.now())
        const { recoverableFrom, ...state } = await stateOf(accountsOf(area).accounts, account)
        const body = { account, ...state, recoverableFrom: recoverableFrom === null ? null : isoTime(recoverableFrom) }
        return { status: 200, body }
      },
    }),
    route({
      id: 'relayAccount',
      method: 'post',
      path: '/relay/accounts',
      tag,
      summary: 'Opens the account of a passkey',
      private: true,
      keyed: true,
      body: relayAccountSchema,
      answers,
      async handle({ body, session }) {
        const { area, accounts } = accountsOf(body.area)
        const { owner, recovery } = body
        const account = accountAddress(accounts.facts, { owner, recovery })
        const request = { area, account, subject: `account ${account}`, body }
        const send = (allow: AllowGas) => relayOf(accounts, allow).open({ owner, recovery })
        const { hash } = await admission.carry(await session(), request, send)
        return { status: 202, body: { transaction: hash } }
      },
    }),
    route({
      id: 'relayExecution',
      method: 'post',
      path: '/relay/executions',
      tag,
      summary: 'Carries out what the owner signed: other keys for the account, or what it does with its tokens',
      private: true,
      keyed: true,
      body: relayExecutionSchema,
      answers,
      async handle({ body, session }) {
        const { area, accounts } = accountsOf(body.area)
        const { account, calls, nonce, deadline, signature } = body
        requireCalls(area, account, calls)
        const request = { area, account, subject: `account ${account}`, body }
        const signed = { account, calls: calls.map((call) => ({ ...call, value: 0n })), nonce, deadline, signature }
        const { hash } = await admission.carry(await session(), request, (allow) =>
          relayOf(accounts, allow).execute(signed),
        )
        return { status: 202, body: { transaction: hash } }
      },
    }),
    route({
      id: 'relayRecovery',
      method: 'post',
      path: '/relay/recoveries',
      tag,
      summary:
        'Asks for another owner, signed by the recovery key; needs no session, since who lost the passkey has none',
      body: relayRecoverySchema,
      answers,
      async handle({ body, network }) {
        allowance.use(network, Date.now())
        const { area, accounts } = accountsOf(body.area)
        const { area: _, account, signature, ...asked } = body
        const { recovery } = await stateOf(accounts, account)
        const { next, nonce, deadline } = asked
        const place = { chainId: area.settings.chain.chainId, account }
        const digest = accountDigest(place, 'Recover', { ...next, nonce: BigInt(nonce), deadline })
        if (!(await accounts.isSignedBy(recovery, digest, signature))) {
          throw new ApiError('RECOVERY_SIGNATURE', `the recovery of ${account} is not signed by its recovery key`)
        }
        const request = { area, account, ...ofRecovery(account), body }
        const send = (allow: AllowGas) => relayOf(accounts, allow).requestRecovery({ account, signature, ...asked })
        const { hash } = await admission.carry({ account }, request, send)
        return { status: 202, body: { transaction: hash } }
      },
    }),
    route({
      id: 'relayVeto',
      method: 'post',
      path: '/relay/vetoes',
      tag,
      summary: 'Objects to a recovery, signed by the owner',
      private: true,
      body: relayVetoSchema,
      answers,
      async handle({ body, session }) {
        const { area, accounts } = accountsOf(body.area)
        const { account, signature } = body
        const request = { area, account, subject: `veto ${account}`, body }
        const send = (allow: AllowGas) => relayOf(accounts, allow).vetoRecovery({ account, signature })
        const { hash } = await admission.carry(await session(), request, send)
        return { status: 202, body: { transaction: hash } }
      },
    }),
    route({
      id: 'relayRecovered',
      method: 'post',
      path: '/relay/recoveries/finish',
      tag,
      summary: 'Lets the next owner take over once the delay has passed; anybody may ask',
      body: relayRecoveredSchema,
      answers,
      async handle({ body, network }) {
        allowance.use(network, Date.now())
        const { area, accounts } = accountsOf(body.area)
        const { account } = body
        const { nextRecoveryNonce } = await stateOf(accounts, account)
        const request = { area, account, ...ofRecovery(account), body: { ...body, nextRecoveryNonce } }
        const send = (allow: AllowGas) => relayOf(accounts, allow).finishRecovery({ account, nonce: nextRecoveryNonce })
        const { hash } = await admission.carry({ account }, request, send)
        return { status: 202, body: { transaction: hash } }
      },
    }),
  ]
}

/** Recoveries count against a day of their own, so that no stolen recovery key can use up the transactions for the owner's objection. */
function ofRecovery(account: string): { subject: string; chargedTo: string } {
  return { subject: `recovery ${account}`, chargedTo: `recovery of ${account}` }
}

/** What is carried for an account is about the account and its tokens: whatever else it calls may use gas without end. */
function requireCalls({ settings }: AreaHandle, account: string, calls: readonly { to: string; data: string }[]): void {
  const allowed = new Map([
    [account, keyChangeSelectors],
    [settings.chain.token, tokenSelectors],
  ])
  const other = calls.find(({ to, data }) => allowed.get(to)?.includes(data.slice(0, 10)) !== true)
  if (other === undefined) return
  throw new ApiError(
    'RELAY_CALLS',
    `a call of ${other.to} is not carried: only changeOwner and changeRecovery of the account, transfer and approve of its token`,
  )
}
