/** The properties that every view of a seat receives. */
import type { AreaResource, SeatResource } from '../../server/api/resources.ts'

export interface SeatViewProps {
  area: AreaResource
  seat: SeatResource
}
