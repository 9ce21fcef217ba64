/**
 * A meter's key: made on the device, kept in a file that only its owner may read, never printed or sent.
 *
 * The file holds one line, `0x` and 64 hexadecimal digits. A meter is named by its first key's address for ever, so the
 * file of a key that followed has a second line, `meter` and that address.
 */

import { randomBytes } from 'node:crypto'
import { link, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
// The parts of ethers that are needed, not the whole: a home gateway has little memory.
import { SigningKey } from 'ethers/crypto'
import { computeAddress } from 'ethers/transaction'
import { CodedError } from '../../contracts/protocol/error.ts'
import type {
  EpochStart,
  EscrowDomain,
  MeterConsent,
  RotateKey,
  TypedDataName,
} from '../../contracts/protocol/typed-data.ts'
import { digestOf } from '../../contracts/protocol/typed-data.ts'
import type { Hello, SignedReading } from '../../contracts/protocol/wire.ts'
import { readPrivateFile } from '../setup/private-file.ts'

export class KeyError extends CodedError<
  'KEY_MISSING' | 'KEY_PERMISSIONS' | 'KEY_INVALID' | 'KEY_EXISTS' | 'KEY_UNREADABLE'
> {
  override readonly name = 'KeyError'
  constructor(code: KeyError['code'], message: string, cause?: unknown) {
    super(code, message, { cause })
  }
}

/** What signs a meter's readings and announces it. */
export interface MeterSigner {
  /** The meter's name. Lower-case. */
  address: string
  signReading(reading: Omit<SignedReading, 'meter' | 'signature'>): SignedReading
  /** Opens a connection; `time` is now, in UTC seconds. */
  signHello(time: number): Hello
}

/** One key of a meter: it can sign for one escrow, and for nothing else. */
export interface MeterKey extends MeterSigner {
  /** Its own address; the meter's name where it is the first. Lower-case. */
  key: string
  signConsent(consent: Omit<MeterConsent, 'meter'>): string
  signEpochStart(epoch: EpochStart): string
  signRotation(rotation: RotateKey): string
}

/**
 * Makes a new key and its file (mode 0600), all or nothing; `meter` names the one it will follow in, by default it is a new
 * meter's first. Throws `KEY_EXISTS` where there is a file already.
 */
export async function createKeyFile(file: string, meter?: string): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString('hex')}.new`
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(`0x${freshSecret()}\n${meter === undefined ? '' : `meter ${meter}\n`}`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await link(draft, file)
    await syncFolder(dirname(file))
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
  const [, secret, meter] = /^(0x[0-9a-f]{64})(?:\nmeter (0x[0-9a-f]{40}))?\s*$/i.exec(text) ?? []
  if (secret === undefined) {
    throw new KeyError('KEY_INVALID', `${file} holds no key: expected one line of 0x and 64 hexadecimal digits`)
  }
  const { key, address } = signingKeyOf(file, secret)
  return meterKey(key, { key: address, meter: meter?.toLowerCase() ?? address }, domain)
}

/** Puts the file of a key that followed in the former key's place, which is gone then: one or the other, at any instant. */
export async function replaceKeyFile(file: string, nextFile: string): Promise<void> {
  try {
    await rename(nextFile, file)
    await syncFolder(dirname(file))
  } catch (error) {
    throw new KeyError(
      'KEY_UNREADABLE',
      `cannot put ${nextFile} in the place of ${file}: ${(error as Error).message}`,
      error,
    )
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  await folder.sync().finally(() => folder.close())
}

const keyErrors = { permissions: 'KEY_PERMISSIONS', unreadable: 'KEY_UNREADABLE' } as const

async function readPrivate(file: string): Promise<string> {
  const read = await readPrivateFile(file)
  if ('text' in read) return read.text
  const { kind, message, cause } = read.problem
  if (kind === 'missing') {
    throw new KeyError('KEY_MISSING', `there is no key file ${file}: run "commonwatt-agent enrol" to make it`, cause)
  }
  throw new KeyError(keyErrors[kind], message, cause)
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

function meterKey(
  key: SigningKey,
  { key: address, meter }: { key: string; meter: string },
  domain: EscrowDomain,
): MeterKey {
  const sign = <Name extends TypedDataName>(name: Name, value: Parameters<typeof digestOf<Name>>[2]): string =>
    key.sign(digestOf(domain, name, value)).compactSerialized
  return {
    address: meter,
    key: address,
    signReading({ epoch, time, importWh, exportWh, quality, sequence, productionWh, reasons }) {
      const signed = { meter, epoch, time, importWh, exportWh, quality }
      return { ...signed, signature: sign('Reading', signed), sequence, productionWh, reasons }
    },
    signHello: (time) => ({ meter, time, signature: sign('AgentHello', { meter, time }) }),
    signConsent: (consent) => sign('MeterConsent', { meter, ...consent }),
    signEpochStart: (epoch) => sign('EpochStart', epoch),
    signRotation: (rotation) => sign('RotateKey', rotation),
  }
}
