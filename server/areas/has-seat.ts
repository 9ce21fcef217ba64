/** Who is at home in an area, as far as its messages tell. */
import type { Address } from '../../contracts/protocol/typed-data.ts'
import type { AreaHandle } from './area-handle.ts'

/** Whether the area has a seat of this account and meter. */
export function hasSeat(area: Pick<AreaHandle, 'seatsOfMeter'>, account: Address, meter: Address): boolean {
  return area.seatsOfMeter(meter).some((seat) => seat.account === account)
}
