/**
 * A server's configuration file (TOML). Its keys are the names of the options of `commonwatt serve`; an `[[escrow]]` table for each
 * escrow. Every mistake is one line that says where, what and what to do. Paths in it are relative to the file's folder.
 */
import { readFileSync, statSync } from 'node:fs'
import { isIP } from 'node:net'
import { dirname, resolve } from 'node:path'
import { parse } from 'smol-toml'
import { z } from 'zod'
import { fileTrouble } from '../../contracts/protocol/disk-fault.ts'
import { CodedError } from '../../contracts/protocol/error.ts'
import { mistakeInToml, tomlTrouble } from '../../contracts/protocol/file-syntax.ts'
import { checkForm } from '../../contracts/protocol/mistakes.ts'
import { parseAddress } from '../../contracts/protocol/typed-data.ts'
import { isDatabaseAddress } from './database-address.ts'
import { readDeployment } from './deployment.ts'
import { parseMonths } from './duration.ts'

/** `CONFIGURATION_UNREADABLE`, `CONFIGURATION_OPEN` (others can read the secrets in it), `CONFIGURATION_SYNTAX` and `CONFIGURATION_INVALID`. */
export class ConfigurationError extends CodedError<
  'CONFIGURATION_UNREADABLE' | 'CONFIGURATION_OPEN' | 'CONFIGURATION_SYNTAX' | 'CONFIGURATION_INVALID'
> {
  override readonly name = 'ConfigurationError'
}

/** How many proxies stand before the server, or their addresses, networks or names that express knows. */
type TrustedProxies = number | readonly string[]

const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const

/** One escrow on one chain, with the areas in it that are served. */
export interface EscrowConfig {
  rpcUrl: string
  /** The file of its deployment (absolute), which may not be there yet; or where it is. */
  place: { deploymentFile: string } | EscrowPlace
  /** Absolute paths of the area files. */
  areaFiles: string[]
}

export interface EscrowPlace {
  /** Of the chain that it was deployed on; null where nobody wrote it down. */
  chainId: number | null
  escrow: string
  /** Block at which the escrow was deployed. */
  firstBlock: number
  /** What opens accounts of passkeys; null where nothing does. */
  accounts: string | null
  /** The contract by which accounts take grants of data back, or null. */
  revocations: string | null
}

/** Where the contracts of an escrow are. Throws `DeploymentError`. */
export function placeOfEscrow({ place }: EscrowConfig): EscrowPlace {
  if (!('deploymentFile' in place)) return place
  const { chainId, escrow, firstBlock, accounts, revocations } = readDeployment(place.deploymentFile)
  return { chainId, escrow, firstBlock, accounts, revocations }
}

/** What a file says; what it does not say is undefined. */
export interface FileConfig {
  databaseUrl?: string | undefined
  /** Absolute path of the key that settles. */
  keyFile?: string | undefined
  /** Absolute path of the key that pays for what people sign. */
  relayKeyFile?: string | undefined
  /** Absolute path of the metering operator's key. */
  meteringKeyFile?: string | undefined
  witnessToleranceWh?: number | undefined
  witnessTolerancePercent?: number | undefined
  host?: string | undefined
  port?: number | undefined
  metricsHost?: string | undefined
  metricsPort?: number | undefined
  origin?: string[] | undefined
  trustProxy?: TrustedProxies | undefined
  confirmations?: number | undefined
  chainPollMs?: number | undefined
  logLevel?: (typeof logLevels)[number] | undefined
  /** Absolute path of the folder with backups. */
  backupFolder?: string | undefined
  /** Absolute path of the folder with archived months. */
  archiveFolder?: string | undefined
  /** Whole months that stay in the tables; all if not given. */
  retain?: number | undefined
  escrows: EscrowConfig[]
}

const aText = z.string().min(1)
const whole = (least: number, most: number) => z.int().min(least).max(most)
const aUrl = (protocols: RegExp, example: string) =>
  // The value is not repeated: it may hold a password.
  aText.refine((text) => URL.canParse(text) && protocols.test(new URL(text).protocol), {
    error: `is no such address: write it like "${example}"`,
  })
