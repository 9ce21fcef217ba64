/**
 * Sigenergy plants, as unit 247 shows them. Sources: evcc (e), Sigenergy-Local-Modbus (z).
 */
import type { PointData, ProfileData } from './profile.ts'

const watts = (address: number, evidence: string): PointData => ({ address, type: 'i32', evidence })
const connected = [{ point: 'gridSensor', oneOf: [1] }]

export const sigenergy: ProfileData = {
  name: 'sigenergy',
  manufacturer: 'Sigenergy',
  covers: 'Sigenergy SigenStor and Sigen hybrid plants (unit 247)',
  notes: ['Modbus TCP is switched on by the installer.', 'The plant answers at unit 247, each inverter at its own.'],
  unit: 247,
  counting: 'unknown',
  recognition: {
    how: 'Register 30004 says whether a grid sensor is connected (1); no register of the plant says who made it.',
    own: [{ point: 'gridSensor', oneOf: [1] }],
    others: [{ when: { point: 'gridSensor', above: 1 }, is: 'another device at unit 247' }],
  },
  elsewhere: [{ when: { point: 'gridSensor', oneOf: [0] }, measures: 'nothing: no grid sensor is connected' }],
  knownFaults: [
    'Its counters are the inverter’s own, as far as the sources tell: nothing at the grid is sold on them.',
  ],
  functions: [3],
  largestGap: 30,
  points: {
    gridSensor: { address: 30_004, type: 'u16', evidence: 'z' },
    power: watts(30_005, 'e z'),
    charge: { address: 30_014, type: 'u16', scale: -1, missing: [0xffff], evidence: 'e z' },
    panels: watts(30_035, 'e z'),
    charging: watts(30_037, 'e z'),
  },
  identity: {},
  reading: {
    powerW: [{ plus: ['power'], when: connected }],
    productionW: [{ plus: ['panels'] }],
    batteryPowerW: [{ minus: ['charging'] }],
    stateOfChargePercent: [{ plus: ['charge'] }],
  },
}
