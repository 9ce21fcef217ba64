/**
 * Debian's pymodbus as a peer that knows nothing of our code (`apt install python3-pymodbus python3-serial-asyncio`); tests that
 * need it are skipped where it is not installed.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const peer = fileURLToPath(new URL('pymodbus-peer.py', import.meta.url))
/** The Python that has the library: Debian's, where another one comes first on the path. */
const python = ['python3', '/usr/bin/python3'].find(
  (one) => spawnSync(one, ['-c', 'import pymodbus.server, serial_asyncio']).status === 0,
)
export const hasPymodbus: boolean = python !== undefined

/** Registers by unit, function code and address. */
export type PeerRegisters = Record<number, Record<'3' | '4', Record<number, number>>>

/** Serves registers until the process is killed. @param place a TCP port, or the path of a serial port */
export function servePymodbus(
  transport: 'tcp' | 'rtutcp' | 'serial',
  place: string,
  registers: PeerRegisters,
): ChildProcess {
  const child = spawn(python!, [peer, 'serve', transport, place], { stdio: ['pipe', 'ignore', 'inherit'] })
  child.stdin.end(JSON.stringify(registers))
  return child
}

/** The registers that a read over TCP gives, or the code of the exception. Function 6 writes `count`. */
export async function askByPymodbus(request: {
  port: number
  unit: number
  functionCode: 3 | 4 | 6
  address: number
  count: number
}): Promise<number[] | number> {
  const { port, unit, functionCode, address, count } = request
  const words = [port, unit, functionCode, address, count].map(String)
  return JSON.parse((await promisify(execFile)(python!, [peer, 'ask', ...words])).stdout)
}
