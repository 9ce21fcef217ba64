/** What random streets are made of: kinds of steps, how often each comes, and the values that they are drawn with. */
import fc from 'fast-check'
import { intervalSeconds } from './street.ts'

/** Meters of a street. */
export const homes = 6

/** How often each kind of step comes. */
const weights = {
  wait: 16,
  skip: 3,
  outage: 1,
  backlog: 3,
  resend: 1,
  contradict: 1,
  everybody: 4,
  order: 8,
  budget: 4,
  session: 2,
  revoke: 1,
  forward: 4,
  cross: 6,
  agreement: 3,
  notice: 3,
  cancel: 2,
  replay: 2,
  deposit: 1,
  withdraw: 1,
  mandate: 1,
  close: 1,
  move: 2,
  confirm: 2,
  bar: 1,
  epoch: 1,
  rebase: 1,
  settle: 6,
  hold: 1,
  stale: 1,
  configure: 2,
  leave: 2,
  restart: 1,
  restore: 1,
} as const
type Kind = keyof typeof weights

export interface Step {
  kind: Kind
  pick: number
  other: number
  amount: number
  flag: boolean
  /** What the meters advance by and how good their readings are; by meter. */
  meters: { importWh: number; exportWh: number; quality: number; isLost: boolean }[]
}

/** Most homes either feed in or draw. */
const energies = fc.oneof(
  { weight: 4, arbitrary: fc.record({ importWh: fc.nat(900), exportWh: fc.constant(0) }) },
  { weight: 4, arbitrary: fc.record({ importWh: fc.constant(0), exportWh: fc.nat(900) }) },
  { weight: 1, arbitrary: fc.record({ importWh: fc.nat(90), exportWh: fc.nat(90) }) },
)
const quality = fc.constantFrom(...Array<number>(20).fill(0), 1, 2)
const isLost = fc.constantFrom(...Array<boolean>(9).fill(false), true)
const meterStep = fc
  .record({ energies, quality, isLost })
  .map(({ energies: energy, ...rest }) => ({ ...energy, ...rest }))

function stepOf(kind: fc.Arbitrary<Kind>): fc.Arbitrary<Step> {
  return fc.record({
    kind,
    pick: fc.nat(999),
    other: fc.nat(999),
    amount: fc.nat(3_999),
    flag: fc.boolean(),
    meters: fc.array(meterStep, { minLength: homes, maxLength: homes }),
  })
}

const anyStep = stepOf(
  fc.oneof(...Object.entries(weights).map(([kind, weight]) => ({ weight, arbitrary: fc.constant(kind as Kind) }))),
)
const only = (...kinds: Kind[]) => stepOf(fc.constantFrom(...kinds))

/** Streets that trade in every interval of some batches. */
const busySteps = fc
  .tuple(
    fc.array(only('order', 'agreement', 'session', 'order', 'agreement', 'session', 'budget'), {
      minLength: 15,
      maxLength: 40,
      size: 'max',
    }),
    fc.array(fc.tuple(only('cross', 'forward', 'order'), only('wait')), { minLength: 6, maxLength: 14, size: 'max' }),
    fc.array(only('leave', 'settle', 'leave', 'restart', 'backlog', 'mandate'), { minLength: 2, maxLength: 8 }),
  )
  .map(([orders, intervals, after]): Step[] => [
    { ...intervals[0]![1], kind: 'everybody', amount: 0 },
    ...orders,
    ...intervals.flatMap(([one, pass]): Step[] => [one, { ...pass, amount: intervalSeconds }]),
    ...intervals.slice(0, 3).map(([, pass]): Step => ({ ...pass, amount: 1_199 })),
    ...after,
  ])

/** Values are not drawn towards small ones: nothing would be traded. */
export const streets = fc.noBias(
  fc.record({
    steps: fc.oneof(
      { weight: 1, arbitrary: fc.array(anyStep, { minLength: 40, maxLength: 200, size: 'max' }) },
      { weight: 1, arbitrary: busySteps },
    ),
    funds: fc.constantFrom(300_000n, 5_000_000n, 1_000_000_000n, 1_000_000_000n),
  }),
)
