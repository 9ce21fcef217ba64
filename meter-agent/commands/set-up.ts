/** What `commonwatt-agent init` does: asks what it cannot find out, shows what the devices say, and writes the configuration. */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { stringify } from 'smol-toml'
import { z } from 'zod'
import { fileTrouble } from '../../contracts/protocol/disk-fault.ts'
import { parseAddress } from '../../contracts/protocol/typed-data.ts'
import { type DeviceOptions, type DeviceReport, readDevice, usualUnit } from '../devices/device.ts'
import { explained } from '../devices/explain.ts'
import { placeInWords } from '../devices/place.ts'
import { createKeyFile, readKeyFile } from '../keys/keys.ts'
import { askServer, isUnknownAuthority, shownCertificate, trustOnly } from '../link/server-http.ts'
import { ModbusError } from '../modbus/error.ts'
import { Outbox, outboxFolder } from '../outbox/outbox.ts'
import { promiseOf } from '../pairing/found-meter.ts'
import { profiles } from '../profiles/families.ts'
import { DeviceError } from '../registers/device-error.ts'
import { ConfigError, isSameDevice, parseConfig } from '../setup/config.ts'
import { isDeviceUrl } from '../setup/config-schema.ts'
import { isTelegramUrl } from '../telegrams/endpoint.ts'
import { telegramForms } from '../telegrams/forms.ts'
import { collectHosts, hostPattern } from './scan.ts'
import { scan, sentenceOf } from './scan-places.ts'

/** A device that cannot be read is looked at so long. */
const longestLookMs = 10_000
/** Beside the configuration file. */
const certificateFile = 'server.pem'

/** Asks a question, with an answer for an empty line where there is one, and tells what there is to know. */
interface Dialog {
  ask(question: string, otherwise?: string): Promise<string>
  tell(line: string): void
}

interface ConfiguredDevice {
  url: string
  unit?: number
  profile: string
  role: 'grid' | 'production' | 'battery'
  inverted?: boolean
  gridUnit?: number
  meter?: number
  confirmed?: boolean
}

const areasSchema = z.object({
  items: z.array(
    z.object({
      area: z.int(),
      name: z.string(),
      rules: z.object({ hash: z.string(), intervalSeconds: z.int() }),
      chain: z.object({ chainId: z.int(), escrow: z.string() }),
    }),
  ),
})
type Area = z.infer<typeof areasSchema>['items'][number]

/** Asks at the terminal and writes `config`. Throws `ConfigError`; then nothing was written. */
export async function setUpByQuestions(config: string): Promise<void> {
  const file = resolve(config)
  if (existsSync(file)) {
    throw new ConfigError('CONFIG_UNREADABLE', [`${file} is there already: name another file with --config`])
  }
  if (!existsSync(dirname(file))) {
    throw new ConfigError('CONFIG_UNREADABLE', [`there is no folder ${dirname(file)}: make it first`])
  }
  const lines = createInterface({ input: process.stdin })
  const answers = lines[Symbol.asyncIterator]()
  try {
    await setUp(file, {
      async ask(question, otherwise) {
        process.stdout.write(`${question}${otherwise === undefined ? '' : ` [${otherwise}]`}: `)
        const { value, done } = await answers.next()
        if (done) throw new ConfigError('CONFIG_INVALID', ['the answers ended early: nothing was written'])
        return value.trim() || (otherwise ?? '')
      },
      tell: (line) => process.stdout.write(`${line}\n`),
    })
  } finally {
    lines.close()
  }
}

