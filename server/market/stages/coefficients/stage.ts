/**
 * The stage of areas that share by a key (`allocation` 2): what the key's producers fed in beyond their own use goes to its
 * consumers by its rounds, and never more to one than it drew. Metered energy decides the quantities; mandates, funds and the
 * price only decide what of them is traded here. What no consumer gets is taken off the producers pro rata to what they fed in.
 */
import type { Wh } from '../../../../contracts/protocol/units.ts'
import {
  type AllocationKey,
  type AllocationRound,
  allocate as allocateByKey,
} from '../../../exchange/allocation/allocate.ts'
import { givenBy } from '../../../exchange/allocation/pairs.ts'
import type { SeatOutcomeCode } from '../../area/codes.ts'
import { type DeclaredRound, sharingKeyAt } from '../../area/declarations.ts'
import type { Side } from '../../auction.ts'
import type { Allocation, Pool, PoolSeat } from '../pool.ts'
import { promiseSides } from '../sharing/promise.ts'
import { type Quantity, shareOut, shareWithout } from '../sharing/share-out.ts'
import type { Stage } from '../stage.ts'

const name = 'coefficients'

function allocate(pool: Pool): Allocation {
  const key = sharingKeyAt(pool.state.keys, pool.start)
  if (key === null) return shareOut(pool, { stage: name, arrival: 0, quantities: [] })
  const netOf = (seat: number, side: Side) => netWh(pool.seats.get(seat), side)
  const producedWh = key.producers.map((seat) => netOf(seat, 'sell'))
  const consumedWh = key.consumers.map((seat) => netOf(seat, 'buy'))
  const offeredWh = sumOf(producedWh)
  const gotWh = allocateByKey(key.rounds.map(roundOf), offeredWh, consumedWh)
  const givenWh = givenBy(sumOf(gotWh), producedWh)
  const consumedTogetherWh = sumOf(consumedWh)
  const member = (seat: number, side: Side, wantedWh: Wh, othersWh: Wh): Quantity[] => {
    const own = pool.seats.get(seat)
    if (own === undefined) return []
    return [{ own, side, wantedWh, ...(wantedWh === 0 && { because: whyNothing(own, side, othersWh) }) }]
  }
  const quantities = [
    ...key.producers.flatMap((seat, place) => member(seat, 'sell', givenWh[place]!, consumedTogetherWh)),
    ...key.consumers.flatMap((seat, place) => member(seat, 'buy', gotWh[place]!, offeredWh)),
  ]
  return shareOut(pool, { stage: name, arrival: key.arrival, quantities })
}

/** What a seat drew or fed in beyond what it used of its own; only what was measured counts. */
function netWh(own: PoolSeat | undefined, side: Side): Wh {
  if (own?.quality !== 'measured') return 0
  return (side === 'sell' ? own.exportWh : own.importWh) - own.ownUseWh
}

function whyNothing(own: PoolSeat, side: Side, othersWh: Wh): SeatOutcomeCode {
  if (own.refusal !== null) return own.refusal
  const [meteredWh, nothing] =
    side === 'sell' ? ([own.exportWh, 'nothing-to-sell'] as const) : ([own.importWh, 'nothing-to-buy'] as const)
  if (meteredWh === 0) return nothing
  if (netWh(own, side) === 0) return 'used-at-home'
  return othersWh === 0 ? 'no-counterparty' : 'allocated'
}

function roundOf({ ofMillionths, key }: DeclaredRound): AllocationRound {
  const { type: kind, ...own } = key
  return { ofMillionths, key: { kind, ...own } as AllocationKey }
}

function sumOf(energies: readonly Wh[]): Wh {
  return energies.reduce((sum, energyWh) => sum + energyWh, 0)
}

export const coefficientsStage: Stage = {
  name,
  promise(state, interval, config, purse) {
    const key = sharingKeyAt(state.keys, interval.start)
    const [producers, consumers] = [new Set(key?.producers), new Set(key?.consumers)]
    const sidesOf = (seat: number): Side[] => [
      ...(consumers.has(seat) ? (['buy'] as const) : []),
      ...(producers.has(seat) ? (['sell'] as const) : []),
    ]
    promiseSides(state, interval, { config, purse, sidesOf })
  },
  allocate,
  without: (computed, out) => shareWithout(name, computed, out),
}
