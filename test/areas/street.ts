/** The engine tests' street with the settings that its worker takes. */
import type { AreaSettings } from '../../server/areas/settings.ts'
import { config, rules } from '../market/engine/street.ts'

export const settings: AreaSettings = {
  area: 1,
  name: 'Test street',
  currency: 'EUR',
  priceDecimals: 4,
  feedInTicks: 800,
  retailTicks: 3_000,
  graceMs: config.graceMs,
  lowestTicks: config.lowestTicks,
  zones: config.zones.map(({ id, parent, feeTicksPerKwh, capacityWh }) => ({
    zone: id,
    name: id,
    parent: parent ?? null,
    feeTicksPerKwh,
    capacityWh,
  })),
  rules,
  rulesHash: config.rulesHash,
  chain: {
    chainId: 31337,
    escrow: `0x${'7'.repeat(40)}`,
    token: rules.token,
    tokenName: 'Local Euro',
    tokenDecimals: 6,
    withdrawalDelaySeconds: 300,
  },
}
