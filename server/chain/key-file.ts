/** A private key as it lies in a file: hexadecimal digits, alone, and nobody but its owner may read or write the file. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { Wallet } from 'ethers'
import { ChainError } from './error.ts'

/**
 * Throws `ChainError`: `CHAIN_KEY_OPEN` where others than the owner can use the file, `CHAIN_KEY_FILE` where it cannot be read or
 * holds no key. Neither ever shows what the file holds.
 */
export function readWalletFile(path: string): Wallet {
  let text: string
  try {
    const { mode } = statSync(path)
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, '0')
      throw new ChainError('CHAIN_KEY_OPEN', `${path} has mode ${octal}, others can use it: run "chmod 600 ${path}"`)
    }
    text = readFileSync(path, 'utf8').trim()
  } catch (cause) {
    if (cause instanceof ChainError) throw cause
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    const message = isMissing
      ? `there is no key file ${path}: run "commonwatt key new ${path}" to make one`
      : `${path}: ${(cause as Error).message}`
    throw new ChainError('CHAIN_KEY_FILE', message, { cause })
  }
  try {
    return new Wallet(text)
  } catch {
    // The cause is not kept: it would show a mistyped key to whoever reads the log.
    throw new ChainError('CHAIN_KEY_FILE', `${path}: it holds no private key (0x and 64 hexadecimal digits)`)
  }
}

/** Makes a new key in a file of its own (mode 0600) and gives its wallet. Throws `CHAIN_KEY_FILE` where there is a file already. */
export function makeWalletFile(path: string): Wallet {
  const wallet = new Wallet(Wallet.createRandom().privateKey)
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const file = openSync(path, 'wx', 0o600)
    try {
      writeSync(file, `${wallet.privateKey}\n`)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === 'EEXIST'
    const message = isThere
      ? `${path} is there already: a key is never overwritten`
      : `cannot make the key file ${path}: ${(cause as Error).message}`
    throw new ChainError('CHAIN_KEY_FILE', message, { cause })
  }
  return wallet
}

/** The wallet of a key file, which is made where it is not there yet. */
export function walletOfFile(path: string): Wallet {
  return existsSync(path) ? readWalletFile(path) : makeWalletFile(path)
}
