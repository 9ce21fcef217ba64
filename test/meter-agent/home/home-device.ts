/** Devices for tests of a home, whose counters a test decides. */
import type { Device } from '../../../meter-agent/devices/device.ts'
import type { DeviceReading, DeviceSample } from '../../../meter-agent/registers/device-sample.ts'

/** What the counters of a test's device show, in Wh. */
export interface Counted {
  importWh?: number
  exportWh?: number
  productionWh?: number
  powerW?: number
  productionW?: number
  serialNumber?: string
}

/** A poll's result with the values a test gives; counters count in whole Wh. */
export function deviceSample(counted: Counted, atMonotonicMs: number): DeviceSample {
  const counter = (valueWh: number | undefined) =>
    valueWh === undefined
      ? null
      : { milliWh: BigInt(Math.round(valueWh * 1000)), resolutionMilliWh: 1000n, maxMilliWh: null, verified: true }
  const reading: DeviceReading = {
    powerW: counted.powerW ?? null,
    productionW: counted.productionW ?? null,
    importWh: counted.importWh ?? null,
    exportWh: counted.exportWh ?? null,
    productionWh: counted.productionWh ?? null,
    batteryPowerW: null,
    stateOfChargePercent: null,
  }
  return {
    requestedAtMs: atMonotonicMs,
    repliedAtMs: atMonotonicMs,
    device: { manufacturer: 'Example', model: 'M', version: null, serialNumber: counted.serialNumber ?? 'S1' },
    reading,
    counters: {
      import: counter(counted.importWh),
      export: counter(counted.exportWh),
      production: counter(counted.productionWh),
    },
    warnings: [],
  }
}

/** A device whose counters follow a function of the wall clock (UTC milliseconds). */
export function homeDevice(counted: (nowMs: number) => Counted): Device {
  return {
    async poll() {
      const values = counted(Date.now())
      return deviceSample(values, performance.now())
    },
    async close() {},
  }
}
