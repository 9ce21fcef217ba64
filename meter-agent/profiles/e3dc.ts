/** E3/DC home power stations in their simple mode. Sources: evcc (e), openWB (o), E3/DC's description as they quote it (w). */
import type { PointData, ProfileData } from './profile.ts'

const watts = (address: number): PointData => ({ address, type: 'i32', evidence: 'e w' })

export const e3dc: ProfileData = {
  name: 'e3dc',
  manufacturer: 'E3/DC',
  covers: 'E3/DC S10 and S20 home power stations, Modbus mode "simple"',
  notes: ['It has no counters at the grid connection: use the grid meter beside it to sell.'],
  unit: 1,
  counting: 'unknown',
  recognition: {
    how: 'Register 40000 holds 0xE3DC; in its SunSpec mode it holds the SunSpec marker.',
    own: [{ point: 'magic', oneOf: [0xe3dc] }],
    others: [{ when: { point: 'magic', oneOf: [0x5375] }, is: 'a device that speaks SunSpec: leave --profile out' }],
    otherwise: 'foreign',
  },
  functions: [3],
  wordOrder: 'low-first',
  largestGap: 20,
  points: {
    magic: { address: 40_000, type: 'u16', evidence: 'w w' },
    model: { address: 40_019, type: 'string', words: 16, evidence: 'w' },
    serial: { address: 40_035, type: 'string', words: 16, evidence: 'w' },
    panels: watts(40_067),
    batteryPower: watts(40_069),
    power: watts(40_073),
    // Power of further inverters behind it, negative.
    external: watts(40_075),
    charge: { address: 40_082, type: 'u16', missing: [0xffff], evidence: 'e w' },
  },
  identity: { model: 'model', serialNumber: ['serial'] },
  knownFaults: ['In a farm of several stations 40073 reads 0.'],
  reading: {
    powerW: [{ plus: ['power'] }],
    productionW: [{ plus: ['panels'], minus: ['external'] }],
    batteryPowerW: [{ minus: ['batteryPower'] }],
    stateOfChargePercent: [{ plus: ['charge'] }],
  },
}
