/** The shared digest vectors: one set of values, hashed here and in Solidity. `node` cannot run this; a test writes the file. */
import {
  areaNumberOf,
  digestOf,
  type EscrowDomain,
  type Hex,
  hashRules,
  hashWatchers,
  noWatchers,
  type TypedDataName,
  type TypedDataValues,
} from '../../contracts/protocol/typed-data.ts'

const domain: EscrowDomain = { chainId: 31_337, escrow: '0x5fbdb2315678afecb367f032d93f642f64180aa3' }
const accounts = [
  '0x70997970c51812dc3a010c7d01b50e0d17dc79c8',
  '0xffffffffffffffffffffffffffffffffffffffff',
  '0x0000000000000000000000000000000000000001',
] as const
const meters = [
  '0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc',
  '0x0000000000000000000000000000000000000002',
  '0xfffffffffffffffffffffffffffffffffffffffe',
] as const
const uint8 = [1, 255, 0] as const
/** JavaScript counts so far exactly. */
const nonces = [1_800_000_000_000, Number.MAX_SAFE_INTEGER, 0] as const
const uint16 = [1, 0xffff, 0] as const
const uint24 = [5000, 0xff_ffff, 0] as const
const uint32 = [1_800_000_000, 0xffff_ffff, 0] as const
const int24 = [-42, 0x7f_ffff, -0x80_0000] as const
const uint48 = [812_345, 0xffff_ffff_ffff, 0] as const
const hashes = [`0x${'5a'.repeat(32)}`, `0x${'ff'.repeat(32)}`, `0x${'00'.repeat(32)}`] as const
const zone = `0x${'66'.repeat(2)}${'00'.repeat(30)}`

/**
 * The vectors as they stand in `vectors.json`: per structure its fields and its digest; `rulesHash` is a struct hash. `hashed` takes the
 * names of the structures.
 */
export function digestVectors(hashed = new Set<TypedDataName>(['AreaRules'])) {
  const digest = <Name extends TypedDataName>(name: Name, value: TypedDataValues[Name]): Hex => {
    hashed.add(name)
    return digestOf(domain, name, value)
  }
  const cases = [0, 1, 2] as const
  return {
    chainId: domain.chainId,
    escrow: domain.escrow,
    vectors: cases.map((i) => {
      const account = accounts[i]
      const meter = meters[i]
      const seat = [(1n << 32n) | 7n, (1n << 64n) - 1n, 0n][i]!
      const areaRules = {
        area: uint32[i],
        grid: account,
        successor: accounts[2 - i]!,
        token: meter,
        intervalSeconds: uint32[i],
        batchSeconds: uint32[i],
        priceTick: uint32[i],
        maxGridPerKwh: uint32[i],
        maxBandTicks: uint32[i],
        confirmation: uint8[i],
        settlingGrade: [1, 255, 0][i]!,
        allocation: uint8[2 - i]!,
        watchers: i === 2 ? noWatchers : hashWatchers({ keys: accounts.slice(0, i + 2), quorum: i + 1 }),
        watcherGraceSeconds: uint32[i],
      }
      const rules: Hex = hashRules(areaRules)
      const mandate = {
        account,
        meter,
        rules,
        sellFloor: int24[i],
        buyCeiling: int24[i],
        maxSellWh: uint24[i],
        maxBuyWh: uint24[i],
        validFrom: uint32[i],
        validUntil: uint32[i],
        version: uint32[i],
        deadline: uint32[i],
      }
      const consent = { meter, account, rules, validFrom: uint32[i], deadline: uint32[2 - i]! }
      const registers = { meter, epoch: uint16[i], time: uint32[i], importWh: uint48[i], exportWh: uint48[2 - i]! }
      const epoch = { account, rules, ...registers }
      const reading = { ...registers, quality: [0, 255, 2][i]! }
      const measured = { ...registers, quality: 0 }
      const withdrawal = {
        account,
        seat,
        amount: [70n, (1n << 128n) - 1n, 0n][i]!,
        to: meter,
        nonce: uint32[i],
        deadline: uint32[i],
      }
      const close = { account, seat, version: uint32[(i + 1) % 3]!, deadline: uint32[i] }
      const confirm = {
        ...{ seat, zone, nameplateWh: uint24[i], grade: uint8[i], from: uint32[i] },
        ...{ bars: uint32[2 - i]!, version: uint32[(i + 1) % 3]!, deadline: uint32[i] },
      }
      const rotation = {
        account,
        meter,
        key: meters[(i + 1) % 3]!,
        next: accounts[(i + 1) % 3]!,
        from: uint32[i],
        deadline: uint32[i],
      }
      const revoke = { seat, from: uint32[i], version: uint32[(i + 1) % 3]!, deadline: uint32[i] }
      const approval = { rules, header: zone }
      const refusal = { ...approval, reason: uint8[i] }
      const move = {
        account,
        from: seat,
        to: [1n, 0n, 2n][i]!,
        amount: withdrawal.amount,
        nonce: uint32[i],
        deadline: uint32[i],
      }
      const signedOffChain = offChain(i, rules)
      return {
        values: plain({
          ...{ areaRules, mandate, consent, epoch, reading, withdrawal, close, confirm, revoke, rotation, approval },
          ...{ refusal, move },
          ...signedOffChain,
        }),
        rulesHash: rules,
        areaNumber: areaNumberOf(areaRules).toString(),
        digests: {
          mandate: digest('Mandate', mandate),
          consent: digest('MeterConsent', consent),
          epoch: digest('EpochStart', epoch),
          reading: digest('Reading', reading),
          measured: digest('Reading', measured),
          withdrawal: digest('Withdrawal', withdrawal),
          close: digest('CloseSeat', close),
          confirm: digest('ConfirmMeter', confirm),
          revoke: digest('RevokeMeter', revoke),
          rotation: digest('RotateKey', rotation),
          approval: digest('BatchApproval', approval),
          refusal: digest('BatchRefusal', refusal),
          move: digest('MovePurse', move),
          order: digest('Order', signedOffChain.order),
          cancel: digest('CancelOrder', signedOffChain.cancel),
          budget: digest('DailyBudget', signedOffChain.budget),
          agreement: digest('Agreement', signedOffChain.agreement),
          endAgreement: digest('EndAgreement', signedOffChain.endAgreement),
          sessionKey: digest('SessionKey', signedOffChain.sessionKey),
          revokeSessionKey: digest('RevokeSessionKey', signedOffChain.revokeSessionKey),
          grant: digest('DataGrant', signedOffChain.grant),
          hello: digest('AgentHello', signedOffChain.hello),
          declaration: digest('Declaration', signedOffChain.declaration),
          invitation: digest('Invitation', signedOffChain.invitation),
          documents: digest('DocumentApproval', signedOffChain.documents),
          release: digest('ReportApproval', signedOffChain.release),
        },
      }
    }),
  }
}

