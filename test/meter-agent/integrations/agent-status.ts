/** The status of a running agent, with what a test wants to be different. */
import {
  type AgentStatus,
  type DeviceStatus,
  type MeterStatus,
  statusVersion,
} from '../../../meter-agent/home/status.ts'

export const firstMeter = `0x${'a1'.repeat(20)}`

export function deviceStatus(different: Partial<DeviceStatus> = {}): DeviceStatus {
  return {
    name: 'grid tcp://127.0.0.1:502  sunspec',
    online: true,
    error: null,
    polls: 10,
    failures: 0,
    roundTripMs: 20,
    identity: 'Example E5 123',
    place: { role: 'grid', says: null },
    warnings: [],
    ...different,
  }
}

/** A meter that sells: everything is in order. */
export function meterStatus(different: Partial<MeterStatus> = {}): MeterStatus {
  const address = different.address ?? firstMeter
  return {
    name: 'home-1',
    address,
    account: `0x${'ac'.repeat(20)}`,
    epoch: 1,
    epochTime: 0,
    newest: null,
    signed: { measured: 3, estimated: 0, doubtful: 0 },
    samples: { accepted: 3, held: 0, rejected: 0, ignored: 0 },
    reasons: [],
    proven: { import: true, export: true },
    contradicted: false,
    confirmed: false,
    counting: 'balanced',
    registers: { importWh: 1200, exportWh: 3400, productionWh: 90_000 },
    queued: 0,
    refused: 0,
    welcome: true,
    server: 'welcome',
    market: null,
    keys: { present: address, next: null, from: null },
    held: null,
    live: {
      meter: address,
      timeMs: 0,
      powerW: -1800.4,
      productionW: 2200,
      batteryPowerW: null,
      stateOfChargePercent: null,
    },
    consumptionW: 399.6,
    devices: [deviceStatus()],
    ...different,
  }
}

export function agentStatus(different: Partial<AgentStatus> = {}): AgentStatus {
  return {
    version: statusVersion,
    pid: 1,
    writtenAtMs: 0,
    server: 'http://127.0.0.1:1',
    connected: true,
    clock: { trusted: true, serverAheadMs: 0 },
    sentMessages: 1,
    resentMessages: 0,
    meters: [meterStatus()],
    links: [],
    ...different,
  }
}
