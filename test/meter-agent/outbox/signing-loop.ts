// Meters invented, never twice the same counters as fast as it can, signs and stores; tells each reading on standard
// output only after it was stored, as the link would. The crash test kills it.
import { writeSync } from 'node:fs'
import { Wallet } from 'ethers'
import { signCompact } from '../../../contracts/protocol/typed-data.ts'
import { Outbox } from '../../../meter-agent/outbox/outbox.ts'
import { observeGrid } from '../../../meter-agent/registers/meter.ts'
import { resume, startEpoch } from '../../../meter-agent/registers/state.ts'

const [folder, secret] = process.argv.slice(2) as [string, string]
const domain = { chainId: 31337, escrow: '0x00000000000000000000000000000000000000e5' }
const epochTime = 1_800_000_000
const rules = { intervalMs: 10_000, gapLimitMs: 3000, nameplateW: 1e9, mainFuseW: 1e9 }
const wallet = new Wallet(secret)
const meter = wallet.address.toLowerCase()

const outbox = await Outbox.open(folder, domain)
const stored = await outbox.state(meter)
let state = stored ? resume(stored) : startEpoch({ epoch: 1, epochTime, sequence: 0 })
let atMs = (state.anchorAtMs ?? epochTime * 1000 - 1000) + 500
let exportMilliWh = state.export?.baseMilliWh ?? 0n

for (let n = 0; ; n += 1) {
  atMs += 500 + Math.floor(Math.random() * 2000)
  exportMilliWh += BigInt(Math.floor(Math.random() * 50_000))
  const counter = { milliWh: exportMilliWh, resolutionMilliWh: 1n, maxMilliWh: null, verified: true }
  const device = {
    requestedAtMs: 0,
    repliedAtMs: 0,
    device: { manufacturer: null, model: null, version: null, serialNumber: 'S1' },
    reading: {
      powerW: null,
      productionW: null,
      importWh: null,
      exportWh: null,
      productionWh: null,
      batteryPowerW: null,
      stateOfChargePercent: null,
    },
    counters: { import: null, export: counter, production: null },
    warnings: [],
  }
  const observed = observeGrid(state, { atMs, clockOffsetMs: 0, device }, rules)
  const signed = []
  for (const reading of observed.readings) {
    const { epoch, time, importWh, exportWh, quality } = reading
    const value = { meter, epoch, time, importWh, exportWh, quality }
    signed.push({ ...reading, ...value, signature: await signCompact(wallet, domain, 'Reading', value) })
  }
  await outbox.commit(meter, observed.state, signed)
  state = observed.state
  for (const reading of signed) writeSync(1, `${JSON.stringify(reading)}\n`)
  if (n % 7 === 6) {
    const sent = await outbox.waiting({ limit: 5, currentFrom: 0, accepts: () => true })
    await outbox.settle(sent.map(({ epoch, time }) => ({ meter, epoch, time, status: 'stored' })))
  }
}
