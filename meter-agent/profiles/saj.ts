/**
 * SAJ hybrids (H1, H2 and their brands). Sources: evcc (e), home-assistant-saj-h2-modbus as far as its names tell (w).
 */
import type { PointData, ProfileData } from './profile.ts'

const watts = (address: number): PointData => ({ address, type: 'i16', evidence: 'e w' })

export const sajH2: ProfileData = {
  name: 'saj-h2',
  manufacturer: 'SAJ',
  covers: 'SAJ H1 and H2 hybrid inverters, Ampere.StoragePro',
  notes: ['On RS-485 the factory setting is 115200 baud.'],
  unit: 1,
  counting: 'unknown',
  recognition: {
    how: 'The serial number (0x8F03) begins with H1, H2, HS or HT.',
    own: [{ point: 'serial', startsWith: ['H1', 'H2', 'HS', 'HT'] }],
    others: [{ when: { point: 'serial', startsWith: ['R5', 'R6', 'C6'] }, is: 'a string inverter of the maker' }],
  },
  knownFaults: [
    'The counter at 0x40FD is called "fed in" and read as "taken" by two sources: it is shown as fed in and not sold.',
  ],
  functions: [3],
  largestGap: 40,
  points: {
    serial: { address: 0x8f03, type: 'string', words: 10, evidence: 'w' },
    panels: watts(0x40a5),
    batteryPower: watts(0x40a6),
    power: watts(0x40ad),
    yield: { address: 0x40c5, type: 'u32', scale: 1, evidence: 'e w' },
    exported: { address: 0x40fd, type: 'u32', scale: 1, evidence: 'e w ?' },
    charge: { address: 0xa00c, type: 'u16', scale: -2, missing: [0xffff], evidence: 'e w' },
  },
  identity: { serialNumber: ['serial'] },
  reading: {
    powerW: [{ plus: ['power'] }],
    productionW: [{ plus: ['panels'] }],
    exportWh: [{ plus: ['exported'] }],
    productionWh: [{ plus: ['yield'] }],
    batteryPowerW: [{ plus: ['batteryPower'] }],
    stateOfChargePercent: [{ plus: ['charge'] }],
  },
}
