/**
 * The stage of areas whose grid operator allocates (`allocation` 1): its declared quantities are taken as they are, as far as
 * metered energy, mandates and funds of both sides cover them. Where it has declared nothing yet, nothing is shared.
 */
import { sides } from '../../area/codes.ts'
import type { Side } from '../../auction.ts'
import type { Allocation, Pool, PoolSeat } from '../pool.ts'
import { promiseSides } from '../sharing/promise.ts'
import { type Quantity, shareOut, shareWithout } from '../sharing/share-out.ts'
import type { Stage } from '../stage.ts'

const name = 'imported'

function allocate(pool: Pool): Allocation {
  const declared = pool.state.declared.get(pool.start)
  const places = new Map([...(declared?.seats ?? [])].map((seat, place) => [seat, place]))
  const quantities = [...pool.seats].flatMap(([seat, own]): Quantity[] => {
    const place = places.get(seat)
    if (declared === undefined || place === undefined) {
      const told = sideToTell(pool, own)
      return told === null ? [] : [{ own, side: told, wantedWh: 0, because: own.refusal ?? whyNothing(declared) }]
    }
    const wanted = { buy: declared.allocatedWh[place]!, sell: declared.sharedWh[place]! }
    return sides.flatMap((side) => (wanted[side] > 0 ? [{ own, side, wantedWh: wanted[side] }] : []))
  })
  return shareOut(pool, { stage: name, arrival: declared?.arrival ?? 0, quantities })
}

function whyNothing(declared: unknown): Quantity['because'] & string {
  return declared === undefined ? 'not-declared' : 'allocated'
}

/** The side on which a seat had something to share that nobody allocated; null where it had set nothing aside. */
function sideToTell({ interval }: Pool, { seat, importWh, exportWh }: PoolSeat): Side | null {
  const side: Side = exportWh > importWh ? 'sell' : 'buy'
  return interval.reservation(seat.slot, side) === null ? null : side
}

export const importedStage: Stage = {
  name,
  promise: (state, interval, config, purse) => promiseSides(state, interval, { config, purse, sidesOf: () => sides }),
  allocate,
  without: (computed, out) => shareWithout(name, computed, out),
}
