/** How the agent's commands end when something fails that the person can mend. */
import { KeyError } from '../keys/keys.ts'
import { OutboxError } from '../outbox/outbox.ts'
import { PairingError } from '../pairing/pairing.ts'
import { DeviceError } from '../registers/device-error.ts'
import { ConfigError } from '../setup/config.ts'

const exitMistake = 2
const exitTrouble = 1

/**
 * Runs a command. What the person can correct (configuration, device, key file) ends it with status 2, a store that cannot be
 * used with status 1; both with one line for each mistake on standard error and nothing else.
 */
export async function withPlainFailures(action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (error) {
    if (error instanceof ConfigError) fail(error.problems, exitMistake)
    else if (error instanceof DeviceError) fail([error.message], exitMistake)
    else if (error instanceof PairingError) fail([error.message], exitTrouble)
    else if (error instanceof KeyError) fail([error.message], exitMistake)
    else if (error instanceof OutboxError) fail([error.message], exitTrouble)
    else throw error
  }
}

function fail(lines: readonly string[], status: number): void {
  process.stderr.write(lines.map((line) => `${line.replace(/\s+/g, ' ')}\n`).join(''))
  process.exitCode = status
}
