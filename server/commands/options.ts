/** Options that several commands have: one name, one variable and one form each, wherever they stand. */
import { InvalidArgumentError, Option } from 'commander'
import { isDatabaseAddress } from '../configuration/database-address.ts'

/** The database; a command that takes it takes nothing else for it. */
export function databaseUrl(what = 'PostgreSQL (15 or newer)'): Option {
  return new Option('--database-url <url>', what).env('DATABASE_URL').argParser(postgresUrl).makeOptionMandatory()
}

function postgresUrl(text: string): string {
  if (!isDatabaseAddress(text)) {
    throw new InvalidArgumentError('a database looks like postgres://user:password@host:5432/name.')
  }
  return text
}

/** Where archived months lie. */
export function archiveFolder(): Option {
  return new Option('--archive-folder <folder>', 'where the files of archived months lie').env('ARCHIVE_FOLDER')
}

/** The escrow of an area that is looked for in a database, where its number alone does not say which it is. */
export function escrowOfArea(): Option {
  return new Option('--escrow <address>', 'the escrow contract, where several have an area of this number')
    .env('ESCROW')
    .argParser(addressText)
}

/** The area that `areaNumber` and `escrowOfArea` name, as the store looks for it. */
export function namedArea({ area, escrow }: { area: number; escrow?: string }): { area: number; escrow?: string } {
  return escrow === undefined ? { area } : { area, escrow: escrow.toLowerCase() }
}

/** A calendar month of the area. */
export function month(what: string): Option {
  return new Option('--month <month>', what).argParser(monthText).makeOptionMandatory()
}

function monthText(text: string): string {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(text)) throw new InvalidArgumentError('a month looks like 2026-11.')
  return text
}

/** A node of the chain. */
export function rpcUrl(what = 'JSON-RPC of a node of the chain'): Option {
  return new Option('--rpc-url <url>', what).env('RPC_URL').argParser(nodeUrl).makeOptionMandatory()
}

function nodeUrl(text: string): string {
  if (!/^https?:\/\/./.test(text) || !URL.canParse(text)) {
    throw new InvalidArgumentError('a node looks like https://node.example.')
  }
  return text
}

/** A server whose API is asked. */
export function serverUrl(what: string): Option {
  return new Option('--server-url <url>', what).env('SERVER_URL').argParser(httpUrl)
}

function httpUrl(text: string): string {
  if (!/^https?:\/\/./.test(text) || !URL.canParse(text)) {
    throw new InvalidArgumentError('a server looks like https://street.example.')
  }
  return text.replace(/\/+$/, '')
}

/** The file of a private key; `use` says what the key does. */
export function keyFile(use: string): Option {
  return new Option('--key-file <file>', `file with the private key that ${use}`).env('KEY_FILE').makeOptionMandatory()
}

/** The escrow contract's address, as text: reading it takes a library that `--help` does not need. */
export function escrowAddress(): Option {
  return new Option('--escrow <address>', 'the escrow contract')
    .env('ESCROW')
    .argParser(addressText)
    .makeOptionMandatory()
}

/** The contract that opens accounts of passkeys, as text. */
export function accountsAddress(): Option {
  return new Option('--accounts <address>', 'the contract that opens accounts of passkeys; without it none are opened')
    .env('ACCOUNTS')
    .argParser(addressText)
}

/** Where looking for the escrow's events begins. */
export function firstBlock(): Option {
  return new Option('--first-block <number>', 'block at which the escrow was deployed, to look no further back')
    .env('FIRST_BLOCK')
    .argParser(whole)
    .default(0)
}

/** The number of a market area. */
export function areaNumber(): Option {
  return new Option('--area <number>', 'the market area').env('AREA').argParser(area).makeOptionMandatory()
}

/** Where people open the page and programs the API. */
export function webPort(): Option {
  return new Option('--port <port>', 'port of page and API').env('PORT').argParser(port).default(8080)
}

/** Where Prometheus reads. */
export function metricsPort(): Option {
  return new Option('--metrics-port <port>', 'port of the metrics').env('METRICS_PORT').argParser(port)
}

/** An address as it is written: 0x and 40 hexadecimal digits; its checksum is looked at by whoever uses it. */
export function addressText(text: string): string {
  if (!/^0x[0-9a-f]{40}$/i.test(text)) throw new InvalidArgumentError('an address is 0x and 40 hexadecimal digits.')
  return text
}

/** A whole number that is not negative. */
export function whole(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('a whole number is needed.')
  return Number(text)
}

/** A port on which a server can listen. */
export function port(text: string): number {
  const number = Number(text)
  if (!/^\d{1,5}$/.test(text) || number < 1 || number > 65_535) throw new InvalidArgumentError('a port is 1 to 65535.')
  return number
}

/** A time in ISO 8601 UTC or in seconds since 1970, as such seconds; parts of a second are rounded up. */
export function time(text: string): number {
  const isIso = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text)
  const seconds = isIso ? Date.parse(text) / 1000 : /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isFinite(seconds)) throw new InvalidArgumentError('a time looks like 2026-11-01T00:00:00Z.')
  return Math.ceil(seconds)
}

function area(text: string): number {
  const number = whole(text)
  if (number > 0xffff_ffff) throw new InvalidArgumentError('an area is a number below 2³².')
  return number
}

/** What a switch says that a variable can set too: `false` in it is no. */
export function yesOrNo(text: string): boolean {
  if (/^(true|yes|1)$/i.test(text)) return true
  if (/^(false|no|0)?$/i.test(text)) return false
  throw new InvalidArgumentError('that is true or false.')
}
