/** An area and a seat as the API would give them, for the page's pure parts. */
import { hashRules } from '../../contracts/protocol/typed-data.ts'
import type { AreaResource, OutcomeResource, SeatIntervalResource, SeatResource } from '../../server/api/resources.ts'
import { plainRules } from '../rules.ts'

const address = (digit: string) => `0x${digit.repeat(40)}`

const rules = {
  area: 1,
  grid: address('9'),
  token: address('7'),
  intervalSeconds: 10,
  batchSeconds: 60,
  priceTick: 100,
  maxGridPerKwh: 1000,
  maxBandTicks: 5000,
  ...plainRules,
  settlingGrade: 0,
}

export const area: AreaResource = {
  area: 1,
  slug: 'test-street',
  name: 'Test street',
  intervalSeconds: 10,
  batchSeconds: 60,
  graceSeconds: 2,
  priceDecimals: 4,
  currency: 'EUR',
  feedInPerKwh: '0.0800',
  retailPerKwh: '0.3000',
  lowestPerKwh: '0.0000',
  highestPerKwh: '0.4000',
  supplierMix: null,
  ownUse: 'net',
  sharing: null,
  rules: { hash: hashRules(rules), ...rules },
  offices: { grid: rules.grid, operator: address('6') },
  chain: {
    chainId: 31337,
    escrow: address('8'),
    token: address('7'),
    tokenName: 'Local Euro',
    tokenDecimals: 6,
    revocations: `0x${'8'.repeat(40)}`,
    withdrawalDelaySeconds: 300,
  },
  zones: [
    { zone: 'street', name: 'Street', parent: null, feePerKwh: '0.0000', capacityWh: null },
    { zone: 'north', name: 'North', parent: 'street', feePerKwh: '0.0100', capacityWh: null },
    { zone: 'south', name: 'South', parent: 'street', feePerKwh: '0.0100', capacityWh: 40 },
  ],
  settledUntil: null,
  missed: [],
}

export function seatOf(account: string, change: Partial<SeatResource> = {}): SeatResource {
  return {
    area: 1,
    seat: String(2 ** 32 + 3),
    account,
    meter: address('5'),
    keys: [],
    zone: 'north',
    confirmed: true,
    closed: false,
    suspended: false,
    mandate: {
      sellFloorPerKwh: '0.0600',
      buyCeilingPerKwh: '0.2800',
      maxSellWh: 30,
      maxBuyWh: 40,
      validFrom: '2026-01-01T00:00:00.000Z',
      validUntil: '2027-01-01T00:00:00.000Z',
      version: 1,
    },
    next: null,
    nameplateWh: 30,
    epoch: 1,
    balance: '1.5',
    available: '1.25',
    withdrawal: null,
    withdrawalNonce: 4,
    sellOrder: null,
    buyOrder: null,
    lastReadingAt: null,
    record: { kind: 'agent', comparedDays: 0, beyondIntervals: 0 },
    ...change,
  }
}

export function outcomeOf(change: Partial<OutcomeResource>): OutcomeResource {
  return {
    stage: 'spot',
    arrival: 5,
    side: 'sell',
    limitPerKwh: '0.1500',
    offeredWh: 9,
    filledWh: 0,
    pricePerKwh: '0.1460',
    amount: '0',
    code: 'price-too-high',
    ...{ bestPerKwh: null, fullZone: null, coveredWh: 9, meteredWh: 9, togetherWh: 20, because: null },
    ...{ dailyBudget: null, budgetLeft: null },
    message: 'Selling: your price of 15.0 ct/kWh was 0.4 ct above the clearing price of 14.6 ct/kWh.',
    ...change,
  }
}

export function intervalOf(change: Partial<SeatIntervalResource>): SeatIntervalResource {
  return {
    ...{ seat: String(2 ** 32 + 3), start: '2026-07-01T12:00:00.000Z', end: '2026-07-01T12:00:10.000Z', run: 1 },
    ...{ status: 'final', quality: 'measured', importWh: 0, exportWh: 0, ownUseWh: 0, boughtWh: 0, soldWh: 0 },
    ...{ residualImportWh: 0, residualExportWh: 0, deviationWh: 0, productionWh: null, paid: '0', received: '0' },
    ...{ pricePerKwh: null, outcomes: [] },
    ...change,
  }
}
