/**
 * What is signed in each request, for the OpenAPI document (`x-eip712`): the typed data with its domain, and where each of its
 * values stands. With it a client can be written from the document alone.
 */
import { revocationsDomainOf, revokeGrantsTypes } from '../../contracts/protocol/data-grants.ts'
import { accountTypedData } from '../../contracts/protocol/passkey-account.ts'
import { domainOf, type TypedDataName, typesOf } from '../../contracts/protocol/typed-data.ts'

/**
 * Where a value stands: `of` the body or path of the request, or a resource: the Area that is signed for, the Seat, the
 * account's Wallet or PasskeyAccount; `at` a JSON pointer there. `as` says how what stands there becomes what is signed.
 */
interface Source {
  of: 'body' | 'path' | 'area' | 'seat' | 'wallet' | 'passkeyAccount'
  at: string
  /**
   * `bytes32`: the bytes of the text, then zeros. `ledgerUnits`: tokens × 10^(the area's priceDecimals + 3). `baseUnits`: tokens
   * × 10^(the area's chain.tokenDecimals). `calls`: each with the value 0. `before`: one less. `place`: its place, from 0, in the
   * list of what it may be.
   */
  as?: 'bytes32' | 'ledgerUnits' | 'baseUnits' | 'calls' | 'before' | 'place'
}

export interface TypedRequest {
  /** Where the signature goes in the body; `*` stands for each item of a list, also in the sources. */
  signature: string
  /** The name of who signs. */
  by: string
  /** Whether a request is whole without it. */
  optional?: true
  /** In the 64 bytes of EIP-2098, and no other way. */
  compact?: true
  primaryType: string
  types: Record<string, readonly { name: string; type: string }[]>
  /** Each member a value or where it stands; or where the whole domain stands. */
  domain: Record<string, string | Source> | Source
  message: Record<string, Source>
}

type Place = Omit<Source, 'of'>
const body = (at: string, as?: Source['as']): Source => ({ of: 'body', at, ...(as === undefined ? {} : { as }) })
const path = (name: string): Source => ({ of: 'path', at: `/${name}` })
const area = (at: string): Source => ({ of: 'area', at })
const seat = (at: string): Source => ({ of: 'seat', at })
const wallet = (at: string): Source => ({ of: 'wallet', at })

/** The members that do not change from area to area are the domain's own. */
function domainWith(fixed: object, contract: Source): Record<string, string | Source> {
  return { ...(fixed as Record<string, string>), chainId: area('/chain/chainId'), verifyingContract: contract }
}

const escrowDomain = domainWith(domainOf({ chainId: 0, escrow: '' }), area('/chain/escrow'))
const revocationsDomain = domainWith(revocationsDomainOf({ chainId: 0, revocations: '' }), area('/chain/revocations'))

/** A structure of the escrow's domain, whose values stand below one place of the body but for those in `others`. */
function typed(
  primaryType: TypedDataName,
  { signature, by, ...how }: Pick<TypedRequest, 'signature' | 'by' | 'optional' | 'compact'>,
  below: Place['at'],
  others: Record<string, Source> = {},
): TypedRequest {
  const types = typesOf(primaryType)
  const fields = types[primaryType]!.map(({ name }) => [name, others[name] ?? body(`${below}/${name}`)])
  return {
    ...{ signature, by, ...how, primaryType, types, domain: escrowDomain },
    message: Object.fromEntries(fields),
  }
}

const signature = '/signature'
const account = 'the account'
const byAccount = { signature, by: account }
const byGrid = { signature, by: 'the grid operator of the area' }
const ofSeat = { account: seat('/account') }
const epochOf = (below: string, at: string, by: string) => typed('EpochStart', { signature: at, by }, below)
const byMeter = (at: string) => ({ signature: at, by: 'the meter’s first key', compact: true }) as const
const hello = typed('AgentHello', byMeter('/hello/signature'), '/hello')

/** An act of an account of a passkey, whose domain is the account. */
function ofPasskey(
  primaryType: 'Execute' | 'Recover' | 'Veto',
  by: string,
  message: TypedRequest['message'],
): TypedRequest {
  const { domain: fixed, types } = accountTypedData(primaryType, { chainId: 0, account: '' })
  return { signature, by, primaryType, types, domain: domainWith(fixed, body('/account')), message }
}

