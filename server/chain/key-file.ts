/** A private key as it lies in a file: hexadecimal digits, alone. */
import { readFileSync } from 'node:fs'
import { Wallet } from 'ethers'
import { ChainError } from './error.ts'

/** Throws `ChainError` `CHAIN_KEY_FILE`, which never shows what the file holds. */
export function readWalletFile(path: string): Wallet {
  let text: string
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw new ChainError('CHAIN_KEY_FILE', `${path}: ${(cause as Error).message}`, { cause })
  }
  try {
    return new Wallet(text)
  } catch {
    // The cause is not kept: it would show a mistyped key to whoever reads the log.
    throw new ChainError('CHAIN_KEY_FILE', `${path}: it holds no private key (0x and 64 hexadecimal digits)`)
  }
}
