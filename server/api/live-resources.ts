/** What the socket of the page carries, beside the resources themselves. */
import type { NoticeResource } from './notice-resources.ts'
import type {
  AgreementResource,
  BatchResource,
  ForwardBookChange,
  ForwardOrderResource,
  ForwardTradeResource,
  IntervalResource,
  SeatIntervalResource,
  SeatResource,
  TelemetryEvent,
} from './resources.ts'

/** Events of the socket.io namespace `/live`. Public ones need `watch`; private ones the token of a session in `auth.token`. */
export interface LiveToPage {
  interval: (interval: IntervalResource) => void
  batch: (batch: BatchResource) => void
  forwardTrade: (trade: ForwardTradeResource) => void
  forwardBook: (change: ForwardBookChange) => void
  /** Private: the account's own seats. */
  seat: (seat: SeatResource) => void
  seatInterval: (interval: SeatIntervalResource) => void
  forwardOrder: (order: ForwardOrderResource) => void
  agreement: (agreement: AgreementResource) => void
  telemetry: (telemetry: TelemetryEvent) => void
  notice: (notice: NoticeResource) => void
}

/** What became of one order of a message; a refused one disturbs none of its neighbours. */
export type OrderAck =
  /** `known`: this very order was accepted before. */
  | { status: 'accepted' | 'known'; order: string; effectiveFrom: string }
  /** `retry`: sending it again later can help. */
  | { status: 'refused'; code: string; message: string; retry: boolean }

/** One result per order in their order, or a refusal of the whole message. */
export type OrdersAnswer =
  | { ok: true; results: OrderAck[] }
  | { ok: false; code: string; message: string; retryAfterMs: number }
