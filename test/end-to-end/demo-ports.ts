/** Ports for a demo of a test's own. */
import { freePort } from '../../server/demo/ports.ts'

/** As many devices, wallboxes and simulated meters as the largest street of a test has, and room to spare. */
const mostDevices = 48

/** A free port for each part of a demo; the simulated devices listen on the ports that follow theirs. */
export async function freeDemoPorts() {
  return {
    web: await freePort(),
    metrics: await freePort(),
    database: await freePort(),
    chain: await freePort(),
    devices: await freePort(mostDevices),
  }
}
