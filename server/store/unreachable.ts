/** Why a database that somebody named cannot be used, in a sentence that says what to do: in our words, not the driver's. */
import postgres from 'postgres'
import { tooManyOpen } from '../../contracts/protocol/disk-fault.ts'
import { isConnectionLoss } from './database.ts'

const absent = 'nothing answers there: correct the address, or let the firewall through'
const noWay = 'there is no way to that machine: correct the address, or the network'
const noSocket = 'there is no such socket that this user may use: correct the address, or start PostgreSQL'
const brokenOff =
  'it breaks the connection off: see its log, and whether something else than PostgreSQL listens there, or one without the TLS that the address asks for'
const certificate =
  'its certificate is not trusted: name its authority’s file in NODE_EXTRA_CA_CERTS, and the host as the certificate does'
const stopping = 'it is starting up or shutting down: try again'
const failing = 'its files cannot be read or written: see its log, and the disk below it'
const others = 'it holds tables of another program: name an empty database'
const parameter = 'it does not know what stands behind the "?" of its address: correct it'
const lacks =
  'it is empty, of another release or of another program: "commonwatt serve" sets up an empty one, "commonwatt migrate" brings an older one up to date'

/** By SQLSTATE, and by the codes of sockets and of the driver, what is wrong and what a person can do. */
const remedies: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there: start PostgreSQL, or correct the address',
  ENOTFOUND: 'there is no such host: correct the address',
  EAI_AGAIN: 'the host’s name cannot be looked up: correct the address, or the name server',
  CONNECT_TIMEOUT: absent,
  ETIMEDOUT: absent,
  EHOSTUNREACH: noWay,
  ENETUNREACH: noWay,
  EMFILE: tooManyOpen,
  ENFILE: tooManyOpen,
  ECONNRESET: brokenOff,
  EPIPE: brokenOff,
  CONNECTION_CLOSED: brokenOff,
  CONNECTION_DESTROYED: brokenOff,
  CONNECTION_ENDED: brokenOff,
  DEPTH_ZERO_SELF_SIGNED_CERT: certificate,
  SELF_SIGNED_CERT_IN_CHAIN: certificate,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: certificate,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: certificate,
  CERT_HAS_EXPIRED: certificate,
  ERR_TLS_CERT_ALTNAME_INVALID: certificate,
  '22023': parameter,
  '25006': 'it can only be read, as a standby can: name the one that is written to',
  '28P01': 'it refuses the password: correct it',
  '28000': 'it refuses this user: correct the user, or pg_hba.conf',
  '3D000': 'it has no such database: make it with "createdb"',
  '42501':
    'this user may not read or make tables there: name the user that owns them, or give it the database (ALTER DATABASE … OWNER TO …)',
  '42704': parameter,
  '42P01': lacks,
  '42703': lacks,
  '42P07': others,
  '42710': others,
  '53100': 'its disk is full: make room there',
  '53200': 'it has run out of memory: give it more, or lower its work_mem and shared_buffers',
  '53300': 'all of its connections are taken: raise max_connections',
  '57014': 'it took too long over a question: try again once it has less to do',
  '57P01': stopping,
  '57P02': stopping,
  '57P03': stopping,
  '58030': failing,
  '58P01': failing,
}

/** What these say is wrong with the connection only where they end it: elsewhere they are faults of the program. */
const onlyAtTheDoor = new Set(['22023', '42704'])

/** Null where the error is of another kind. @param databaseUrl where it is, without which the sentence names no place */
export function whyUnusable(error: unknown, databaseUrl?: string): string | null {
  const remedy = remedyOf(error)
  if (remedy === null) return null
  return `the database${databaseUrl === undefined ? '' : ` at ${placeOf(databaseUrl)}`} cannot be used: ${remedy}`
}

function remedyOf(error: unknown): string | null {
  const { code, message, syscall } = error as NodeJS.ErrnoException
  if (typeof code !== 'string') return null
  const isServers = error instanceof postgres.PostgresError
  const known = Object.hasOwn(remedies, code) ? remedies[code]! : null
  if (isServers && onlyAtTheDoor.has(code)) return error.severity === 'FATAL' ? known : null
  if (known !== null) return known
  if (syscall === 'connect' && /^(EACCES|EPERM|ENOENT)$/.test(code)) return noSocket
  const isItsDoor = isConnectionLoss(error) || (isServers && error.severity === 'FATAL')
  return isItsDoor ? `it ends the connection, and says “${message || code}”: see its log` : null
}

/**
 * Whether the database is away or can do nothing for anybody now, which passes. By the class of its SQLSTATE: nobody of this name is let in
 * (28, 3D), it may only be read (25006), it lacks connections, disk or memory (53), a statement took longer than it may (57014), or its files
 * fail (58).
 */
export function isUnableNow(error: unknown): boolean {
  if (isConnectionLoss(error)) return true
  return error instanceof postgres.PostgresError && /^(28|3D|25006|53|57014|58)/.test(error.code)
}

/** Why it can do nothing for anybody now, in words of ours alone, which everybody may read; null where there are none. */
export function whyUnableNow(error: unknown): string | null {
  const { code } = error as { code?: unknown }
  if (typeof code !== 'string' || !isUnableNow(error) || !Object.hasOwn(remedies, code)) return null
  const isOfPlace = !(error instanceof postgres.PostgresError) && remedies[code] !== tooManyOpen
  return isOfPlace ? null : `the database cannot be used: ${remedies[code]}`
}

/** An address without the user and password in it. */
export function placeOf(url: string): string {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
}
