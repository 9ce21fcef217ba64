/** What `commonwatt-agent pair` does: shows each meter's code, signs for whoever claims it, and waits for its seat. */
import { chmod, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { renderUnicodeCompact } from 'uqr'
import type { FoundMeter } from '../../contracts/protocol/pairing.ts'
import { readDevice } from '../devices/device.ts'
import { codeForPeople, serveLocalPage } from '../integrations/local-page.ts'
import { enrol, signerOf } from '../keys/enrolment.ts'
import { configuredTrust } from '../link/trust-file.ts'
import { foundMeter, type ReadDevice } from '../pairing/found-meter.ts'
import { type PairingStep, pairMeter } from '../pairing/pairing.ts'
import { DeviceError } from '../registers/device-error.ts'
import {
  type AgentConfig,
  type DeviceConfig,
  type MeterConfig,
  metersNamed,
  readConfig,
  withAccount,
} from '../setup/config.ts'

export interface PairOptions {
  config: string
  meter?: string[]
  minutes: number
  epoch?: number
  json?: boolean
}

const longestReadMs = 10_000

/** Pairs the meters of a configuration one after the other, and writes each one's account into it. Throws `ConfigError`, `PairingError` and `DeviceError`. */
export async function pairMeters({ config: file, meter: names, minutes, epoch, json }: PairOptions): Promise<void> {
  const config = await readConfig(file)
  for (const meter of metersNamed(config, names)) {
    const account = await pairOne(config, meter, { patienceMs: minutes * 60_000, epoch, json: json === true })
    if (meter.account === null) await keepAccount(file, { name: meter.name, account })
  }
  if (!json) process.stdout.write(`Now let the agent run: commonwatt-agent run --config ${file}\n`)
}

async function pairOne(
  config: AgentConfig,
  meter: MeterConfig,
  { patienceMs, epoch, json }: { patienceMs: number; epoch: number | undefined; json: boolean },
): Promise<string> {
  const signer = await signerOf(config, meter, { epoch })
  const trust = await configuredTrust(config)
  let found: FoundMeter | null = null
  let offered: Extract<PairingStep, { step: 'offered' }> | null = null
  let done: string | null = null
  const page =
    config.page &&
    (await serveLocalPage(config.page, () => ({
      kind: 'pairing',
      meter: meter.name,
      sentence: found?.sentence ?? 'Its devices are being read.',
      offered,
      done,
    })))
  try {
    return await pairMeter({
      serverUrl: config.serverUrl,
      trust,
      area: config.area,
      intervalSeconds: config.intervalSeconds,
      account: meter.account,
      found: async () => {
        found = foundMeter(meter, await readAll([meter.grid, ...meter.others]))
        return found
      },
      hello: (time) => signer.signHello(time),
      enrol: async ({ account, rules }) => {
        const [enrolment] = await enrol(config, { names: [meter.name], rules, account, epoch, nowMs: Date.now() })
        return enrolment!
      },
      tell(step) {
        if (step.step === 'offered') offered = step
        else if (step.step !== 'trouble') done = sentenceOf(step)
        process.stdout.write(json ? `${JSON.stringify({ meter: meter.name, ...step })}\n` : forPeople(step, found))
      },
      nowMs: () => Date.now(),
      pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      patienceMs,
    })
  } finally {
    await page?.close()
  }
}

/** One after the other: two may share a line. */
async function readAll(devices: readonly DeviceConfig[]): Promise<ReadDevice[]> {
  const read: ReadDevice[] = []
  for (const device of devices) read.push({ device, report: await reportOf(device) })
  return read
}

async function reportOf({ url, unit, profile, inverted, gridUnit, meter, confirmed, role }: DeviceConfig) {
  try {
    const measured = role === 'battery' ? undefined : role
    return await readDevice({ url, unit, profile, inverted, gridUnit, meter, confirmed, role: measured }, longestReadMs)
  } catch (error) {
    if (error instanceof DeviceError) return null
    throw error
  }
}

function forPeople(step: PairingStep, found: FoundMeter | null): string {
  if (step.step !== 'offered') return `${sentenceOf(step)}\n`
  return `
${found?.sentence ?? ''}
Sign in on the market’s page and enter   ${codeForPeople(step.code)}
or open   ${step.link}

${renderUnicodeCompact(step.link)}

`
}

function sentenceOf(step: Exclude<PairingStep, { step: 'offered' }>): string {
  switch (step.step) {
    case 'claimed':
      return `Account ${step.account} has entered the code.`
    case 'consented':
      return `The meter has signed for account ${step.account}; its owner now signs on the page.`
    case 'opened':
      return `The meter has its seat, for account ${step.account}.`
    case 'trouble':
      return `The server cannot be reached, and is tried again: ${step.reason}`
  }
}

/** Writes the account into the configuration, or says what to write. */
async function keepAccount(file: string, { name, account }: { name: string; account: string }): Promise<void> {
  const changed = withAccount(await readFile(file, 'utf8'), { file, name, account })
  if (changed === null) {
    process.stderr.write(`Write account = "${account}" beside name = "${name}" in ${file}.\n`)
    return
  }
  const draft = `${file}.new`
  await writeFile(draft, changed)
  await chmod(draft, (await stat(file)).mode & 0o777)
  await rename(draft, file)
}