async function setUp(file: string, dialog: Dialog): Promise<void> {
  dialog.tell('First the device that measures at the grid connection point: a grid meter, or an inverter with one.')
  const { device: gridMeter, utilityCounts, counts, promise } = await gridDevice(dialog)
  const devices = [gridMeter]
  dialog.tell('Other inverters and batteries, if there are any.')
  for (;;) {
    const device = await otherDevice(dialog, devices)
    if (!device) break
    devices.push(device)
  }
  const { serverUrl, area, certificate } = await market(dialog)
  const name = await askUntil(dialog, 'A name for this home', /^[\w.-]{1,64}$/, 'home-1')
  const account = await askAccount(dialog)
  const watts = /^[1-9]\d{0,7}$/
  const feedsIn = counts
    ? await askUntil(dialog, 'The most the home can feed in, in W (0: it only buys)', /^\d{1,8}$/, '10000')
    : '0'
  const nameplateW = Number(feedsIn)
  const mainFuseW = Number(await askUntil(dialog, 'The most the house connection can carry, in W', watts, '43470'))

  const text = `# Made by "commonwatt-agent init".\n${stringify({
    dataFolder: 'data',
    server: { url: serverUrl, ...(certificate === null ? {} : { caFile: certificateFile }) },
    chain: { id: area.chain.chainId, escrow: area.chain.escrow },
    area: { id: area.area, intervalSeconds: area.rules.intervalSeconds },
    meter: [
      {
        name,
        ...(account === null ? {} : { account }),
        keyFile: `${name}.key`,
        ...(utilityCounts === undefined ? {} : { utilityCounts }),
        device: devices,
        limits: { ...(nameplateW > 0 ? { nameplateW } : {}), mainFuseW },
      },
    ],
  })}`
  const config = parseConfig(text, file)
  const { keyFile } = config.meters[0]!
  await createKeyFile(keyFile)
  const domain = { chainId: config.chainId, escrow: config.escrow }
  const key = await readKeyFile(keyFile, domain)
  const outbox = await Outbox.open(outboxFolder(config.dataFolder), domain)
  await outbox.noteKey(key.address)
  await outbox.close()
  try {
    if (certificate !== null) await writeFile(resolve(dirname(file), certificateFile), certificate)
    await writeFile(file, text, { flag: 'wx' })
  } catch (error) {
    throw new ConfigError('CONFIG_UNREADABLE', [`${file} cannot be written: ${fileTrouble(error)}`], error)
  }
  dialog.tell(`Written: ${file}, and the meter's key in ${dirname(file)} (keep it there; it cannot be made again).`)
  dialog.tell(nameplateW > 0 || !counts ? promise : 'This home buys.')
  if (account === null) {
    dialog.tell('Next, bring meter and owner together, then let the agent run:')
    dialog.tell(`  commonwatt-agent pair --config ${file}`)
  } else {
    dialog.tell('Next, let the owner open a seat with what this prints, then let the agent run:')
    dialog.tell(`  commonwatt-agent enrol --config ${file} --rules ${area.rules.hash}`)
  }
  dialog.tell(`  commonwatt-agent run --config ${file}`)
  dialog.tell(`or, to let systemd run it: sudo commonwatt-agent install-service --config ${file}`)
}

interface GridDevice {
  device: ConfiguredDevice
  /** It counts what is fed in. */
  counts: boolean
  /** Whether this home would sell, in a sentence. */
  promise: string
  utilityCounts: 'per-phase' | undefined
}

async function gridDevice(dialog: Dialog): Promise<GridDevice> {
  for (;;) {
    const device = await askDevice(dialog, 'grid')
    const first = device && (await tryDevice(dialog, device))
    const report = device && first && (await placed(dialog, device, first))
    if (!device || !report) continue
    const { reading } = report
    if (reading.importWh === null && reading.exportWh === null) {
      dialog.tell(
        'This device has no grid meter: production can be watched, but nothing sold. Name the grid meter instead.',
      )
      continue
    }
    if (reading.exportWh === null) dialog.tell('This meter does not count what is fed in: it can buy, but not sell.')
    if (!(await looksRight(dialog, device, report))) continue
    const utilityCounts = await utilityCountsOf(dialog, report)
    const { sentence } = promiseOf(device, report)
    return { device, utilityCounts, counts: reading.exportWh !== null, promise: sentence }
  }
}

/**
 * Asks where the meter sits when the device does not say, or says that it is elsewhere; the answer stands in the configuration.
 * `null` where it is no grid meter.
 */
async function placed(dialog: Dialog, device: ConfiguredDevice, report: DeviceReport): Promise<DeviceReport | null> {
  const { place } = report
  if (place.role === 'grid' && place.says !== null) return report
  if (place.role === 'none') return report
  if (place.role === 'unknown') {
    const answer = await dialog.ask('Which of its meters sits at the grid connection? 1, 2, … or none', 'none')
    if (!/^[1-9]$/.test(answer)) return null
    device.meter = Number(answer)
    return tryDevice(dialog, device)
  }
  const question =
    place.role === 'elsewhere'
      ? 'By its own word this meter does not sit at the grid connection. Is it nevertheless the one beside the utility’s meter? yes or no'
      : 'Does this meter sit at the grid connection, beside the utility’s meter? yes or no'
  const answer = await askUntil(dialog, question, /^(yes|no)$/, place.role === 'elsewhere' ? 'no' : 'yes')
  if (answer === 'no') {
    dialog.tell('Then nothing can be sold by it. Name the meter at the grid connection instead.')
    return null
  }
  if (place.role === 'grid') return report
  device.confirmed = true
  return tryDevice(dialog, device)
}

/** Asks how the utility counts, where the meter does not balance the phases. */
async function utilityCountsOf(dialog: Dialog, { counting }: DeviceReport): Promise<'per-phase' | undefined> {
  if (counting !== 'per-phase') return undefined
  dialog.tell(
    'This meter counts each phase by itself. Most countries’ meters balance the phases; then its energy is not sold.',
  )
  const question = 'Has your utility told you that its meter counts each phase by itself, too? yes or no'
  return (await askUntil(dialog, question, /^(yes|no)$/, 'no')) === 'yes' ? 'per-phase' : undefined
}

