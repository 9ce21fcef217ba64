/** Signs a daily budget in the browser, by the account itself, and hands it in. */
import { signFull } from '../../contracts/protocol/typed-data.ts'
import type { DailyBudgetResource } from '../../server/api/budget-resources.ts'
import type { AreaResource, SeatResource } from '../../server/api/resources.ts'
import { postJson } from '../api/client.ts'
import type { Session } from '../session/session.tsx'
import { budgetOf } from './budget.ts'

/** Signs a budget of `amount` tokens; null lifts the budget. */
export async function submitBudget(
  session: Session,
  { area, seat, amount }: { area: AreaResource; seat: SeatResource; amount: string | null },
): Promise<DailyBudgetResource> {
  const budget = budgetOf(area, seat, amount, Date.now())
  const signature = await signFull(await session.identity.signer(), area.chain, 'DailyBudget', budget)
  return postJson('/budgets', {}, { budget: { ...budget, amount: amount ?? '0' }, signature }, session)
}