const anAddress = aText.transform((text, context) => {
  try {
    return parseAddress(text)
  } catch {
    context.addIssue({ code: 'custom', message: `${text} is no address: write "0x" and 40 hexadecimal digits` })
    return z.NEVER
  }
})
const someMonths = aText.transform((text, context) => {
  try {
    return parseMonths(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message })
    return z.NEVER
  }
})
const oneOrMore = <Item extends z.ZodType>(item: Item) =>
  z.union([z.array(item), item.transform((one) => [one])]) as z.ZodType<z.output<Item>[]>

const escrowSchema = z.strictObject({
  'rpc-url': aUrl(/^https?:$/, 'https://node.example'),
  /** The file that `commonwatt deploy` writes; else `escrow`, `first-block`, `accounts` and `revocations` say the same. */
  deployment: aText.optional(),
  escrow: anAddress.optional(),
  'first-block': whole(0, 1e15).optional(),
  accounts: anAddress.optional(),
  revocations: anAddress.optional(),
  'area-file': oneOrMore(aText),
})

const schema = z.strictObject({
  'database-url': aText
    .refine(isDatabaseAddress, { error: 'is no such address: write it like "postgres://user:password@host/database"' })
    .optional(),
  'key-file': aText.optional(),
  'relay-key-file': aText.optional(),
  'metering-key-file': aText.optional(),
  'witness-tolerance-wh': whole(0, 1e9).optional(),
  'witness-tolerance-percent': whole(0, 100).optional(),
  host: aText.optional(),
  port: whole(1, 65_535).optional(),
  'metrics-host': aText.optional(),
  'metrics-port': whole(1, 65_535).optional(),
  origin: oneOrMore(aUrl(/^https?:$/, 'https://market.example')).optional(),
  'trust-proxy': z
    .union([whole(1, 99), z.string().transform(proxiesOf), z.array(aText.refine(isProxy, 'is no proxy'))], {
      error: 'write how many proxies there are, or their addresses',
    })
    .optional(),
  confirmations: whole(1, 10_000).optional(),
  'chain-poll-ms': whole(10, 600_000).optional(),
  'log-level': z.enum(logLevels).optional(),
  'backup-folder': aText.optional(),
  'archive-folder': aText.optional(),
  retain: someMonths.optional(),
  escrow: z.array(escrowSchema, { error: 'write [[escrow]] above it' }).default([]),
})

/** The variables of everything that a file can say: what they say comes before the file. */
export const configurationVariables: readonly string[] = [
  ...Object.keys(schema.shape),
  ...Object.keys(escrowSchema.shape),
].map((key) => key.toUpperCase().replaceAll('-', '_'))

/** Reads a file of this form. Throws `ConfigurationError` with a line per mistake, each beginning with the file's name. */
function readTables<Schema extends z.ZodType>(path: string, schema: Schema): z.output<Schema> {
  const text = readPrivate(path)
  let raw: unknown
  try {
    raw = parse(text)
  } catch (error) {
    throw new ConfigurationError('CONFIGURATION_SYNTAX', `${path}: ${tomlTrouble(error)}`)
  }
  const { data, mistakes } = checkForm(schema, raw)
  if (mistakes !== null) {
    const lines = mistakes.map((mistake) => `${path}: ${nameOf(mistake.path)}: ${mistakeInToml(mistake.message)}`)
    throw new ConfigurationError('CONFIGURATION_INVALID', lines.join('\n'))
  }
  return data
}

/** Reads and checks a configuration file. Throws as `readTables` does. */
export function readServerConfig(path: string): FileConfig {
  const file = readTables(path, schema)
  const folder = dirname(resolve(path))
  const absolute = (name: string | undefined) => (name === undefined ? undefined : resolve(folder, name))
  return {
    databaseUrl: file['database-url'],
    keyFile: absolute(file['key-file']),
    relayKeyFile: absolute(file['relay-key-file']),
    meteringKeyFile: absolute(file['metering-key-file']),
    witnessToleranceWh: file['witness-tolerance-wh'],
    witnessTolerancePercent: file['witness-tolerance-percent'],
    host: file.host,
    port: file.port,
    metricsHost: file['metrics-host'],
    metricsPort: file['metrics-port'],
    origin: file.origin,
    trustProxy: file['trust-proxy'],
    confirmations: file.confirmations,
    chainPollMs: file['chain-poll-ms'],
    logLevel: file['log-level'],
    backupFolder: absolute(file['backup-folder']),
    archiveFolder: absolute(file['archive-folder']),
    retain: file.retain,
    escrows: file.escrow.map((each, index) => ({
      rpcUrl: each['rpc-url'],
      place: placeOf(each, `${path}: escrow ${index + 1}`, folder),
      areaFiles: each['area-file'].map((name) => resolve(folder, name)),
    })),
  }
}

