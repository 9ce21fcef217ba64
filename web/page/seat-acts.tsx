/**
 * The things that a home does seldom, each closed until somebody opens it: buying where it mostly sells, seeing with whom it
 * traded, trading ahead, agreements, a month's statement, the sources of its values, who reads its data, inviting, its limits,
 * other ways for money, the meter's key, leaving.
 */
import { Agreements } from '../agreements/agreements.tsx'
import { actTexts } from '../escrow/act-words.tsx'
import { ClosingCard } from '../escrow/closing.tsx'
import { MeterKeyCard } from '../escrow/meter-key.tsx'
import { AgreedAhead } from '../forward/agreed-ahead.tsx'
import { Grants } from '../grants/grants.tsx'
import { Buying } from '../household/buying.tsx'
import { InviteCard } from '../joining/invite.tsx'
import { leavingWords } from '../leaving/words.tsx'
import { WitnessCard } from '../metering/witness-card.tsx'
import type { OrderSide } from '../orders/order.ts'
import { partnerWords } from '../partners/words.ts'
import { MonthStatements } from '../statements/statements.tsx'
import { Waiting } from './card.tsx'
import { later } from './later.tsx'
import { More } from './more.tsx'
import type { SeatViewProps } from './seat-view.ts'

const Partners = later(() => import('../partners/partners.tsx'), Waiting)
const LimitsCard = later(() => import('../escrow/limits-card.tsx'), Waiting)
const MoneyWays = later(() => import('../escrow/money-ways.tsx'), Waiting)
const LeavingCards = later(() => import('../leaving/leaving-cards.tsx'), Waiting)

/** `usually` is the side on which the home mostly trades. */
export default function SeatActs({ area, seat, usually }: SeatViewProps & { usually: OrderSide }) {
  return (
    <>
      {usually === 'sell' && seat.mandate.maxBuyWh > 0 && <Buying area={area} seat={seat} />}
      <More title={partnerWords().title[usually]}>
        <Partners area={area} seat={seat} usually={usually} />
      </More>
      <AgreedAhead area={area} seat={seat} side={usually} />
      <Agreements area={area} seat={seat} />
      <MonthStatements area={area} seat={seat} />
      <WitnessCard area={area} seat={seat} />
      <Grants area={area} seat={seat} />
      <InviteCard area={area} seat={seat} />
      <More title={actTexts().limitsTitle}>
        <LimitsCard area={area} seat={seat} />
      </More>
      <More title={actTexts().waysTitle}>
        <MoneyWays area={area} seat={seat} />
      </More>
      {/* The key of a meter that the metering operator reads is none of its owner's. */}
      {seat.record.kind !== 'official' && <MeterKeyCard area={area} seat={seat} />}
      <More title={leavingWords().title}>
        <LeavingCards area={area} seat={seat} />
      </More>
      <ClosingCard area={area} seat={seat} />
    </>
  )
}