/** What the server and the page read and the escrow does not. */
function offChain(i: 0 | 1 | 2, rules: Hex) {
  const [account, other] = [accounts[i], accounts[2 - i]!]
  const [meter, otherMeter] = [meters[i], meters[2 - i]!]
  const times = { start: uint32[i], end: uint32[2 - i]! }
  return {
    order: {
      ...{ account, meter, rules, market: uint8[i], side: uint8[2 - i]!, timeInForce: uint8[i] },
      ...{ limitPrice: int24[i], maxWh: uint24[i], ...times, nonce: nonces[i] },
    },
    cancel: { account, order: rules },
    budget: { account, meter, rules, amount: [40_000_000n, (1n << 64n) - 1n, 0n][i]!, nonce: nonces[i] },
    agreement: {
      ...{ seller: account, sellerMeter: meter, buyer: other, buyerMeter: otherMeter, rules, kind: uint8[i] },
      ...{ amount: uint24[i], price: int24[i], ...times, noticeSeconds: uint32[2 - i]!, nonce: nonces[i] },
    },
    endAgreement: { account, agreement: rules, end: uint32[i] },
    sessionKey: {
      ...{ account, key: other, rules, sides: uint8[i], lowestPrice: int24[i], highestPrice: int24[2 - i]! },
      ...{ validFrom: uint32[2 - i]!, validUntil: uint32[i] },
    },
    revokeSessionKey: { account, key: other, from: uint32[i] },
    grant: {
      ...{ account, seat: [(1n << 32n) | 7n, (1n << 64n) - 1n, 0n][i]!, grantee: other, scope: uint8[i] },
      ...{ granularity: uint8[2 - i]!, from: uint32[2 - i]!, until: uint32[i], nonce: nonces[i] },
    },
    hello: { meter, time: uint32[i] },
    declaration: {
      ...{ rules, kind: uint8[i], ...times, version: uint32[2 - i]! },
      ...{ content: hashes[i], evidence: hashes[2 - i]! },
    },
    invitation: { rules, accounts: uint32[i], validUntil: uint32[2 - i]!, nonce: nonces[i] },
    documents: { account, rules, month: uint32[i], revision: uint32[2 - i]!, documents: hashes[i] },
    release: { account, rules, from: uint32[2 - i]!, to: uint32[i], version: uint32[2 - i]!, manifest: hashes[i] },
  }
}

/** Bigints and numbers as decimal strings: JSON numbers lose the largest. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint' || typeof value === 'number') return value.toString()
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]))
  }
  return value
}
