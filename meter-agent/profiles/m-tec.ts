/** M-TEC Energy Butler, Wattsonic and their brands. Sources: evcc (e), MTECmqtt (c). */
import type { PointData, ProfileData } from './profile.ts'

const watts = (address: number): PointData => ({ address, type: 'i32', evidence: 'c e' })

export const mTec: ProfileData = {
  name: 'm-tec',
  manufacturer: 'M-TEC',
  covers: 'M-TEC Energy Butler, Wattsonic, Sunways, Solinteng and A-Tronix hybrid inverters',
  notes: ['The unit id is 247 on RS-485 and 252 over the network (port 5743 on newer firmware).'],
  unit: 247,
  otherUnits: [252],
  otherPorts: [5743],
  counting: 'unknown',
  recognition: {
    how: 'No register says who made the device: its owner has to confirm it before anything is sold.',
  },
  knownFaults: ['Only one source names the counters: they are shown and not sold.'],
  functions: [3],
  largestGap: 40,
  pauseMs: 100,
  points: {
    serial: { address: 10_000, type: 'string', words: 8, evidence: 'c' },
    feedIn1: watts(10_994),
    feedIn2: watts(10_996),
    feedIn3: watts(10_998),
    feedIn: watts(11_000),
    yield: { address: 11_020, type: 'u32', scale: 2, evidence: 'c ?' },
    panels: watts(11_028),
    batteryPower: { address: 30_258, type: 'i32', evidence: 'c ?' },
    exported: { address: 31_102, type: 'u32', scale: 2, evidence: 'c ?' },
    imported: { address: 31_104, type: 'u32', scale: 2, evidence: 'c ?' },
  },
  identity: { serialNumber: ['serial'] },
  phasePowers: [{ minus: ['feedIn1'] }, { minus: ['feedIn2'] }, { minus: ['feedIn3'] }],
  reading: {
    powerW: [{ minus: ['feedIn'] }],
    productionW: [{ plus: ['panels'] }],
    importWh: [{ plus: ['imported'] }],
    exportWh: [{ plus: ['exported'] }],
    productionWh: [{ plus: ['yield'] }],
    batteryPowerW: [{ plus: ['batteryPower'] }],
  },
}