async function otherDevice(dialog: Dialog, known: readonly ConfiguredDevice[]): Promise<ConfiguredDevice | null> {
  for (;;) {
    const role = await dialog.ask('Another one? production, battery or no', 'no')
    if (role === 'no') return null
    if (role !== 'production' && role !== 'battery') continue
    const device = await askDevice(dialog, role)
    if (device && isDeviceUrl(device.url) && known.some((other) => isSameDevice(other, device))) {
      dialog.tell('This device is in the list already.')
      continue
    }
    const report = device && (await tryDevice(dialog, device))
    if (device && report && (await looksRight(dialog, device, report))) return device
  }
}

async function askDevice(dialog: Dialog, role: ConfiguredDevice['role']): Promise<ConfiguredDevice | null> {
  const url = await dialog.ask(
    `Device, as a host or network to look at, tcp://host:port, rtutcp://host:port or rtu:///dev/ttyUSB0?baud=9600&parity=none; the utility’s meter as ${telegramForms}`,
  )
  if (url === '') return null
  if (!url.includes(':/') && hostPattern.test(url)) return scanned(dialog, url, role)
  if (isTelegramUrl(url)) return { url, profile: url.toLowerCase().startsWith('p1') ? 'p1' : 'sml', role }
  const profile = await dialog.ask('Profile: sunspec, or the name of its register map', 'sunspec')
  const unit = await askUnit(dialog, 'Modbus unit', 'usual')
  const hasGridUnit = Object.values(profiles.get(profile)?.points ?? {}).some(({ at }) => at === 'grid')
  const gridUnit = hasGridUnit ? await askUnit(dialog, 'Modbus unit of the grid meter behind it', 'none') : undefined
  return {
    url,
    profile,
    role,
    ...(unit === undefined ? {} : { unit }),
    ...(gridUnit === undefined ? {} : { gridUnit }),
  }
}

/** Looks at a host or network, shows what is there and lets the person choose. */
async function scanned(
  dialog: Dialog,
  place: string,
  role: ConfiguredDevice['role'],
): Promise<ConfiguredDevice | null> {
  const [, host = '', port] = hostPattern.exec(place) ?? []
  dialog.tell(`Looking at ${place}, for a minute at most …`)
  let hosts: string[]
  try {
    hosts = collectHosts(host)
  } catch (error) {
    dialog.tell((error as Error).message)
    return null
  }
  const seen = await scan({ host: hosts, ...(port === undefined ? {} : { port: [Number(port)] }) })
  for (const [index, one] of seen.found.entries()) {
    dialog.tell(`${index + 1}. ${one.url} unit ${one.report.unit} (${one.report.profile})`)
    showReport(dialog, one.report)
  }
  dialog.tell(sentenceOf(seen))
  if (seen.found.length === 0) return null
  const answer = await dialog.ask('Which of them? 1, 2, … or none', '1')
  const chosen = /^\d+$/.test(answer) ? seen.found[Number(answer) - 1] : undefined
  if (chosen === undefined) return null
  const { url, unit, gridUnit } = chosen.options
  return {
    url,
    profile: chosen.options.profile ?? chosen.report.profile,
    role,
    ...(unit === undefined ? {} : { unit }),
    ...(gridUnit === undefined ? {} : { gridUnit }),
  }
}

/** `undefined` for the word that stands for no number. */
async function askUnit(dialog: Dialog, question: string, otherwise: string): Promise<number | undefined> {
  for (;;) {
    const answer = await dialog.ask(question, otherwise)
    if (answer === otherwise) return undefined
    if (/^\d{1,3}$/.test(answer) && Number(answer) <= 255) return Number(answer)
    dialog.tell(`${JSON.stringify(answer)} cannot be used here: write a whole number from 0 to 255.`)
  }
}

/** Reads a device and shows what it says; `null`, with the reason told, when it cannot be read. */
async function tryDevice(dialog: Dialog, { role, ...device }: ConfiguredDevice): Promise<DeviceReport | null> {
  const options: DeviceOptions = { ...device, role: role === 'battery' ? undefined : role }
  try {
    const report = await readDevice(options)
    showReport(dialog, report)
    return report
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error
    const { url, profile, unit = usualUnit(profile) } = device
    const untilMs = performance.now() + longestLookMs
    const { message } = error instanceof ModbusError ? await explained(error, { url, unit, profile }, untilMs) : error
    dialog.tell(`Cannot be read: ${message}`)
    return null
  }
}