const permitTypes = {
  Permit: [
    { name: 'owner', type: 'address' },
    { name: 'spender', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
  ],
} as const

/** What is signed in each request, by its operation. */
export const typedRequests: Record<string, readonly TypedRequest[]> = {
  placeOrder: [
    typed('Order', { signature, by: 'the account, or a session key with its grant' }, '/order'),
    typed('SessionKey', { signature: '/session/signature', by: account, optional: true }, '/session', {
      account: body('/order/account'),
    }),
  ],
  cancelOrder: [
    typed('CancelOrder', { signature, by: 'the account of the order, or the session key that signed it' }, '', {
      ...ofSeat,
      order: path('order'),
    }),
  ],
  setDailyBudget: [typed('DailyBudget', byAccount, '/budget', { amount: body('/budget/amount', 'ledgerUnits') })],
  revokeSessionKey: [typed('RevokeSessionKey', byAccount, '')],
  acceptAgreements: (['seller', 'buyer'] as const).map((party) =>
    typed('Agreement', { signature: `/agreements/*/${party}Signature`, by: `the ${party}` }, '/agreements/*/agreement'),
  ),
  declareQuantities: [typed('Declaration', byGrid, '/declaration')],
  endAgreement: [
    typed('EndAgreement', { signature, by: 'one of the two accounts' }, '', { agreement: path('agreement') }),
  ],
  acceptInvitation: [
    typed('Invitation', { signature, by: 'the inviter, or the grid operator where none is named' }, '/invitation'),
  ],
  sayOfBatch: (['BatchApproval', 'BatchRefusal'] as const).map((name) =>
    typed(name, { signature, by: 'the watcher', compact: true }, '', {
      rules: area('/rules/hash'),
      ...(name === 'BatchRefusal' && { reason: body('/reason', 'place') }),
    }),
  ),
  approveBill: [typed('DocumentApproval', { signature, by: 'one of the approvers' }, '/approval')],
  approveRelease: [typed('ReportApproval', { signature, by: 'one of the approvers' }, '/approval')],
  giveGrant: [typed('DataGrant', byAccount, '/grant')],
  revokeGrants: [
    {
      ...{ signature, by: account, primaryType: 'RevokeGrants', types: revokeGrantsTypes, domain: revocationsDomain },
      message: { account: path('account'), below: body('/below'), deadline: body('/deadline') },
    },
  ],
  offerPairing: [hello],
  getPairingState: [hello],
  consentToPairing: [
    hello,
    typed('MeterConsent', byMeter('/consent/signature'), '/consent', {
      meter: body('/hello/meter'),
      account: body('/account'),
      rules: body('/rules'),
    }),
    typed('EpochStart', byMeter('/epochStart/signature'), '/epochStart', {
      meter: body('/hello/meter'),
      account: body('/account'),
      rules: body('/rules'),
    }),
  ],
  relaySeat: [
    typed('Mandate', { signature: '/mandateSignature', by: account }, '/mandate'),
    typed('MeterConsent', { signature: '/consentSignature', by: 'the meter' }, '/mandate', {
      validFrom: body('/consentValidFrom'),
      deadline: body('/consentDeadline'),
    }),
    epochOf('/epoch', '/epochSignature', 'the meter'),
  ],
  relayMandate: [typed('Mandate', { signature: '/mandateSignature', by: account }, '/mandate')],
  relayClosure: [typed('CloseSeat', byAccount, '', ofSeat)],
  relayConfirmation: [typed('ConfirmMeter', byGrid, '', { zone: body('/zone', 'bytes32') })],
  relayRevocation: [typed('RevokeMeter', byGrid, '')],
  relayEpoch: [
    epochOf('/epoch', '/meterSignature', 'the meter'),
    epochOf('/epoch', '/accountSignature', account),
    {
      ...epochOf('/epoch', '/gridSignature', 'the grid operator, where the rules demand confirmation'),
      optional: true,
    },
  ],
  relayKey: [
    typed('RotateKey', { signature: '/accountSignature', by: account }, '/rotation'),
    typed('RotateKey', { signature: '/keySignature', by: 'the meter’s last key' }, '/rotation'),
    typed('RotateKey', { signature: '/nextSignature', by: 'the next key' }, '/rotation'),
  ],
  relayExecution: [
    ofPasskey('Execute', 'the account’s owner', {
      calls: body('/calls', 'calls'),
      nonce: body('/nonce'),
      deadline: body('/deadline'),
    }),
  ],
  relayRecovery: [
    ofPasskey('Recover', 'the account’s recovery key', {
      x: body('/next/x'),
      y: body('/next/y'),
      nonce: body('/nonce'),
      deadline: body('/deadline'),
    }),
  ],
  relayVeto: [
    ofPasskey('Veto', 'the account’s owner', {
      nonce: { of: 'passkeyAccount', at: '/nextRecoveryNonce', as: 'before' },
    }),
  ],
  relayDeposit: [
    {
      ...{ signature, by: account, primaryType: 'Permit', types: permitTypes, domain: wallet('/permitDomain') },
      message: {
        owner: seat('/account'),
        spender: area('/chain/escrow'),
        value: body('/amount', 'baseUnits'),
        nonce: wallet('/permitNonce'),
        deadline: body('/deadline'),
      },
    },
  ],
  relayWithdrawal: [typed('Withdrawal', byAccount, '', { ...ofSeat, amount: body('/amount', 'ledgerUnits') })],
  relayMove: [typed('MovePurse', byAccount, '', { ...ofSeat, amount: body('/amount', 'ledgerUnits') })],
}
