/**
 * Whoever signs orders: standing ones, forward ones, agreements, under session keys as well; and daily budgets; takes them back; and repeats each until
 * it is answered. A trader knows its own signature is good, so a refusal must be about what it says.
 */
import type { Submission } from '../../server/areas/area-handle.ts'
import type { CommandOf, Event, OrderFields, SessionGrant } from '../../server/market/area/area.ts'
import type { Network } from './network.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { Server } from './server.ts'
import { batchSeconds, boundaryAfter, intervalSeconds, rulesHashOf, sessionKeyOf } from './street.ts'

export interface TraderParts {
  scheduler: Scheduler
  random: Random
  network: Network
  servers: readonly Server[]
  /** Where the meter's newest seat is, and how many areas there are. */
  areaOf(meter: string): number
  areas: number
  account: string
  meter: string
  number: number
  isRoof: boolean
  /** Whom an agreement may be made with. */
  neighbours(): { account: string; meter: string }[]
  signed: SignedThings
}

/** An order as it was sent to one of the areas. */
export interface SignedOrder {
  area: number
  submission: Extract<Submission, { type: 'order' }>
}

/** Everything that was ever signed, with the true time of it: a stranger may send it again. */
export class SignedThings {
  readonly orders: SignedOrder[] = []
  readonly madeAtMs = new Map<string, number>()
  private count = 0

  newId(): string {
    this.count += 1
    return `0x${this.count.toString(16).padStart(64, '0')}`
  }
}

const signature = '0x'

export class Trader {
  /** Orders, forward orders and agreements that may be taken back. */
  readonly open: string[] = []
  private readonly agreements: string[] = []
  private readonly parts: TraderParts
  private grant: SessionGrant | null = null
  private lastNonce = -1
  /** Where it trades now. */
  private area = 1

  constructor(parts: TraderParts) {
    this.parts = parts
    void this.trade()
  }

  private async trade(): Promise<void> {
    const { random } = this.parts
    await this.sleep(random.between(0, 20_000))
    for (;;) {
      await this.tradeOnce()
      await this.sleep(random.chance(0.2) ? random.between(100, 2_000) : random.between(3_000, 40_000))
    }
  }

  /** Mostly trades where the meter is; who errs is told so. */
  private tradeOnce(): Promise<void> {
    const { random, areaOf, areas, meter } = this.parts
    this.area = random.chance(0.95) ? areaOf(meter) : random.whole(1, areas)
    return this.submit(this.next())
  }

