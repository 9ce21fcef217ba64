/** The command that looks for devices at hosts, and how hosts, ports and units are named. */
import { Command, InvalidArgumentError } from 'commander'
import { withPlainFailures } from './failures.ts'
import { unitId } from './read.ts'
import type { ScanOptions } from './scan-places.ts'

const longestHostList = 1024
/** A name, an address or a network, with a port where it is known. */
export const hostPattern = /^([\w.-]+(?:\/\d{1,2})?)(?::(\d{1,5}))?$/

/**
 * The command. It ends with a sentence that says what can be done with what was found; status 2 when nothing was found.
 */
export function scanCommand(): Command {
  const command = new Command('scan')
  return command
    .requiredOption(
      '--host <host...>',
      'host names, addresses, or a network such as 192.168.1.0/24; with a port where it is known (192.168.1.20:502)',
      (text: string, before?: string[]) => {
        const [, host = text, port] = hostPattern.exec(text) ?? []
        if (port !== undefined) command.setOptionValue('port', collectPorts(port, command.opts<ScanOptions>().port))
        return collectHosts(host, before)
      },
    )
    .option('--port <port...>', 'TCP ports to try; those beside them are looked at too', collectPorts)
    .option('--unit <n...>', 'unit ids to try', collectUnits)
    .option('--profile <name>', 'also read devices by this register map, whatever they say of themselves')
    .option('--json', 'print JSON')
    .action((options: ScanOptions & { json?: boolean }) =>
      withPlainFailures(async () => {
        const { printScan } = await import('./scan-places.ts')
        await printScan(options)
      }),
    )
}

export function collectHosts(text: string, before: string[] = []): string[] {
  if (!/^[\w.:%/-]+$/.test(text)) throw new InvalidArgumentError('a host is a name, an address or a network.')
  const network = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(text)
  const hosts = network ? [...before, ...addressesOf(network.slice(1).map(Number))] : [...before, text]
  if (hosts.length > longestHostList) throw new InvalidArgumentError(`at most ${longestHostList} hosts at once.`)
  return hosts
}

/** The addresses of a network that hosts can have. */
function addressesOf([a, b, c, d, bits]: number[]): string[] {
  const isByte = (byte: number | undefined) => byte !== undefined && byte <= 255
  if (![a, b, c, d].every(isByte) || bits! < 22 || bits! > 32) {
    throw new InvalidArgumentError('a network is written like 192.168.1.0/24, with 22 to 32 bits.')
  }
  const size = 2 ** (32 - bits!)
  const address = ((a! * 256 + b!) * 256 + c!) * 256 + d!
  const first = address - (address % size)
  const usable =
    size <= 2
      ? Array.from({ length: size }, (_, index) => index)
      : Array.from({ length: size - 2 }, (_, index) => index + 1)
  return usable.map((offset) => {
    const one = first + offset
    return [one / 2 ** 24, one / 2 ** 16, one / 2 ** 8, one].map((part) => Math.floor(part) % 256).join('.')
  })
}

function collectPorts(text: string, before: number[] = []): number[] {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) throw new InvalidArgumentError('a port is 1 to 65535.')
  return [...before, port]
}

function collectUnits(text: string, before: number[] = []): number[] {
  return [...before, unitId(text)]
}
