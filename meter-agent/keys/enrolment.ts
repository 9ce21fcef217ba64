/**
 * Enrolment: a meter gets its key, begins an epoch whose registers are 0 at a boundary, and signs its consent to serve an
 * account in an area and the start of the epoch. The owner countersigns by mandate when the seat is opened.
 */
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Enrolment } from '../../contracts/protocol/wire.ts'
import { Outbox, outboxFolder } from '../outbox/outbox.ts'
import { type MeterState, startEpoch } from '../registers/state.ts'
import { type AgentConfig, accountOf, ConfigError, type MeterConfig, metersNamed } from '../setup/config.ts'
import { Keyring } from './keyring.ts'
import { createKeyFile, KeyError, type MeterKey } from './keys.ts'

const monthSeconds = 30 * 86_400

export interface EnrolmentRequest {
  /** Names of the meters to enrol; all by default. */
  names?: readonly string[]
  /** Hash of the area's rules. */
  rules: string
  /** UTC seconds of a boundary; by default the epoch's that has begun already, else the next boundary. */
  time?: number
  /** The epoch to begin, 1 at first; more after a lost state or a replaced meter. */
  epoch?: number
  nowMs: number
  /** The account that has claimed the meter, where the configuration names none. */
  account?: string
}

/**
 * Enrols meters; asked again with the same values it gives the same answer. Throws a `ConfigError` for what does not fit
 * the configuration or what was begun before.
 */
export async function enrol(config: AgentConfig, request: EnrolmentRequest): Promise<Enrolment[]> {
  const meters = metersNamed(config, request.names)
  if (request.time !== undefined && request.time % config.intervalSeconds !== 0) {
    refuse(
      `time ${request.time} is no boundary: it must be a multiple of the area's interval of ${config.intervalSeconds} s`,
    )
  }
  const domain = { chainId: config.chainId, escrow: config.escrow }
  const outbox = await Outbox.open(outboxFolder(config.dataFolder), domain)
  try {
    const enrolments: Enrolment[] = []
    for (const meter of meters) enrolments.push(await enrolMeter(config, meter, request, outbox))
    return enrolments
  } finally {
    await outbox.close()
  }
}

/**
 * What speaks for a meter that is about to be enrolled; its key is made where there is none. Throws what `Keyring.open` throws, and a
 * `ConfigError` where `enrol` would refuse.
 */
export async function signerOf(
  config: AgentConfig,
  meter: MeterConfig,
  { epoch }: Pick<EnrolmentRequest, 'epoch'>,
): Promise<MeterKey> {
  const domain = { chainId: config.chainId, escrow: config.escrow }
  const outbox = await Outbox.open(outboxFolder(config.dataFolder), domain)
  try {
    const made = await makeKey(meter)
    const { last: key } = await Keyring.open(meter.keyFile, domain, outbox)
    if (made) await outbox.noteKey(key.address)
    await requireState(outbox, meter, { key, epoch })
    return key
  } finally {
    await outbox.close()
  }
}

async function enrolMeter(
  config: AgentConfig,
  meter: MeterConfig,
  request: EnrolmentRequest,
  outbox: Outbox,
): Promise<Enrolment> {
  const domain = { chainId: config.chainId, escrow: config.escrow }
  const made = await makeKey(meter)
  const { last: key } = await Keyring.open(meter.keyFile, domain, outbox)
  if (made) await outbox.noteKey(key.address)
  const state = await requireState(outbox, meter, { key, epoch: request.epoch })
  const account = accountOf(meter, request.account)
  const begun = await beginEpoch({ config, meter, request, outbox, key, state })
  const { rules } = request
  const validFrom = begun.epochTime
  const deadline = consentDeadline(validFrom, request.nowMs)
  const epoch = { account, rules, meter: key.address, epoch: begun.epoch, time: validFrom, importWh: 0, exportWh: 0 }
  return {
    ...domain,
    meter: key.address,
    account,
    rules,
    consentValidFrom: validFrom,
    consentDeadline: deadline,
    consentSignature: key.signConsent({ account, rules, validFrom, deadline }),
    epoch,
    epochSignature: key.signEpochStart(epoch),
  }
}

/** The metering state of a meter, null where it has none yet. Refuses where it had one that is lost, unless an epoch is named. */
async function requireState(
  outbox: Outbox,
  { name, keyFile }: MeterConfig,
  { key, epoch }: { key: MeterKey; epoch: number | undefined },
): Promise<MeterState | null> {
  const state = await outbox.state(key.address)
  if (!state && epoch === undefined && !(await outbox.hasNoted(key.address))) {
    refuse(
      `meter ${name}: its key ${keyFile} is there but not its metering state: give --epoch, 1 if it has never been enrolled, else one more than its last epoch`,
    )
  }
  return state
}

/** At least a month is left to open the seat, and the same answer is given for as long. */
function consentDeadline(validFrom: number, nowMs: number): number {
  const months = Math.max(0, Math.floor((nowMs / 1000 - validFrom) / monthSeconds))
  return validFrom + (months + 2) * monthSeconds
}

async function beginEpoch(parts: {
  config: AgentConfig
  meter: MeterConfig
  request: EnrolmentRequest
  outbox: Outbox
  key: MeterKey
  state: MeterState | null
}): Promise<MeterState> {
  const { config, meter, request, outbox, key, state } = parts
  const epoch = request.epoch ?? state?.epoch ?? 1
  if (state && epoch === state.epoch) {
    if (request.time !== undefined && request.time !== state.epochTime) {
      refuse(
        `meter ${meter.name}: epoch ${epoch} began at ${state.epochTime}, not at ${request.time}: leave out --time, or begin a new one with --epoch ${epoch + 1}`,
      )
    }
    return state
  }
  if (state && epoch !== state.epoch + 1) {
    refuse(`meter ${meter.name}: after epoch ${state.epoch} comes --epoch ${state.epoch + 1}, not ${epoch}`)
  }
  const nextBoundary = (Math.floor(request.nowMs / 1000 / config.intervalSeconds) + 1) * config.intervalSeconds
  const epochTime = request.time ?? nextBoundary
  if (state && epochTime <= state.boundary) {
    refuse(`meter ${meter.name}: a reading of ${state.boundary} is signed already: begin the new epoch after it`)
  }
  const begun = startEpoch({ epoch, epochTime, sequence: state?.sequence ?? 0 })
  await outbox.commit(key.address, begun, [], { durable: true })
  return begun
}

/** Makes the meter's key where there is none; says whether it did. */
async function makeKey({ keyFile }: MeterConfig): Promise<boolean> {
  await mkdir(dirname(keyFile), { recursive: true, mode: 0o700 })
  try {
    await createKeyFile(keyFile)
    return true
  } catch (error) {
    if (error instanceof KeyError && error.code === 'KEY_EXISTS') return false
    throw error
  }
}

function refuse(problem: string): never {
  throw new ConfigError('CONFIG_INVALID', [problem])
}