function showReport(dialog: Dialog, { device, reading, place, warnings }: DeviceReport): void {
  const shown = (value: number | null, unit: string) => (value === null ? 'not offered' : `${value} ${unit}`)
  const { powerW } = reading
  const flow = !powerW ? '' : powerW < 0 ? ' (feeding in)' : ' (taking from the grid)'
  const name = [device.manufacturer, device.model, device.serialNumber].filter((part) => part !== null).join(' ')
  dialog.tell(`  ${name || 'a device that does not say what it is'}`)
  dialog.tell(`  meter               ${placeInWords(place)}`)
  dialog.tell(`  power at the grid   ${shown(powerW, 'W')}${flow}`)
  dialog.tell(`  taken from the grid ${shown(reading.importWh, 'Wh')}`)
  dialog.tell(`  fed into the grid   ${shown(reading.exportWh, 'Wh')}`)
  dialog.tell(`  production          ${shown(reading.productionW, 'W')}; in all ${shown(reading.productionWh, 'Wh')}`)
  dialog.tell(
    `  battery             ${shown(reading.batteryPowerW, 'W')}; charged ${shown(reading.stateOfChargePercent, '%')}`,
  )
  for (const warning of warnings) dialog.tell(`  note: ${warning}`)
}

/** Asks until the person is content with a device; a meter wired upside down is read again the other way. */
async function looksRight(dialog: Dialog, device: ConfiguredDevice, report: DeviceReport): Promise<boolean> {
  for (;;) {
    const choices = device.role === 'grid' ? 'yes, no, or swap (import and export are exchanged)' : 'yes or no'
    const answer = await dialog.ask(`Does this look right? ${choices}`)
    if (answer === 'yes') return true
    if (answer === 'no') return false
    if (answer === 'swap' && device.role === 'grid') {
      device.inverted = !device.inverted
      if (!(await tryDevice(dialog, device))) showReport(dialog, report)
    }
  }
}

interface Market {
  serverUrl: string
  area: Area
  /** The one that the server must show, as a person has compared it; `null` where known authorities decide. */
  certificate: string | null
}

async function market(dialog: Dialog): Promise<Market> {
  for (;;) {
    const serverUrl = await dialog.ask('The market’s server', 'http://localhost:8080')
    let areas: Area[]
    let certificate: string | null = null
    try {
      const url = new URL('/api/v1/areas', serverUrl)
      const answer = await askServer(url).catch(async (error) => {
        if (!isUnknownAuthority(error)) throw error
        certificate = await comparedCertificate(dialog, url)
        if (certificate === null) throw error
        return askServer(url, { trust: trustOnly(certificate) })
      })
      areas = areasSchema.parse(answer.body).items
    } catch (error) {
      dialog.tell(`No market there: ${(error as Error).message.split('\n')[0]}`)
      continue
    }
    for (const { area, name, rules, chain } of areas) {
      dialog.tell(
        `  ${area}: ${name}, intervals of ${rules.intervalSeconds} s, escrow ${chain.escrow} on chain ${chain.chainId}`,
      )
    }
    const wanted = await dialog.ask(
      'Market area (the agent will sign for its escrow and no other)',
      `${areas[0]?.area ?? ''}`,
    )
    const area = areas.find((candidate) => `${candidate.area}` === wanted)
    if (area) return { serverUrl, area, certificate }
    dialog.tell('There is no such area.')
  }
}

/** Shows a certificate that nobody known has signed; `null` where the person does not know it. */
async function comparedCertificate(dialog: Dialog, url: URL): Promise<string | null> {
  const { pem, fingerprint, subject } = await shownCertificate(url)
  dialog.tell('Nobody known here has signed the certificate of this server. It is')
  dialog.tell(`  ${subject}`)
  dialog.tell(`  SHA-256 ${fingerprint}`)
  const question = 'Is that what the proxy’s own settings, or its operator, say? Then only it is trusted. yes or no'
  return (await askUntil(dialog, question, /^(yes|no)$/, 'no')) === 'yes' ? pem : null
}

async function askUntil(dialog: Dialog, question: string, form: RegExp, otherwise: string): Promise<string> {
  for (;;) {
    const answer = await dialog.ask(question, otherwise)
    if (form.test(answer)) return answer
    dialog.tell(`${JSON.stringify(answer)} cannot be used here.`)
  }
}

async function askAccount(dialog: Dialog): Promise<string | null> {
  for (;;) {
    const answer = await dialog.ask('The account that owns it (0x…), or pair: its owner enters a code later', 'pair')
    if (answer === 'pair') return null
    try {
      return parseAddress(answer)
    } catch {
      dialog.tell(`${JSON.stringify(answer)} is not an address: write 0x and 40 hexadecimal digits.`)
    }
  }
}
