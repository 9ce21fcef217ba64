/**
 * Refusals that help: when a device cannot be read, looks once more at what does answer there, and says what was seen and what to
 * try.
 */
import { type Endpoint, parseEndpoint } from '../modbus/endpoint.ts'
import { ModbusError, type ModbusErrorCode } from '../modbus/error.ts'
import { type Sighting, survey } from './survey.ts'

/** After these a look at the port can tell more. */
const puzzling: readonly ModbusErrorCode[] = [
  'MODBUS_TIMEOUT',
  'MODBUS_FRAME',
  'MODBUS_DROPPED',
  'MODBUS_EXCEPTION',
  'MODBUS_NO_SUNSPEC',
  'MODBUS_NOTHING_ANSWERED',
  'MODBUS_OVERDUE',
]
const longestLookMs = 9_000
const shortestAnswerMs = 400
/** The unit ids most devices have: a refusal is no scan. */
const likelyUnits = [1, 3, 247, 71, 126, 200, 100, 2, 240]

/** The error with what was seen at its endpoint and what to try. @param untilMs monotonic: nothing is asked after it */
export async function explained(
  error: ModbusError,
  device: { url: string; unit: number; profile: string },
  untilMs: number,
): Promise<ModbusError> {
  // An address that is none has been explained.
  if (error.code === 'MODBUS_URL') return error
  const endpoint = parseEndpoint(device.url)
  const remedy = error.fault === 'echo' ? echoRemedy : await remedyFor(error, endpoint, device, untilMs)
  if (remedy === null) return error
  return new ModbusError(error.code, `${error.message}: ${remedy}`, {
    ...(error.exception === null ? {} : { exception: error.exception }),
    ...(error.fault === null ? {} : { fault: error.fault }),
    cause: error,
  })
}

const echoRemedy =
  'what was sent came back as an echo: the RS-485 adapter repeats it; switch its local echo off, or use another adapter'

async function remedyFor(
  error: ModbusError,
  { transport, host, port, timeoutMs }: Endpoint,
  { unit, profile }: { unit: number; profile: string },
  untilMs: number,
): Promise<string | null> {
  if (!puzzling.includes(error.code) || transport === 'rtu') return null
  const own = transport === 'tcp' ? 'tcp' : 'rtu'
  const { framing, sightings, trouble } = await survey(host, port, {
    units: [unit, ...likelyUnits.filter((one) => one !== unit)],
    answerMs: Math.min(shortestAnswerMs, timeoutMs ?? shortestAnswerMs),
    framings: own === 'tcp' ? ['tcp', 'rtu'] : ['rtu', 'tcp'],
    untilMs: Math.min(untilMs, performance.now() + longestLookMs),
  })
  if (framing === null) return trouble === 'echo' ? echoRemedy : nothingSeen(error, unit, trouble)
  const scheme = framing === 'tcp' ? 'tcp' : 'rtutcp'
  if (framing !== own) {
    const kind = framing === 'rtu' ? 'RTU frames, not Modbus TCP' : 'Modbus TCP, not RTU frames'
    return `it speaks ${kind}: write ${scheme}://${host}:${port}${unitHint(sightings, unit)}`
  }
  const here = sightings.find((one) => one.unit === unit)
  const known = here?.profile ?? null
  if (known !== null && known !== profile)
    return `it says that it is what profile ${known} is for: try --profile ${known}`
  const others = sightings.filter((one) => one.unit !== unit)
  if (others.length > 0 && !here) return `unit ${unit} does not answer, but ${unitsThatAnswer(others)}`
  if (here && here.functions.length === 1 && here.functions[0] === 4) {
    return 'it serves input registers only (function 4), as a Shelly does: name its register map with --profile'
  }
  return others.length > 0 ? `other units answer too: ${unitsThatAnswer(others)}` : null
}

function unitHint(sightings: readonly Sighting[], unit: number): string {
  const [first] = sightings
  return first && first.unit !== unit ? ` and --unit ${first.unit}` : ''
}

function unitsThatAnswer(sightings: readonly Sighting[]): string {
  const list = sightings.slice(0, 4).map(({ unit, profile }) => {
    const flag = profile === null || profile === 'sunspec' ? '' : ` --profile ${profile}`
    return `unit ${unit} does (try --unit ${unit}${flag})`
  })
  return list.join(', ')
}

function nothingSeen(error: ModbusError, unit: number, trouble: string | null): string | null {
  if (trouble === 'noise') {
    return 'bytes come back that are no Modbus reply: check baud rate and parity of the adapter, and that nobody else uses the line'
  }
  if (error.code === 'MODBUS_TIMEOUT' || error.exception === 10 || error.exception === 11) {
    return `neither unit ${unit} nor any that devices usually have answers (such as 1, 3, 71, 100, 126, 200, 247): check the unit id in the device's settings, and that no other program is connected to it`
  }
  return null
}
