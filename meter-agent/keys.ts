/**
 * A meter's key: made on the device, kept in a file that only its owner may read, never printed or sent.
 *
 * The file holds one line, `0x` and 64 hexadecimal digits.
 */
import { randomBytes } from 'node:crypto'
import { link, open, readFile, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
// The parts of ethers that are needed, not the whole: a home gateway has little memory.
import { SigningKey } from 'ethers/crypto'
import { computeAddress } from 'ethers/transaction'
import type { EscrowDomain, TypedDataName } from '../contracts/typed-data.ts'
import { digestOf } from '../contracts/typed-data.ts'
import type { Hello, SignedReading } from '../contracts/wire.ts'
import type { BoundaryReading } from './registers/meter.ts'

export class KeyError extends Error {
  override readonly name = 'KeyError'
  readonly code: 'KEY_MISSING' | 'KEY_PERMISSIONS' | 'KEY_INVALID' | 'KEY_EXISTS' | 'KEY_UNREADABLE'
  constructor(code: KeyError['code'], message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}

/** A meter that can sign for one escrow, and for nothing else. */
export interface MeterKey {
  /** Lower-case. */
  address: string
  signReading(reading: BoundaryReading): SignedReading
  /** Opens a connection; `time` is now, in UTC seconds. */
  signHello(time: number): Hello
  signConsent(consent: { account: string; rules: string; validFrom: number }): string
  signEpochStart(epoch: { epoch: number; time: number; importWh: number; exportWh: number }): string
}

/** Makes a new key and its file (mode 0600), all or nothing. Throws `KEY_EXISTS` where there is a file already. */
export async function createKeyFile(file: string): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString('hex')}.new`
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(`0x${freshSecret()}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await link(draft, file)
    const folder = await open(dirname(file), 'r')
    await folder.sync().finally(() => folder.close())
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST')
      throw new KeyError('KEY_EXISTS', `${file} is there already: a key is never overwritten`, error)
    throw new KeyError('KEY_UNREADABLE', `cannot make the key file ${file}: ${(error as Error).message}`, error)
  } finally {
    await rm(draft, { force: true })
  }
}

/**
 * Reads a meter's key. Throws `KEY_MISSING`, `KEY_PERMISSIONS` where others than the owner may read or write it, and
 * `KEY_INVALID` where it holds no key.
 */
export async function readKeyFile(file: string, domain: EscrowDomain): Promise<MeterKey> {
  const text = await readPrivate(file)
  if (!/^0x[0-9a-f]{64}\s*$/i.test(text)) {
    throw new KeyError('KEY_INVALID', `${file} holds no key: expected one line of 0x and 64 hexadecimal digits`)
  }
  const { key, address } = signingKeyOf(file, text.trim())
  return meterKey(key, address, domain)
}

async function readPrivate(file: string): Promise<string> {
  try {
    const { mode } = await stat(file)
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, '0')
      throw new KeyError('KEY_PERMISSIONS', `${file} has mode ${octal}, others can use it: run "chmod 600 ${file}"`)
    }
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof KeyError) throw error
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new KeyError('KEY_MISSING', `there is no key file ${file}: run "commonwatt-agent enrol" to make it`, error)
    }
    throw new KeyError('KEY_UNREADABLE', `cannot read the key file ${file}: ${(error as Error).message}`, error)
  }
}

function signingKeyOf(file: string, secret: string): { key: SigningKey; address: string } {
  try {
    const key = new SigningKey(secret)
    return { key, address: computeAddress(key).toLowerCase() }
  } catch {
    throw new KeyError('KEY_INVALID', `${file} holds a number that is no key of the curve`)
  }
}

/** 32 random bytes; a number beyond the curve's order comes up about never, and `readKeyFile` would refuse it. */
function freshSecret(): string {
  return randomBytes(32).toString('hex')
}

function meterKey(key: SigningKey, meter: string, domain: EscrowDomain): MeterKey {
  const sign = <Name extends TypedDataName>(name: Name, value: Parameters<typeof digestOf<Name>>[2]): string =>
    key.sign(digestOf(domain, name, value)).compactSerialized
  return {
    address: meter,
    signReading({ epoch, time, importWh, exportWh, quality, sequence, productionWh, reasons }) {
      const signed = { meter, epoch, time, importWh, exportWh, quality }
      return { ...signed, signature: sign('Reading', signed), sequence, productionWh, reasons }
    },
    signHello: (time) => ({ meter, time, signature: sign('AgentHello', { meter, time }) }),
    signConsent: (consent) => sign('MeterConsent', { meter, ...consent }),
    signEpochStart: (epoch) => sign('EpochStart', { meter, ...epoch }),
  }
}
