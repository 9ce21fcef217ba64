/** What the Modbus proxy serves under which unit id, as the configuration has it. */
import { usualUnit } from '../devices/device.ts'
import { parseEndpoint } from '../modbus/endpoint.ts'
import { timingOf } from '../registers/timing.ts'
import { isTelegramUrl } from '../telegrams/endpoint.ts'

/** What stands under a unit id of the proxy. */
export type ServedUnit =
  /** A home as a SunSpec device; `meter` is its place in the configuration. */
  | { kind: 'home'; name: string; meter: number }
  /** The registers of a unit behind an endpoint. */
  | { kind: 'device'; name: string; key: string; unit: number; maxAgeMs: number }

export interface ProxyConfig {
  host: string
  port: number
  /** Clients at a time. */
  connections: number
  units: ReadonlyMap<number, ServedUnit>
}

interface ServedMeter {
  name: string
  pollSeconds?: number | undefined
  sunspecUnit?: number | undefined
  device: {
    url: string
    unit?: number | undefined
    profile: string
    gridUnit?: number | undefined
    proxyUnit?: number | undefined
  }[]
}

/** The first home's unit id; those of further homes go down from it. */
const firstHomeUnit = 247
/** Values of so many polls are fresh. */
const freshPolls = 3

/** Where the proxy would read from itself, or two things have one unit id, `problem` is told. */
export function proxyUnits(
  meters: readonly ServedMeter[],
  proxy: { host: string; port: number; maxAgeSeconds?: number | undefined },
  { intervalSeconds, problem }: { intervalSeconds: number; problem: (text: string) => void },
): ProxyConfig['units'] {
  const units = new Map<number, ServedUnit>()
  const put = (unit: number, served: ServedUnit) => {
    const other = units.get(unit)
    const isSame =
      other?.kind === 'device' && served.kind === 'device' && other.key === served.key && other.unit === served.unit
    if (other && !isSame) {
      const remedy = served.kind === 'home' ? `[[meter]] sunspecUnit` : 'proxyUnit beside its url'
      problem(`the proxy's unit ${unit} is ${other.name} already, it cannot be ${served.name} too: set ${remedy}`)
    } else units.set(unit, served)
  }
  for (const [index, { name, sunspecUnit }] of meters.entries()) {
    put(sunspecUnit ?? firstHomeUnit - index, { kind: 'home', name: `home ${name}`, meter: index })
  }
  for (const { device, pollSeconds } of meters) {
    const { pollMs } = timingOf(intervalSeconds, pollSeconds)
    const maxAgeMs = proxy.maxAgeSeconds === undefined ? freshPolls * pollMs : proxy.maxAgeSeconds * 1000
    for (const { url, unit, profile, gridUnit, proxyUnit } of device) {
      // It has no registers; the home's own unit shows what it says.
      if (isTelegramUrl(url)) continue
      const { key, host, port, transport } = parseEndpoint(url)
      if (transport !== 'rtu' && port === proxy.port && isOwnHost(host, proxy.host)) {
        problem(`the device ${url} is the proxy itself: the agent cannot read from itself`)
      }
      const real = unit ?? usualUnit(profile)
      put(proxyUnit ?? real, { kind: 'device', name: `${url} unit ${real}`, key, unit: real, maxAgeMs })
      if (gridUnit === undefined || gridUnit === real) continue
      put(gridUnit, { kind: 'device', name: `${url} unit ${gridUnit}`, key, unit: gridUnit, maxAgeMs })
    }
  }
  return units
}

function isOwnHost(host: string, listensOn: string): boolean {
  return host === listensOn || /^(localhost|127\.\d+\.\d+\.\d+|::1|0\.0\.0\.0|::)$/.test(host)
}
