/** Alpha ESS' SMILE and Storion. Sources: evcc (e), openWB (o), Alpha's register list as public readers quote it (w). */
import type { PointData, ProfileData } from './profile.ts'

const watts = (address: number, evidence: string): PointData => ({ address, type: 'i32', evidence })
const panelPower = (address: number): PointData => ({ address, type: 'u32', missing: [0xffffffff], evidence: 'e w' })

export const alphaEss: ProfileData = {
  name: 'alpha-ess',
  manufacturer: 'Alpha ESS',
  covers: 'Alpha ESS SMILE and Storion systems',
  notes: ['The unit id is 85 (0x55).'],
  unit: 85,
  counting: 'unknown',
  recognition: {
    how: 'The serial number (0x074A) begins with AL.',
    own: [{ point: 'serial', startsWith: ['AL'] }],
  },
  knownFaults: [
    'One source reads the energy taken ten times larger than two others: it is sold only once power has confirmed it.',
  ],
  functions: [3],
  largestGap: 30,
  points: {
    serial: { address: 0x074a, type: 'string', words: 8, evidence: 'w' },
    exported: { address: 0x0010, type: 'u32', scale: 1, evidence: 'o w' },
    imported: { address: 0x0012, type: 'u32', scale: 1, evidence: 'e o' },
    power1: watts(0x001b, 'o w'),
    power2: watts(0x001d, 'o w'),
    power3: watts(0x001f, 'o w'),
    power: watts(0x0021, 'e o'),
    charge: { address: 0x0102, type: 'u16', scale: -1, missing: [0xffff], evidence: 'e w' },
    batteryPower: { address: 0x0126, type: 'i16', evidence: 'e w' },
    panels1: panelPower(0x041f),
    panels2: panelPower(0x0423),
    panels3: panelPower(0x0427),
    panels4: panelPower(0x042b),
  },
  identity: { serialNumber: ['serial'] },
  phasePowers: [{ plus: ['power1'] }, { plus: ['power2'] }, { plus: ['power3'] }],
  reading: {
    powerW: [{ plus: ['power'] }],
    productionW: [{ plus: ['panels1', 'panels2', 'panels3', 'panels4'], missingAsZero: true }],
    importWh: [{ plus: ['imported'] }],
    exportWh: [{ plus: ['exported'] }],
    batteryPowerW: [{ plus: ['batteryPower'] }],
    stateOfChargePercent: [{ plus: ['charge'] }],
  },
}
