/** How the agent's commands end when something fails that the person can mend. */
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
    const { ConfigError, DeviceError, PairingError, KeyError, OutboxError } = await mendable()
    if (error instanceof ConfigError) fail(error.problems, exitMistake)
    else if (error instanceof DeviceError) fail([error.message], exitMistake)
    else if (error instanceof PairingError) fail([error.message], exitTrouble)
    else if (error instanceof KeyError) fail([error.message], exitMistake)
    else if (error instanceof OutboxError) fail([error.message], exitTrouble)
    else throw error
  }
}

/** Loaded only when something fails: `--help` needs nothing of what they belong to. */
async function mendable() {
  const [{ KeyError }, { OutboxError }, { PairingError }, { DeviceError }, { ConfigError }] = await Promise.all([
    import('../keys/keys.ts'),
    import('../outbox/outbox.ts'),
    import('../pairing/pairing.ts'),
    import('../registers/device-error.ts'),
    import('../setup/config.ts'),
  ])
  return { KeyError, OutboxError, PairingError, DeviceError, ConfigError }
}

function fail(lines: readonly string[], status: number): void {
  process.stderr.write(lines.map((line) => `${line.replace(/\s+/g, ' ')}\n`).join(''))
  process.exitCode = status
}
