/** What every view of a seat is given. */
import type { AreaResource, SeatResource } from '../../server/api/resources.ts'

export interface SeatViewProps {
  area: AreaResource
  seat: SeatResource
}