  private sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.parts.scheduler.after(ms, resolve))
  }

  private next(): Submission {
    const { random } = this.parts
    const kinds = ['spot', 'spot', 'spot', 'forward', 'forward', 'cancel', 'agreement', 'session', 'budget'] as const
    const kind = random.pick(kinds)
    if (kind === 'budget') return this.budget()
    if (kind === 'cancel') return this.cancelling() ?? this.spotOrder()
    if (kind === 'agreement') return this.agreement() ?? this.spotOrder()
    if (kind === 'session') return this.session() ?? this.spotOrder()
    return kind === 'forward' ? this.forwardOrder() : this.spotOrder()
  }

  private spotOrder(): Submission {
    const { random, scheduler } = this.parts
    const start = boundaryAfter(scheduler.nowMs / 1000) - random.whole(0, 2) * intervalSeconds
    return this.placing({ market: 0, timeInForce: 0, start, end: start + random.whole(3, 40) * intervalSeconds })
  }

  private forwardOrder(): Submission {
    const { random, scheduler } = this.parts
    const start = boundaryAfter(scheduler.nowMs / 1000) + random.whole(0, 2) * intervalSeconds
    const timeInForce = random.pick([0, 0, 0, 1, 2])
    return this.placing({ market: 1, timeInForce, start, end: start + intervalSeconds })
  }

  private placing(times: Pick<OrderFields, 'market' | 'timeInForce' | 'start' | 'end'>): Submission {
    const { random, account, meter, isRoof } = this.parts
    const isSale = random.chance(0.85) === isRoof
    const order: OrderFields = {
      ...{ account, meter, rules: rulesHashOf(this.area), ...times, side: isSale ? 1 : 0 },
      limitPrice: isSale ? random.whole(200, 1_500) : random.whole(1_200, 2_600),
      ...{ maxWh: random.whole(20, 250), nonce: this.nonce() },
    }
    const session = random.chance(0.4) ? this.grant : null
    return this.signedOrder(order, session)
  }

  private signedOrder(order: OrderFields, session: SessionGrant | null): Submission {
    const { scheduler, signed } = this.parts
    const submission = { type: 'order' as const, id: signed.newId(), order, signature, session }
    signed.orders.push({ area: this.area, submission })
    signed.madeAtMs.set(submission.id, scheduler.nowMs)
    this.open.push(submission.id)
    return submission
  }

  private nonce(): number {
    this.lastNonce = Math.max(this.lastNonce + 1, Math.floor(this.parts.scheduler.nowMs))
    return this.lastNonce
  }

  /** What a day may cost: so little that it binds at times, or no more anything. */
  private budget(): Submission {
    const { random, account, meter, scheduler, signed } = this.parts
    const amount = random.chance(0.15) ? 0 : random.whole(50_000, 1_500_000)
    const id = signed.newId()
    signed.madeAtMs.set(id, scheduler.nowMs)
    const budget = { account, meter, rules: rulesHashOf(this.area), amount, nonce: this.nonce() }
    return { type: 'budget', id, budget, signature }
  }

  private cancelling(): Submission | null {
    const { random, account, number } = this.parts
    if (this.agreements.length > 0 && random.chance(0.2)) return this.notice(random.pick(this.agreements))
    if (this.open.length === 0) return null
    const id = random.pick(this.open.slice(-8))
    return { type: 'cancel', id, by: random.chance(0.3) ? sessionKeyOf(number) : account, signature }
  }

  private notice(id: string): Submission {
    const { account, scheduler } = this.parts
    return {
      type: 'end-agreement',
      id,
      by: account,
      end: boundaryAfter(scheduler.nowMs / 1000) + batchSeconds,
      signature,
    }
  }

  private agreement(): Submission | null {
    const { random, account, meter, scheduler, signed, neighbours } = this.parts
    const buyers = neighbours().filter((other) => other.meter !== meter)
    if (buyers.length === 0) return null
    const start = boundaryAfter(scheduler.nowMs / 1000) + random.whole(0, 2) * intervalSeconds
    const end = start + random.whole(2, 15) * intervalSeconds
    const nonce = this.nonce()
    const chosen = random.chance(0.3) ? buyers.slice(0, 2) : [random.pick(buyers)]
    const items: CommandOf<'agreements'>['items'] = chosen.map((buyer) => {
      const kind = random.whole(0, 2)
      const amount = [random.whole(20, 200), random.whole(500, 6_000), 0][kind]!
      const id = signed.newId()
      signed.madeAtMs.set(id, scheduler.nowMs)
      this.agreements.push(id)
      const parties = { seller: account, sellerMeter: meter, buyer: buyer.account, buyerMeter: buyer.meter }
      const terms = {
        kind,
        amount,
        price: random.whole(1_000, 2_000),
        start,
        end,
        noticeSeconds: intervalSeconds,
        nonce,
      }
      const agreement = { ...parties, rules: rulesHashOf(this.area), ...terms }
      return { id, agreement, sellerSignature: signature, buyerSignature: signature }
    })
    return { type: 'agreements', items }
  }

  /** A new grant of the session key, or the end of its grants. */
  private session(): Submission | null {
    const { random, account, number, scheduler } = this.parts
    const now = Math.floor(scheduler.nowMs / 1000)
    if (this.grant !== null && random.chance(0.2)) {
      const { key } = this.grant
      return { type: 'revoke-session', account, key, from: boundaryAfter(now), signature }
    }
    this.grant = {
      ...{ key: sessionKeyOf(number), sides: 3, lowestPrice: 500, highestPrice: 3_000 },
      ...{ validFrom: now - 1, validUntil: now + random.whole(60, 1_200), signature },
    }
    return null
  }

  /** Asks until there is an answer. */
  private async submit(submission: Submission): Promise<void> {
    const { network, servers, random } = this.parts
    const { area } = this
    for (;;) {
      const server = random.pick(servers)
      const answer = await network
        .ask(server, () => server.area(area).submit(submission))
        .catch((error: Error) => error)
      if (!(answer instanceof Error)) return this.hear(answer)
      if ((answer as { code?: string }).code === 'AREA_COMMAND') return
      await this.sleep(random.between(500, 6_000))
    }
  }

  private hear(events: readonly Event[]): void {
    if (events.some(({ type }) => type === 'refused')) this.open.splice(0, Math.max(0, this.open.length - 20))
  }
}