const watchSchema = z.strictObject({
  'server-url': aUrl(/^https?:$/, 'https://market.example').optional(),
  'rpc-url': aUrl(/^https?:$/, 'https://node.example').optional(),
  escrow: anAddress.optional(),
  'first-block': whole(0, 1e15).optional(),
  area: whole(0, 0xffff_ffff).optional(),
  'key-file': aText.optional(),
  'data-folder': aText.optional(),
  'metrics-host': aText.optional(),
  'metrics-port': whole(1, 65_535).optional(),
  'poll-ms': whole(10, 600_000).optional(),
  'log-level': z.enum(logLevels).optional(),
})

/** What a watcher's file says; its keys are the options of `commonwatt watch`. What it does not say is undefined. */
export function readWatchConfig(path: string) {
  const file = readTables(path, watchSchema)
  const absolute = (name: string | undefined) =>
    name === undefined ? undefined : resolve(dirname(resolve(path)), name)
  return {
    serverUrl: file['server-url'],
    rpcUrl: file['rpc-url'],
    escrow: file.escrow,
    firstBlock: file['first-block'],
    area: file.area,
    keyFile: absolute(file['key-file']),
    dataFolder: absolute(file['data-folder']),
    metricsHost: file['metrics-host'],
    metricsPort: file['metrics-port'],
    pollMs: file['poll-ms'],
    logLevel: file['log-level'],
  }
}

function placeOf(
  { deployment, escrow, 'first-block': firstBlock = 0, accounts, revocations }: z.output<typeof escrowSchema>,
  where: string,
  folder: string,
): EscrowConfig['place'] {
  if ((deployment === undefined) === (escrow === undefined)) {
    throw new ConfigurationError('CONFIGURATION_INVALID', `${where}: name either its deployment (a file) or its escrow`)
  }
  if (escrow !== undefined) {
    return { chainId: null, escrow, firstBlock, accounts: accounts ?? null, revocations: revocations ?? null }
  }
  return { deploymentFile: resolve(folder, deployment!) }
}

function readPrivate(path: string): string {
  let mode: number
  let text: string
  try {
    mode = statSync(path).mode
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const what = code === 'ENOENT' ? 'there is no such file: "commonwatt found" makes one' : fileTrouble(cause)
    throw new ConfigurationError('CONFIGURATION_UNREADABLE', `${path}: ${what}`, { cause })
  }
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    const octal = (mode & 0o777).toString(8).padStart(4, '0')
    throw new ConfigurationError(
      'CONFIGURATION_OPEN',
      `${path} has mode ${octal}, others can read its secrets: run "chmod 600 ${path}"`,
    )
  }
  return text
}

function nameOf(place: readonly PropertyKey[]): string {
  if (place.length === 0) return 'the file'
  return place.map((part) => (typeof part === 'number' ? `${part + 1}` : String(part))).join(' ')
}

function proxiesOf(text: string, context: z.RefinementCtx): TrustedProxies {
  const proxies = parseProxies(text)
  if (typeof proxies !== 'string') return proxies
  context.addIssue({ code: 'custom', message: proxies })
  return z.NEVER
}

/** `1`, or addresses, networks and the names that express knows, with commas between them; else what is wrong with them. */
export function parseProxies(text: string): TrustedProxies | string {
  if (/^[1-9]\d?$/.test(text)) return Number(text)
  const proxies = text.split(',').map((proxy) => proxy.trim())
  const wrong = proxies.find((proxy) => !isProxy(proxy))
  if (wrong === undefined) return proxies
  return `"${wrong}" is neither a number of proxies nor an address, network or loopback`
}

function isProxy(text: string): boolean {
  const [address, length, ...rest] = text.split('/')
  const version = isIP(address!)
  if (version === 0) return /^(loopback|linklocal|uniquelocal)$/.test(text)
  if (length === undefined) return true
  return rest.length === 0 && /^\d{1,3}$/.test(length) && Number(length) <= (version === 4 ? 32 : 128)
}
