/**
 * The table of rules of a program to come, which has one version more: an order then offers or asks whole hundreds of Wh.
 * Bundled in place of `server/market/engine/versions.ts`.
 */
import { carryOut, type Rules } from '../../server/market/engine/rules.ts'

const wholeHundreds: Rules = (state, config, command) => {
  if (command.type !== 'order') return carryOut(state, config, command)
  const maxWh = Math.floor(command.order.maxWh / 100) * 100
  return carryOut(state, config, { ...command, order: { ...command.order, maxWh } })
}

export const versions: Readonly<Record<number, Rules>> = { 1: carryOut, 2: carryOut, 3: wholeHundreds }
