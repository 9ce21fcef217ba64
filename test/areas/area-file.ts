/** An area file as its operator writes it, and what the chain says of its escrow. */

export const escrowFacts = {
  chainId: 31337,
  escrow: `0x${'7'.repeat(40)}`,
  token: `0x${'8'.repeat(40)}`,
  tokenName: 'Local Euro',
  tokenDecimals: 6,
  withdrawalDelaySeconds: 300,
}

export function areaFile(change: { zones?: object[]; rules?: object } = {}) {
  return {
    name: 'Street',
    currency: 'EUR',
    feedInPerKwh: '0.08',
    retailPerKwh: '0.30',
    graceSeconds: 4,
    zones: change.zones ?? [
      { zone: 'root', name: 'Root' },
      { zone: 'north', name: 'North', parent: 'root', feePerKwh: '0.01' },
      { zone: 'south', name: 'South', parent: 'root', feePerKwh: '0.02', capacityWh: 70 },
    ],
    rules: {
      grid: `0x${'9'.repeat(40)}`,
      intervalSeconds: 10,
      batchSeconds: 60,
      maxGridPerKwh: '0.03',
      maxBandPerKwh: '0.40',
      settlingGrade: 'device',
      ...change.rules,
    },
  }
}
