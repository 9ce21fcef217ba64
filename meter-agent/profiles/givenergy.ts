/**
 * GivEnergy's one-phase inverters over RS-485 (their own dongle frames Modbus in another way). Sources: givenergy-modbus (y), two
 * further public readers of the same registers (w).
 */
import type { PointData, ProfileData } from './profile.ts'

const watts = (address: number): PointData => ({ address, type: 'u16', evidence: 'y w' })
const tenthKwh = (address: number): PointData => ({ address, type: 'u32', scale: 2, evidence: 'y w' })

export const givenergy: ProfileData = {
  name: 'givenergy',
  manufacturer: 'GivEnergy',
  covers: 'GivEnergy one-phase hybrid and AC-coupled inverters, over RS-485',
  notes: ['The maker’s own dongle (port 8899) wraps Modbus in frames of its own and cannot be read.'],
  unit: 1,
  otherUnits: [17],
  counting: 'one-phase',
  recognition: {
    how: 'Holding register 0 holds the device type: 0x20.. is a hybrid, 0x30.. an AC-coupled one, 0x40.. a three-phase one.',
    own: [{ point: 'deviceType', between: [0x2000, 0x30ff] }],
    others: [
      {
        when: { point: 'deviceType', between: [0x4000, 0x60ff] },
        is: 'a three-phase inverter, which has other registers',
      },
    ],
  },
  functions: [4],
  registersPerRequest: 60,
  window: 60,
  largestGap: 30,
  points: {
    deviceType: { address: 0, type: 'u16', functionCode: 3, evidence: 'y w' },
    serial: { address: 13, type: 'string', words: 5, functionCode: 3, evidence: 'y w' },
    panels1: watts(18),
    panels2: watts(20),
    yield: tenthKwh(11),
    exported: tenthKwh(21),
    imported: tenthKwh(32),
    feedIn: { address: 30, type: 'i16', evidence: 'y w' },
    batteryPower: { address: 52, type: 'i16', evidence: 'y w' },
    charge: { address: 59, type: 'u16', missing: [0xffff], evidence: 'y w' },
  },
  identity: { serialNumber: ['serial'] },
  reading: {
    powerW: [{ minus: ['feedIn'] }],
    productionW: [{ plus: ['panels1', 'panels2'] }],
    importWh: [{ plus: ['imported'] }],
    exportWh: [{ plus: ['exported'] }],
    productionWh: [{ plus: ['yield'] }],
    batteryPowerW: [{ plus: ['batteryPower'] }],
    stateOfChargePercent: [{ plus: ['charge'] }],
  },
}
