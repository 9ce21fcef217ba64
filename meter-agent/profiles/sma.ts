/** The register map of SMA's inverters. */
import type { ProfileData } from './profile.ts'

const nan32 = [0xffffffff]
const nanSigned32 = [0x80000000]

export const sma: ProfileData = {
  name: 'sma',
  manufacturer: 'SMA',
  covers: 'SMA inverters with their own register map (prefer SunSpec, unit 126, where it is switched on)',
  notes: ['Behind a Data Manager or Home Manager the unit id is 2.'],
  unit: 3,
  functions: [3, 4],
  largestGap: 64,
  points: {
    serial: { address: 30057, type: 'u32', missing: nan32, evidence: '?' },
    acPower: { address: 30775, type: 'i32', missing: nanSigned32, evidence: 'e D' },
    dcPower1: { address: 30773, type: 'i32', missing: nanSigned32, evidence: 'e' },
    dcPower2: { address: 30961, type: 'i32', missing: nanSigned32, evidence: 'e' },
    dcPower3: { address: 30967, type: 'i32', missing: nanSigned32, evidence: 'e' },
    yield: { address: 30513, type: 'u64', missing: [0xffff_ffff_ffff_ffffn], evidence: 'e D' },
    fromGrid: { address: 30865, type: 'i32', missing: nanSigned32, evidence: 'e' },
    intoGrid: { address: 30867, type: 'i32', missing: nanSigned32, evidence: 'e' },
    imported: { address: 30581, type: 'u32', missing: [0xffffffff, 0x80000000], evidence: 'e' },
    exported: { address: 30583, type: 'u32', missing: [0xffffffff, 0x80000000], evidence: 'e' },
    batteryCharge: { address: 31393, type: 'u32', missing: nan32, evidence: 'e' },
    batteryDischarge: { address: 31395, type: 'u32', missing: nan32, evidence: 'e' },
    charge: { address: 30845, type: 'u32', missing: nan32, evidence: 'e' },
  },
  identity: { serialNumber: ['serial'] },
  reading: {
    powerW: [{ plus: ['fromGrid'], minus: ['intoGrid'] }],
    // A hybrid's AC power includes its battery: its panels are on the DC side.
    productionW: [
      {
        plus: ['dcPower1', 'dcPower2', 'dcPower3'],
        missingAsZero: true,
        when: [{ present: 'batteryCharge' }, { present: 'batteryDischarge' }],
      },
      { plus: ['acPower'], unless: [{ present: 'batteryCharge' }, { present: 'batteryDischarge' }] },
    ],
    importWh: [{ plus: ['imported'] }],
    exportWh: [{ plus: ['exported'] }],
    productionWh: [{ plus: ['yield'] }],
    batteryPowerW: [{ plus: ['batteryDischarge'], minus: ['batteryCharge'] }],
    stateOfChargePercent: [{ plus: ['charge'] }],
  },
}
