/** A daily budget on its way to its area: signed by the account itself, and by nobody for it. */
import { type LedgerUnits, parseMoney, UnitError } from '../../contracts/protocol/units.ts'
import type { AreaHandle } from '../areas/area-handle.ts'
import { type BudgetRow, budgetById } from '../store/budget-store.ts'
import { hasSeat, type OrderSender } from './order-gate.ts'
import { type OrderParts, refusedBy } from './place-order.ts'
import { ApiError } from './problem.ts'
import type { BudgetRequest } from './signed-requests.ts'
import { checkSigner } from './signers.ts'

/**
 * Has the area take the budget up; resolves once that is durable. `isKnown` says that this very budget was taken up before. Throws
 * `ApiError` (`RULES_UNKNOWN`, `BUDGET_AMOUNT`, `BUDGET_SIGNATURE`, `ORDERS_BUSY`, `TOO_MANY_REQUESTS`), `Refused`, `AreaError` or
 * `SignatureCheckError`.
 */
export async function setDailyBudget(
  parts: OrderParts,
  { budget, signature }: BudgetRequest,
  sender: OrderSender,
): Promise<{ area: AreaHandle; row: BudgetRow; isKnown: boolean }> {
  const { account, meter, rules } = budget
  const area = parts.areas.all().find(({ settings }) => settings.rulesHash === rules)
  if (area === undefined) throw new ApiError('RULES_UNKNOWN', `no area of this server has the rules ${rules}`)
  const amount = unitsOf(budget.amount, area)
  return parts.gate.enter(area, { account, meter, sender }, async (asAccount) => {
    const signed = { name: 'DailyBudget', value: { ...budget, amount }, signature } as const
    const claimant = { account, mayBeWallet: hasSeat(area, account, meter) }
    const { digest: id, isByAccount } = await checkSigner(parts, area, signed, claimant)
    if (!isByAccount) throw new ApiError('BUDGET_SIGNATURE', `the daily budget must be signed by ${account} itself`)
    return asAccount(async () => {
      const events = await area.submit({
        type: 'budget',
        ...{ id, budget: { ...budget, amount: Number(amount) }, signature },
      })
      const row = await budgetById(parts.database, await parts.tables.idOf(area), id)
      if (row === null) throw refusedBy(events, area)
      return { area, row, isKnown: !events.some(({ type }) => type === 'budget-set') }
    })
  })
}

function unitsOf(amount: string, { settings }: AreaHandle): LedgerUnits {
  try {
    const units = parseMoney(amount, settings.priceDecimals)
    if (units <= BigInt(Number.MAX_SAFE_INTEGER)) return units
    throw new ApiError('BUDGET_AMOUNT', `${amount} is more than a budget can be`)
  } catch (error) {
    if (!(error instanceof UnitError)) throw error
    throw new ApiError('BUDGET_AMOUNT', error.message)
  }
}
