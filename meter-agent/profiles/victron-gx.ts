/**
 * Victron's GX devices. Unit 100 is the system; the grid meter answers under a unit id of its own, in registers (2600 on) that
 * only the service of a grid meter has. Sources: evcc (e), Victron's own register list (v).
 */
import type { PointData, ProfileData } from './profile.ts'

const phasePower = (address: number): PointData => ({
  address,
  type: 'i16',
  missing: [0x7fff, 0x8000],
  evidence: 'e v',
})
const widePhasePower = (address: number): PointData => ({ address, type: 'i32', evidence: 'e v' })
const solarPower = (address: number): PointData => ({ address, type: 'u16', evidence: 'e v' })
const meterEnergy = (address: number): PointData => ({
  address,
  type: 'u32',
  scale: 1,
  missing: [0xffffffff],
  at: 'grid',
  evidence: 'v',
})

export const victronGx: ProfileData = {
  name: 'victron-gx',
  manufacturer: 'Victron',
  covers: 'Victron GX devices (Cerbo, Ekrano, Venus) with a grid meter',
  notes: [
    'The grid meter has a unit id of its own: the GX menu shows it, the option gridUnit takes it.',
    'A value the GX does not have is sent as 0.',
  ],
  unit: 100,
  counting: 'unknown',
  recognition: {
    how: 'The system’s serial number (800) is there; the meter is the grid’s because only a grid meter has registers 2600 on.',
    own: [{ present: 'serial' }],
  },
  knownFaults: [
    'A total of 0 beside phases that have counted is a balancing meter’s own total: phases are never added up in its place where the meter offers totals.',
  ],
  functions: [3, 4],
  largestGap: 40,
  zeroCounterIsNoData: true,
  points: {
    serial: { address: 800, type: 'string', words: 6, evidence: 'e v' },
    power1: phasePower(820),
    power2: phasePower(821),
    power3: phasePower(822),
    widePower1: widePhasePower(908),
    widePower2: widePhasePower(910),
    widePower3: widePhasePower(912),
    onOutput1: solarPower(808),
    onOutput2: solarPower(809),
    onOutput3: solarPower(810),
    onInput1: solarPower(811),
    onInput2: solarPower(812),
    onInput3: solarPower(813),
    onBattery: solarPower(850),
    charging: { address: 842, type: 'i16', evidence: 'e v' },
    charge: { address: 843, type: 'u16', evidence: 'e v' },
    imported: meterEnergy(2634),
    exported: meterEnergy(2636),
    imported1: meterEnergy(2622),
    imported2: meterEnergy(2624),
    imported3: meterEnergy(2626),
    exported1: meterEnergy(2628),
    exported2: meterEnergy(2630),
    exported3: meterEnergy(2632),
  },
  identity: { serialNumber: ['serial'] },
  phasePowers: [{ plus: ['power1'] }, { plus: ['power2'] }, { plus: ['power3'] }],
  reading: {
    // The 16-bit powers saturate at 32.7 kW; newer firmware has 32 bits beside them.
    powerW: [{ plus: ['power1', 'power2', 'power3'] }, { plus: ['widePower1', 'widePower2', 'widePower3'] }],
    productionW: [{ plus: ['onOutput1', 'onOutput2', 'onOutput3', 'onInput1', 'onInput2', 'onInput3', 'onBattery'] }],
    // Where one total is there the meter offers totals, and one of 0 is a value. Firmware before it had totals has phases only:
    // their sum is shown and never sold, for it is no balanced total.
    importWh: [
      { plus: ['imported'], zeroAsMissing: true },
      { plus: ['imported'], when: [{ point: 'exported', above: 0 }] },
      { plus: ['imported1', 'imported2', 'imported3'], verified: false },
    ],
    exportWh: [
      { plus: ['exported'], zeroAsMissing: true },
      { plus: ['exported'], when: [{ point: 'imported', above: 0 }] },
      { plus: ['exported1', 'exported2', 'exported3'], verified: false },
    ],
    batteryPowerW: [{ minus: ['charging'] }],
    stateOfChargePercent: [{ plus: ['charge'] }],
  },
}
