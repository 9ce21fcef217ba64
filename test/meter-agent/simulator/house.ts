/** The device values that tests of the simulator begin with. */
import type { DeviceValues } from '../../../meter-agent/simulator/device-values.ts'

/** A house that feeds in 1250 W and has counted a while. */
export function house(): DeviceValues {
  return {
    powerW: -1250,
    productionW: 2400,
    importMilliWh: 1_234_567_890n,
    exportMilliWh: 7_654_321_000n,
    productionMilliWh: 9_000_000_000n,
    batteryPowerW: null,
    stateOfChargePercent: null,
    manufacturer: 'Example',
    model: 'E5',
    version: '1.2',
    serialNumber: '12345',
  }
}
