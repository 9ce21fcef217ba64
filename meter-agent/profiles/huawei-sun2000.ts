/** Huawei's SUN2000 inverters. Sources: evcc (e), web pages and issues (w), registers of real devices (D). */
import type { ProfileData } from './profile.ts'

const nanPower = [0x7fffffff, 0x80000001]
const nanEnergy = [0x7fffffff, 0xffffffff]

export const huaweiSun2000: ProfileData = {
  name: 'huawei-sun2000',
  manufacturer: 'Huawei',
  covers: 'Huawei SUN2000 inverters, with DTSU or DDSU meter and LUNA battery',
  notes: [
    'One TCP client at a time: a second one throws the first out.',
    'Over the inverter’s own WLAN the unit is 0 and the port 6607; over an SDongle the unit is 1.',
  ],
  unit: 1,
  otherUnits: [0, 2, 3],
  otherPorts: [6607],
  counting: 'unknown',
  recognition: {
    how: 'The model (30000) begins with SUN2000 or SUN5000; an EMMA or a SmartLogger has other registers.',
    own: [{ point: 'model', startsWith: ['SUN2000', 'SUN5000'] }],
    others: [
      { when: { point: 'model', startsWith: ['EMMA'] }, is: 'an EMMA', profile: 'huawei-emma' },
      { when: { point: 'model', startsWith: ['SmartLogger'] }, is: 'a SmartLogger', profile: 'huawei-smartlogger' },
    ],
  },
  knownFaults: ['A meter that is absent or offline reads 0 W beside counters of all ones: nothing of it is taken.'],
  functions: [3],
  largestGap: 40,
  timeoutMs: 5_000,
  pauseMs: 50,
  settleMs: 1_000,
  points: {
    serial: { address: 30015, type: 'string', words: 10, evidence: 'D' },
    model: { address: 30000, type: 'string', words: 15, evidence: 'D' },
    pvPower: { address: 32064, type: 'i32', missing: [0x7fffffff], evidence: 'e D' },
    yield: { address: 32106, type: 'u32', scale: 1, missing: [0xffffffff], evidence: 'e D' },
    meterStatus: { address: 37100, type: 'u16', evidence: 'w e' },
    feedIn: { address: 37113, type: 'i32', missing: nanPower, evidence: 'e w' },
    exported: { address: 37119, type: 'i32', scale: 1, missing: nanEnergy, evidence: 'e w' },
    imported: { address: 37121, type: 'i32', scale: 1, missing: nanEnergy, evidence: 'e w' },
    charging: { address: 37765, type: 'i32', missing: [0x7fffffff], evidence: 'e' },
    charge: { address: 37760, type: 'u16', scale: -1, missing: [0xffff], evidence: 'e' },
  },
  identity: { model: 'model', serialNumber: ['serial'] },
  reading: {
    // An absent meter reads 0 W beside energies that are not there.
    powerW: [
      {
        minus: ['feedIn'],
        when: [{ point: 'meterStatus', oneOf: [1] }],
        unless: [{ point: 'feedIn', oneOf: [0] }, { missing: 'exported' }, { missing: 'imported' }],
      },
    ],
    productionW: [{ plus: ['pvPower'] }],
    importWh: [{ plus: ['imported'], when: [{ point: 'meterStatus', oneOf: [1] }] }],
    exportWh: [{ plus: ['exported'], when: [{ point: 'meterStatus', oneOf: [1] }] }],
    productionWh: [{ plus: ['yield'] }],
    batteryPowerW: [{ minus: ['charging'] }],
    stateOfChargePercent: [{ plus: ['charge'] }],
  },
}
